/* SPDX-License-Identifier: MIT */
/*
 * A range of keys, page after page: see lister.h.  Net thread only.
 *
 * Source of the protocol: Amazon S3 API Reference, "ListObjectsV2".
 */
#include "config.h"

#include "list/lister.h"

#include <errno.h>

#define uthash_fatal(msg) die_no_memory()
#include <uthash.h>
#include <utlist.h>

#include "list/start-after.h"
#include "util/date.h"
#include "util/hash.h"
#include "util/log.h"

/* Truncated pages without an object, in a row, before it counts as a loop. */
#define EMPTY_PAGES_MAX 1000

/* The first or last key of a page: without order, they tell what comes again. */
struct seen {
	uint64_t hash;
	UT_hash_handle hh;
};

struct lister {
	struct lister_options o;
	char *bucket, *until;
	struct list_call *call; /* NULL while nothing is asked for */
	struct list_page page; /* what the owner sees of the call's */
	char *token; /* that the next page follows; NULL: none */
	char *start_after; /* instead of a token; NULL: none */
	char *last_key; /* of all pages so far; NULL: none yet */
	size_t last_key_len;
	unsigned empty_pages;
	struct seen *seen;
	bool is_without_metadata; /* without metadata, since the store failed with it */
	bool was_refused; /* it refused the question */
	bool is_stopped; /* nothing more is asked for */
};

void
list_shared_rest(struct list_shared *s)
{
	list_parsers_rest(&s->parsers);
}

void
list_shared_clear(struct list_shared *s)
{
	list_parsers_clear(&s->parsers);
}

/* --- the range --- */

struct lister *
lister_new(const struct lister_options *o)
{
	struct lister *l = xnew(struct lister);

	l->o = *o;
	l->bucket = xstrdup(o->bucket);
	l->start_after = xstrdup_or_null(o->after);
	l->until = o->until ? xstrndup(o->until, o->until_len) : NULL;
	return l;
}

void
lister_free(struct lister *l)
{
	struct seen *s, *next;

	if (!l)
		return;
	HASH_ITER (hh, l->seen, s, next) {
		HASH_DEL(l->seen, s);
		free(s);
	}
	free(l->bucket);
	free(l->until);
	free(l->token);
	free(l->start_after);
	free(l->last_key);
	free(l);
}

const char *
lister_last_key(const struct lister *l, size_t *len)
{
	*len = l->last_key_len;
	return l->last_key;
}

const char *
lister_until(const struct lister *l, size_t *len)
{
	*len = l->o.until_len;
	return l->until;
}

void
lister_lower_until(struct lister *l, const char *until, size_t len)
{
	free(l->until);
	l->until = xstrndup(until, len);
	l->o.until_len = len;
}

/* --- an answer --- */

/* Keys ascend, within the page and from what was before it. */
static int
check_order(struct lister *l, struct lister_answer *a, struct err *err)
{
	const struct object *first = l->page.objects;
	bool is_start = !l->last_key && l->start_after;
	const char *before = is_start ? l->start_after : l->last_key;
	size_t before_len = is_start ? strlen(before) : l->last_key_len;

	if (before &&
	    key_compare(before, before_len, first->key, first->key_len) >= 0) {
		a->fault = is_start ? LISTER_START_IGNORED : LISTER_DISORDER;
		return err_set(err, EIO, "listing out of order: %.*s after %s",
			       (int)first->key_len, first->key, before);
	}
	if (!l->page.is_ordered) {
		a->fault = LISTER_DISORDER;
		return err_set(err, EIO, "listing out of order after %.*s",
			       (int)first->key_len, first->key);
	}
	return 0;
}

static struct seen *
find_seen(const struct lister *l, const struct object *o)
{
	uint64_t hash = fnv1a(o->key, o->key_len);
	struct seen *s;

	HASH_FIND(hh, l->seen, &hash, sizeof(hash), s);
	return s;
}

static void
remember_seen(struct lister *l, const struct object *o)
{
	struct seen *s;

	if (find_seen(l, o))
		return; /* the only key of its page */
	s = xnew(struct seen);
	s->hash = fnv1a(o->key, o->key_len);
	HASH_ADD(hh, l->seen, hash, sizeof(s->hash), s);
}

/*
 * Without order, nothing must count twice either: not a page that comes again,
 * nor one that begins in the midst of another, which shows sooner or later the
 * first or the last key of that one.
 */
static int
check_new(struct lister *l, struct err *err)
{
	const struct object *o = l->page.objects;
	size_t n = l->page.n_objects;

	for (size_t i = 0; i < n; i++)
		if (find_seen(l, &o[i]))
			return err_set(err, EIO,
				       "a page of the listing came twice, "
				       "or a part of it: %.*s",
				       (int)o[i].key_len, o[i].key);
	remember_seen(l, &o[0]);
	remember_seen(l, &o[n - 1]);
	return 0;
}

static int
check_page(struct lister *l, struct lister_answer *a, struct err *err)
{
	const struct list_page *page = &l->page;

	if (page->n_objects == 0) {
		if (page->is_truncated && ++l->empty_pages > EMPTY_PAGES_MAX)
			return err_set(err, EIO,
				       "%u empty pages, and more to follow",
				       l->empty_pages);
		return 0;
	}
	l->empty_pages = 0;
	a->first = page->objects;
	return l->o.is_unordered ? check_new(l, err) : check_order(l, a, err);
}

/* Objects behind the range are another's.  Returns whether it is complete. */
static bool
cut_page(struct lister *l, struct lister_answer *a)
{
	struct list_page *page = &l->page;
	size_t low = 0, high = page->n_objects;
	int c = 0;

	while (l->until && low < high) { /* the first one behind the range */
		size_t i = low + (high - low) / 2;
		const struct object *o = &page->objects[i];

		c = key_compare(o->key, o->key_len, l->until, l->o.until_len);
		if (c > 0)
			high = i;
		else
			low = i + 1;
	}
	if (high < page->n_objects)
		a->beyond = &page->objects[high];
	page->n_objects = high;
	if (a->beyond || !page->is_truncated)
		return true;
	/* nothing can be between a boundary and itself */
	return l->until && high > 0 &&
	       key_compare(page->objects[high - 1].key,
			   page->objects[high - 1].key_len, l->until,
			   l->o.until_len) == 0;
}

/* --- where the next page begins --- */

typedef bool key_is_fn(const char *key, size_t len);

/* The number of objects up to the last one whose key is so; 0: none is. */
static size_t
count_up_to(const struct list_page *page, key_is_fn *is_so)
{
	size_t n = page->n_objects;

	while (n > 0 &&
	       !is_so(page->objects[n - 1].key, page->objects[n - 1].key_len))
		n--;
	return n;
}

/*
 * The page ended with a token that can't be read: go on after a key.  The last
 * one that is plain is the best, since stores echo start-after in the next
 * answer as raw as the token; the objects behind it are dropped and come again.
 */
static int
set_start_after(struct lister *l, struct err *err)
{
	struct list_page *page = &l->page;
	size_t n = count_up_to(page, start_after_is_plain);

	if (n == 0)
		n = count_up_to(page, start_after_is_possible);
	if (n == 0 || l->o.is_unordered)
		return err_set(err, EIO,
			       "continuation token can't be read, "
			       "and there is no key to go on after");
	page->n_objects = n;
	free(l->start_after);
	l->start_after = xstrndup(page->objects[n - 1].key,
				  page->objects[n - 1].key_len);
	return 0;
}

static int
set_position(struct lister *l, struct err *err)
{
	char *before CLEANUP_FREE = steal(&l->token);
	const struct list_page *page = &l->page;

	if (page->is_token_unreadable)
		return set_start_after(l, err);
	if (before && strcmp(before, page->next_token) == 0)
		return err_set(err, EIO, "continuation token repeated");
	l->token = xstrdup(page->next_token);
	return 0;
}

static void
remember_last_key(struct lister *l)
{
	const struct object *last;

	if (l->page.n_objects == 0)
		return;
	last = &l->page.objects[l->page.n_objects - 1];
	free(l->last_key);
	l->last_key = xstrndup(last->key, last->key_len);
	l->last_key_len = last->key_len;
}

/* --- requests --- */

static void on_done(void *arg, struct list_call *c,
		    const struct s3_answer *answer);

void
lister_next(struct lister *l)
{
	bool asks_metadata = l->o.wanted && l->o.wanted->n > 0 &&
			     !l->o.wanted->is_over && !l->is_without_metadata &&
			     list_metadata_should_ask(&l->o.shared->metadata,
						      date_mono_ms());

	l->call = list_call_start(&(struct list_call_options){
		.s3 = l->o.s3,
		.parsers = &l->o.shared->parsers,
		.bucket = l->bucket,
		.token = l->token,
		.start_after = l->start_after,
		.wanted = asks_metadata ? l->o.wanted : NULL,
		.traffic = l->o.traffic,
		.on_done = on_done,
		.arg = l,
	});
}

void
lister_stop(struct lister *l)
{
	l->is_stopped = true;
	if (l->call)
		list_call_cancel(l->call);
}

/* --- how a page ended --- */

/* The page that failed is asked for again, without metadata. */
static bool
goes_without_metadata(struct lister *l, struct list_call *c,
		      const struct s3_answer *answer)
{
	if (l->is_stopped || !list_call_has_asked_metadata(c) ||
	    answer->err.code == 0 || list_call_was_contradictory(c) ||
	    !list_metadata_is_to_blame(answer))
		return false;
	log_debug("bucket=%s: a page is asked for without metadata: %s",
		  l->bucket, answer->err.msg);
	l->is_without_metadata = true;
	l->was_refused = s3_is_refusal(answer);
	lister_next(l);
	return true;
}

/* The first page is asked for by start-after, as the owner wished. */
static bool
begins_range(const struct lister *l)
{
	return l->start_after && !l->token && !l->last_key;
}

static void
take_page(struct lister *l, struct list_call *c, struct lister_answer *a,
	  struct err *err)
{
	l->page = *list_call_page(c);
	if (l->was_refused)
		list_metadata_refuse(&l->o.shared->metadata, date_mono_ms());
	else if (list_call_has_asked_metadata(c) || l->is_without_metadata)
		list_metadata_observe(&l->o.shared->metadata, &l->page);
	l->is_without_metadata = l->was_refused = false;
	check_page(l, a, err);
	if (err->code == 0)
		a->is_last = cut_page(l, a);
	if (err->code == 0 && !a->is_last)
		set_position(l, err);
	if (err->code) {
		err_wrap(err, "LIST %s", l->bucket);
		return;
	}
	remember_last_key(l);
	a->page = &l->page;
}

static void
on_done(void *arg, struct list_call *c, const struct s3_answer *answer)
{
	struct lister *l = arg;
	struct lister_answer a = { .fault = LISTER_NO_FAULT };
	struct err err = answer->err;

	l->call = NULL;
	if (goes_without_metadata(l, c, answer)) {
		list_call_free(c);
		return;
	}
	if (err.code == 0)
		take_page(l, c, &a, &err);
	else if (begins_range(l) && s3_is_refusal(answer))
		a.fault = LISTER_START_REFUSED;
	if (err.code)
		a.err = &err;
	l->o.on_page(l->o.arg, &a);
	/* unless a page is asked for, the owner may have freed the lister */
	list_call_free(c);
}
