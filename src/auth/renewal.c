/* SPDX-License-Identifier: MIT */
/*
 * When keys are fetched: see renewal.h.  Auth thread.
 */
#include "config.h"

#include "auth/renewal.h"

#include <errno.h>

#include "util/date.h"
#include "util/log.h"

#define AHEAD_MAX_MS (15 * MINUTE_MS)
#define LIFE_MAX_S INT64_C(1000000000) /* thirty years are enough */
#define LEFT_MIN_MS                                                            \
	250 /* who gives keys of a second is not asked all the time */
#define WAIT_FIRST_MS 1000
#define WAIT_MAX_MS MINUTE_MS
#define WAIT_MAX_WITHOUT_MS (8 * 1000) /* somebody is refused meanwhile */

/* From three to five quarters of it. */
static int64_t
jitter(struct renewal *r, int64_t ms)
{
	if (!r->seed)
		r->seed = (unsigned)(date_now() ^ date_mono_ms()) | 1;
	return ms - ms / 4 + rand_r(&r->seed) % (ms / 2 + 1);
}

static int64_t
doubled(int64_t ms, unsigned times, int64_t max)
{
	for (; times > 0 && ms < max; times--)
		ms *= 2;
	return ms < max ? ms : max;
}

static bool
has_valid_keys(const struct renewal *r)
{
	return r->keys && !keys_have_expired(r->keys);
}

/* A refusal may have other reasons than the keys: the next fetch for one comes later. */
static void
take(struct renewal *r, struct keys *found, bool is_anew)
{
	int64_t now = date_mono_ms();
	int64_t left_s = found->expires_at - date_now();
	/* it may be any moment of this second */
	int64_t left = (left_s < LIFE_MAX_S ? left_s - 1 : LIFE_MAX_S) * 1000;
	int64_t ahead = left / 4 < AHEAD_MAX_MS ? left / 4 : AHEAD_MAX_MS;

	keys_unref(r->keys);
	r->keys = found;
	r->n_failed = 0;
	r->n_anew = is_anew ? r->n_anew + 1 : 0;
	r->not_before_ms = now + doubled(WAIT_FIRST_MS, r->n_anew, WAIT_MAX_MS);
	left -= jitter(r, ahead);
	r->due_ms = 0;
	if (found->expires_at)
		r->due_ms = now + (left > LEFT_MIN_MS ? left : LEFT_MIN_MS);
}

static void
put_off(struct renewal *r)
{
	int64_t max = has_valid_keys(r) ? WAIT_MAX_MS : WAIT_MAX_WITHOUT_MS;
	int64_t wait = jitter(r, doubled(WAIT_FIRST_MS, r->n_failed, max));

	r->n_failed++;
	r->not_before_ms = r->due_ms = date_mono_ms() + wait;
}

static bool
wants_fetch(const struct renewal *r, enum must_look must_look)
{
	int64_t now = date_mono_ms();

	if (!has_valid_keys(r))
		return must_look || r->keys || now >= r->not_before_ms;
	if (must_look == LOOK_TOLD)
		return true;
	if (must_look && now >= r->not_before_ms)
		return true;
	return r->due_ms && now >= r->due_ms;
}

static int
answer(struct renewal *r, struct keys **found, struct err *err)
{
	if (!has_valid_keys(r))
		return err_copy(err, &r->err);
	*found = keys_ref(r->keys);
	return 0;
}

/* By the clock here, which may be the wrong one. */
static int
check_fetched(const struct keys *k, struct err *err)
{
	char then[DATE_ISO_LEN], now[DATE_ISO_LEN];

	if (!keys_have_expired(k))
		return 0;
	date_print_iso(k->expires_at, then);
	date_print_iso(date_now(), now);
	return err_set(err, EACCES,
		       "%s: its keys have expired at %s, and here it is %s",
		       k->source, then, now);
}

int
renewal_ask(struct renewal *r, enum must_look must_look,
	    renewal_fetch_fn *fetch, void *source, struct keys **found,
	    struct err *err)
{
	struct keys *fetched = NULL;

	if (!wants_fetch(r, must_look))
		return answer(r, found, err);
	r->err = (struct err)ERR_INIT;
	if (fetch(source, &fetched, &r->err) == 0 &&
	    check_fetched(fetched, &r->err) == 0) {
		take(r, fetched, must_look == LOOK_REFUSED);
		return answer(r, found, err);
	}
	keys_unref(fetched);
	put_off(r);
	if (!has_valid_keys(r))
		keys_unref(steal(&r->keys));
	else if (r->n_failed == 1)
		log_warn("%s; the keys from before go on until they expire",
			 r->err.msg);
	return answer(r, found, err);
}

void
renewal_clear(struct renewal *r)
{
	keys_unref(r->keys);
	*r = (struct renewal){ .seed = r->seed };
}
