/* SPDX-License-Identifier: MIT */
/*
 * Regions, clocks and keys that are not what was assumed: see correction.h.  Net
 * thread only.  Knows no requests.
 *
 * Source: Amazon S3 API Reference, "Error responses" (PermanentRedirect,
 * TemporaryRedirect, AuthorizationHeaderMalformed, RequestTimeTooSkewed,
 * ExpiredToken, InvalidToken, TokenRefreshRequired).
 */
#include "config.h"

#include "s3/correction.h"

#define uthash_fatal(msg) die_no_memory()
#include <uthash.h>
#include <utlist.h>

#include "util/date.h"
#include "util/log.h"

/* Stores accept 15 minutes at most; less is no reason for a refusal. */
#define SKEW_S (5 * 60)
/* AWS has about forty; a store that names more makes them up. */
#define REGIONS_MAX 256

/* One for each region that was named; never freed before the store's. */
struct bucket_region {
	struct endpoint *endpoint;
	struct bucket_region *next;
};

struct known_bucket {
	const struct endpoint *endpoint; /* home, too, if it was seen to work */
	bool is_hearsay; /* of a list, and nothing has come of it yet */
	UT_hash_handle hh;
	char name[]; /* "": the service */
};

struct corrections {
	const struct endpoint *home;
	struct bucket_region *regions;
	unsigned n_regions;
	struct known_bucket *moved;
	int64_t clock_s;
};

struct corrections *
corrections_new(const struct endpoint *home)
{
	struct corrections *all = xnew(struct corrections);

	all->home = home;
	return all;
}

void
corrections_free(struct corrections *all)
{
	struct known_bucket *b, *next_bucket;
	struct bucket_region *p, *next;

	if (!all)
		return;
	HASH_ITER (hh, all->moved, b, next_bucket) {
		HASH_DEL(all->moved, b);
		free(b);
	}
	LL_FOREACH_SAFE (all->regions, p, next) {
		endpoint_free(p->endpoint);
		free(p);
	}
	free(all);
}

static struct known_bucket *
find(const struct corrections *all, const char *bucket)
{
	struct known_bucket *found;

	HASH_FIND_STR(all->moved, bucket ? bucket : "", found);
	return found;
}

void
correction_init(struct correction *c, const struct corrections *all,
		const char *bucket)
{
	const struct known_bucket *moved = find(all, bucket);

	*c = (struct correction){
		.endpoint = moved ? moved->endpoint : all->home,
		.is_hearsay = moved && moved->is_hearsay,
		.clock_s = all->clock_s,
	};
}

/* --- regions --- */

/* The endpoint in `region`; NULL: there can be none. */
static const struct endpoint *
endpoint_of(struct corrections *all, const char *region)
{
	struct endpoint *made;
	struct bucket_region *p;

	if (strcmp(endpoint_region(all->home), region) == 0)
		return all->home;
	LL_FOREACH (all->regions, p) {
		if (strcmp(endpoint_region(p->endpoint), region) == 0)
			return p->endpoint;
	}
	if (all->n_regions == REGIONS_MAX ||
	    endpoint_new_in_region(&made, all->home, region, NULL) != 0)
		return NULL;
	p = xnew(struct bucket_region);
	p->endpoint = made;
	LL_PREPEND(all->regions, p);
	all->n_regions++;
	return made;
}

static struct known_bucket *
add(struct corrections *all, const char *name, const struct endpoint *endpoint)
{
	struct known_bucket *moved = xmalloc(sizeof(*moved) + strlen(name) + 1);

	moved->endpoint = endpoint;
	moved->is_hearsay = false;
	memcpy(moved->name, name, strlen(name) + 1);
	HASH_ADD_STR(all->moved, name, moved);
	return moved;
}

void
corrections_learn(struct corrections *all, const char *bucket,
		  const char *region)
{
	const struct endpoint *there = endpoint_of(all, region);

	/* what was seen to work is known better; what fails is forgotten */
	if (!there || there == all->home || find(all, bucket))
		return;
	add(all, bucket, there)->is_hearsay = !endpoint_is_aws(all->home);
}

/* 400: the signature was for the wrong region. */
static bool
is_redirection(int status)
{
	return status == 301 || status == 302 || status == 307 ||
	       status == 308 || status == 400;
}

bool
correction_lacks_region(const struct correction *c, const struct refusal *r)
{
	if (c->was_moved || r->region[0] || !is_redirection(r->status))
		return false;
	return r->status != 400 ||
	       strcmp(r->code, "AuthorizationHeaderMalformed") == 0 ||
	       strcmp(r->code, "IllegalLocationConstraintException") == 0;
}

/* Refused where a list has said that it is, and not for being elsewhere. */
static bool
go_home(struct correction *c, const struct corrections *all,
	const struct refusal *r)
{
	if (!c->is_hearsay || (r->status != 400 && r->status != 403))
		return false;
	c->is_hearsay = false;
	c->endpoint = all->home;
	return true;
}

static bool
apply_region(struct correction *c, struct corrections *all,
	     const struct refusal *r)
{
	const struct endpoint *there;

	if (!is_redirection(r->status) || !r->region[0])
		return false;
	there = endpoint_of(all, r->region);
	if (!there)
		return false;
	/* a 400 may have other reasons where the region is the right one */
	c->is_loop = c->was_moved && (there != c->endpoint || r->status != 400);
	if (c->was_moved || there == c->endpoint)
		return false;
	c->endpoint = there;
	c->was_moved = true;
	c->is_hearsay = false;
	return true;
}

static void
keep_region(const struct correction *c, struct corrections *all,
	    const char *bucket, bool has_worked)
{
	struct known_bucket *moved = find(all, bucket);
	const char *name = bucket ? bucket : "";

	/* what fails elsewhere says nothing about what is remembered */
	if (!has_worked && (!moved || moved->endpoint != c->endpoint))
		return;
	if (moved && !has_worked) {
		HASH_DEL(all->moved, moved);
		free(moved);
	} else { /* at home, too: a list may say otherwise */
		if (!moved)
			moved = add(all, name, all->home);
		if (moved->endpoint != c->endpoint)
			log_info("bucket=%s: in region %s", name,
				 endpoint_region(c->endpoint));
		moved->endpoint = c->endpoint;
		moved->is_hearsay = false;
	}
}

/* --- clocks --- */

/*
 * A HEAD that was refused has no code: a date that is far off will be the
 * reason, and if it was not, a second refusal says so.
 */
static bool
apply_clock(struct correction *c, const struct refusal *r)
{
	bool is_skew = strcmp(r->code, "RequestTimeTooSkewed") == 0;
	int64_t when;

	if (c->was_clock_set || (!is_skew && !(r->is_head && r->status == 403)))
		return false;
	if (!date_parse_http(r->date, &when) ||
	    llabs(when - c->sent_at) <= SKEW_S)
		return false;
	c->clock_s = when - date_now();
	c->was_clock_set = true;
	return true;
}

/* A difference of seconds is that of two requests, and no news. */
static void
keep_clock(const struct correction *c, struct corrections *all)
{
	if (!c->was_clock_set || llabs(c->clock_s - all->clock_s) <= SKEW_S)
		return;
	all->clock_s = c->clock_s;
	if (llabs(c->clock_s) <= SKEW_S)
		log_warn("the clock here is right again");
	else
		log_warn("the clock here is %lld s %s that of the store, whose "
			 "time requests are signed with from now on",
			 (long long)llabs(c->clock_s),
			 c->clock_s > 0 ? "behind" : "ahead of");
}

/* --- keys --- */

/* Of keys that are no longer the right ones, not of rights or of the signature. */
static const char *const codes_of_keys[] = {
	"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired",
	"InvalidToken", "InvalidTokenId",	 "InvalidAccessKeyId",
};

bool
correction_lacks_keys(const struct correction *c, const struct refusal *r)
{
	if (c->was_renewed)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(codes_of_keys); i++)
		if (strcmp(r->code, codes_of_keys[i]) == 0)
			return true;
	/* a HEAD has no code: this is Amazon's answer to an expired token */
	if (r->is_head && r->status == 400)
		return true;
	/* and this is Ceph's, to whatever is asked: AccessDenied */
	return r->has_token && (r->status == 401 || r->status == 403);
}

/* --- all --- */

bool
correction_apply(struct correction *c, struct corrections *all,
		 const struct refusal *r)
{
	return apply_region(c, all, r) || apply_clock(c, r) ||
	       go_home(c, all, r);
}

void
correction_keep(const struct correction *c, struct corrections *all,
		const char *bucket, bool has_worked)
{
	keep_region(c, all, bucket, has_worked);
	if (has_worked)
		keep_clock(c, all);
}
