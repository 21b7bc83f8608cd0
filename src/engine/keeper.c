/* SPDX-License-Identifier: MIT */
/*
 * Buckets that are kept fresh: see keeper.h.  Net thread only.
 */
#include "config.h"

#include "engine/keeper.h"

#include <errno.h>

#include <utlist.h>

#include "s3/s3-bucket.h"
#include "util/date.h"
#include "util/log.h"

#define LIST_EVERY 12 /* times, whatever HeadBucket says */
#define JITTER_PART 10
#define PROMPT_RETRY_MS 30000

struct kept;

struct reader {
	struct waiter w;
	struct kept *kept;
};

/* A bucket. */
struct kept {
	struct keeper *keeper;
	struct bucket *bucket;
	struct reader readers[N_MODES];
	unsigned n_reading;
	bool has_failed; /* this round, in some mode */
	struct s3_call *head; /* NULL: none */
	bool is_mute; /* its HEADs do not tell */
	/* before this LIST, and the last one that succeeded: */
	bool is_told, was_told;
	struct bucket_usage usage, last_usage;
	unsigned n_skipped; /* rounds since then */
	struct timer next, head_limit;
	struct kept *list_next;
};

struct keeper {
	struct keeper_options o;
	struct kept *kept;
	struct waiter names; /* which there are */
	size_t n_questions; /* about single buckets, under way */
	bool was_unanswered; /* one of them: nobody knows */
	struct timer census;
	unsigned n_heads; /* under way */
	unsigned seed; /* of the jitter: needs no secrecy */
	bool is_stopped;
};

/* 0 to a tenth of the interval. */
static int64_t
jitter_ms(struct keeper *k)
{
	return rand_r(&k->seed) % (k->o.limits->interval_ms / JITTER_PART + 1);
}

/* Of what is new. */
static int64_t
first_ms(struct keeper *k)
{
	return k->o.is_prompt ? 0 : jitter_ms(k);
}

static int64_t
next_ms(struct keeper *k)
{
	return k->o.limits->interval_ms + jitter_ms(k) - jitter_ms(k);
}

/* A program that serves nothing else does not wait so long for a store to come back. */
static int64_t
again_ms(struct keeper *k, bool has_failed)
{
	int64_t next = next_ms(k);

	return has_failed && k->o.is_prompt && next > PROMPT_RETRY_MS
		       ? PROMPT_RETRY_MS
		       : next;
}

/* --- a round --- */

static void
finish_round(struct kept *b)
{
	struct keeper *k = b->keeper;

	if (k->is_stopped)
		return;
	b->was_told = b->is_told && !b->has_failed;
	b->last_usage = b->usage;
	b->n_skipped = 0;
	timer_arm(k->o.timers, &b->next, again_ms(k, b->has_failed));
}

static void
on_read(struct waiter *w, struct result *r, const struct err *err)
{
	struct kept *b = CONTAINER_OF(w, struct reader, w)->kept;

	(void)r;
	if (err->code)
		b->has_failed = true;
	if (--b->n_reading == 0)
		finish_round(b);
}

static void
begin_round(struct kept *b)
{
	const struct keeper_options *o = &b->keeper->o;

	b->has_failed = false;
	b->n_reading = (unsigned)__builtin_popcount(o->modes);
	for (int mode = 0; mode < N_MODES; mode++) {
		if (!(o->modes & 1u << mode))
			continue;
		b->readers[mode] = (struct reader){
			.w = { .kind = WAIT_FOR_STATS,
			       .on_done = on_read,
			       .is_background = true,
			       .stats = { b->bucket, (enum mode)mode } },
			.kept = b,
		};
		o->post(o->arg, &b->readers[mode].w);
	}
}

/* --- whether there has to be one --- */

/* A refresh is owed, or ttl has run out. */
static bool
is_owed(const struct kept *b, enum mode mode)
{
	struct result *r CLEANUP(result_release) =
		published_result(&b->bucket->published, mode);

	return atomic_load(&b->bucket->marked[mode]) !=
		       atomic_load(&b->bucket->done[mode]) ||
	       !r || result_is_older(r, b->keeper->o.limits->ttl_ms);
}

static bool
may_skip(const struct kept *b)
{
	if (!b->is_told || !b->was_told || b->n_skipped + 1 >= LIST_EVERY ||
	    b->usage.n_objects != b->last_usage.n_objects ||
	    b->usage.n_bytes != b->last_usage.n_bytes)
		return false;
	for (int mode = 0; mode < N_MODES; mode++)
		if (b->keeper->o.modes & 1u << mode &&
		    is_owed(b, (enum mode)mode))
			return false;
	return true;
}

static void
on_head(void *arg, const struct s3_answer *answer)
{
	struct kept *b = arg;
	struct keeper *k = b->keeper;

	b->head = NULL;
	k->n_heads--;
	timer_disarm(k->o.timers, &b->head_limit);
	if (k->is_stopped)
		return;
	b->is_told = bucket_usage_read(answer, &b->usage);
	b->is_mute = answer->err.code == 0 && !b->is_told;
	if (!may_skip(b)) {
		begin_round(b); /* it tells what is wrong, if anything is */
		return;
	}
	b->n_skipped++;
	log_debug("bucket=%s: as many objects and bytes as before, not listed",
		  b->bucket->name);
	timer_arm(k->o.timers, &b->next, next_ms(k));
}

static void
on_head_limit(void *arg)
{
	struct kept *b = arg;

	s3_cancel(b->head);
}

static bool
is_there(const struct kept *b)
{
	struct bucket *found;

	buckets_find(b->keeper->o.buckets, b->bucket->name, &found);
	return found != NULL;
}

static void
on_due(void *arg)
{
	struct kept *b = arg;
	struct keeper *k = b->keeper;

	if (!is_there(b))
		return; /* until a census finds it again */
	if (b->is_mute) {
		begin_round(b);
		return;
	}
	b->head = s3_head_bucket(k->o.s3, b->bucket->name, on_head, b);
	k->n_heads++;
	timer_arm(k->o.timers, &b->head_limit, k->o.limits->connect_timeout_ms);
}

/* --- which buckets there are --- */

static struct kept *
add(struct keeper *k, struct bucket *bucket)
{
	struct kept *b = xnew(struct kept);

	b->keeper = k;
	b->bucket = bucket;
	timer_init(&b->next, on_due, b);
	timer_init(&b->head_limit, on_head_limit, b);
	b->list_next = k->kept;
	k->kept = b;
	bucket->kept = b;
	return b;
}

/* It is new, or has come back. */
static bool
is_resting(const struct kept *b)
{
	return !b->next.is_armed && !b->head && !b->n_reading;
}

static void
look_around(struct keeper *k, bool has_failed)
{
	size_t n;
	char **names = buckets_names(k->o.buckets, &n);

	for (size_t i = 0; i < n; i++) {
		struct bucket *bucket;
		struct kept *b = NULL;

		buckets_find(k->o.buckets, names[i], &bucket);
		if (bucket)
			b = bucket->kept ? bucket->kept : add(k, bucket);
		if (b && is_resting(b))
			timer_arm(k->o.timers, &b->next, first_ms(k));
		free(names[i]);
	}
	free(names);
	timer_arm(k->o.timers, &k->census, again_ms(k, has_failed));
}

/* What could not be asked is as it was. */
static void
on_names(struct waiter *w, struct result *r, const struct err *err)
{
	struct keeper *k = CONTAINER_OF(w, struct keeper, names);

	(void)r;
	if (!k->is_stopped)
		look_around(k, err->code != 0);
}

/* One that the mount is confined to, and that was not there. */
struct question {
	struct waiter w;
	struct keeper *keeper;
};

static void
on_asked(struct waiter *w, struct result *r, const struct err *err)
{
	struct question *q = CONTAINER_OF(w, struct question, w);
	struct keeper *k = q->keeper;

	(void)r;
	free(q);
	if (err->code && err->code != ENOENT)
		k->was_unanswered = true;
	if (--k->n_questions == 0 && !k->is_stopped)
		look_around(k, k->was_unanswered);
}

/* No ListBuckets tells of these.  False: there are none. */
static bool
ask_missing(struct keeper *k)
{
	size_t n;
	char **names = buckets_missing_names(k->o.buckets, &n);

	k->n_questions = n;
	k->was_unanswered = false;
	for (size_t i = 0; i < n; i++) {
		struct question *q = xnew(struct question);

		q->keeper = k;
		q->w = (struct waiter){ .kind = WAIT_FOR_BUCKET,
					.on_done = on_asked,
					.is_background = true };
		snprintf(q->w.name, sizeof(q->w.name), "%s", names[i]);
		free(names[i]);
		k->o.post(k->o.arg, &q->w);
	}
	free(names);
	return n > 0;
}

static void
on_census(void *arg)
{
	struct keeper *k = arg;
	bool is_denied;

	if (ask_missing(k))
		return;
	if (buckets_list_is_fresh(k->o.buckets, &is_denied)) {
		look_around(k, false);
		return;
	}
	k->names = (struct waiter){ .kind = WAIT_FOR_LIST,
				    .on_done = on_names,
				    .is_background = true };
	k->o.post(k->o.arg, &k->names);
}

/* --- from first to last --- */

struct keeper *
keeper_new(const struct keeper_options *o)
{
	struct keeper *k = xnew(struct keeper);

	k->o = *o;
	k->seed = (unsigned)(date_now() ^ date_mono_ms());
	timer_init(&k->census, on_census, k);
	timer_arm(o->timers, &k->census, first_ms(k));
	return k;
}

void
keeper_stop(struct keeper *k)
{
	struct kept *b;

	if (!k)
		return;
	k->is_stopped = true;
	timer_disarm(k->o.timers, &k->census);
	LL_FOREACH2(k->kept, b, list_next)
	{
		timer_disarm(k->o.timers, &b->next);
		timer_disarm(k->o.timers, &b->head_limit);
		if (b->head)
			s3_cancel(b->head);
	}
}

bool
keeper_is_busy(const struct keeper *k)
{
	return k && k->n_heads > 0;
}

void
keeper_free(struct keeper *k)
{
	struct kept *b;

	while (k && (b = k->kept)) {
		k->kept = b->list_next;
		b->bucket->kept = NULL;
		free(b);
	}
	free(k);
}
