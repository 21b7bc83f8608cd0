/* SPDX-License-Identifier: MIT */
/*
 * What the engine tells of a bucket: see published.h.  Any thread.
 */
#include "config.h"

#include "engine/published.h"

#include "util/date.h"
#include "util/lock.h"

const char *const activity_names[] = {
	[ACTIVITY_IDLE] = "idle",	  [ACTIVITY_LISTING] = "listing",
	[ACTIVITY_HEADING] = "heading",	  [ACTIVITY_STORING] = "storing",
	[ACTIVITY_COMPARING] = "listing",
};

void
published_init(struct published *p)
{
	*p = (struct published){ .changed_at = date_now() };
	pthread_mutex_init(&p->lock, NULL);
}

void
published_clear(struct published *p)
{
	for (int mode = 0; mode < N_DOCUMENTS; mode++)
		result_unref(p->of[mode].result);
	pthread_mutex_destroy(&p->lock);
}

/* Under lock: what is told of the mode, which changes now. */
static struct mode_state *
change(struct published *p, enum mode mode)
{
	p->changed_at = date_now();
	return &p->of[mode];
}

/* What lay in the bucket, and was not compared with it, is of none of this mount. */
static bool
is_of_earlier_list(const struct result *r, const struct result *than)
{
	return than && r->listed.began_at_ms == 0 &&
	       than->listed.began_at_ms != 0;
}

static void
set_result(struct published *p, enum mode mode, struct result *r, unsigned n)
{
	struct result *before;
	struct mode_state *s;

	pthread_mutex_lock(&p->lock);
	s = change(p, mode);
	before = s->result;
	if (is_of_earlier_list(r, before))
		before = NULL; /* it stays */
	else
		s->result = result_ref(r);
	s->is_failing = s->is_failing && n == 0;
	s->n_by_how[r->how] += n;
	s->n_by_why[r->why] += n;
	pthread_mutex_unlock(&p->lock);
	result_unref(before);
}

void
publish_result(struct published *p, enum mode mode, struct result *r)
{
	set_result(p, mode, r, 1);
}

void
publish_renewed(struct published *p, enum mode mode, struct result *r)
{
	set_result(p, mode, r, 0);
}

void
publish_failure(struct published *p, enum mode mode, const struct err *err)
{
	struct mode_state *s;
	LOCKED(p);

	s = change(p, mode);
	s->failure = (struct failure){ .at = date_now(), .err = *err };
	s->is_failing = true;
	s->n_failures++;
}

void
publish_activity(struct published *p, enum mode mode, enum activity a)
{
	struct progress *progress;
	LOCKED(p);

	progress = &change(p, mode)->progress;
	if (a == ACTIVITY_LISTING)
		*progress = (struct progress){ .began_at_ms = date_mono_ms() };
	progress->activity = a;
}

void
publish_counts(struct published *p, enum mode mode, const struct counts *counts)
{
	LOCKED(p);

	change(p, mode)->progress.counts = *counts;
}

void
publish_counts_of_probe(struct published *p, enum mode mode,
			const struct counts *counts)
{
	LOCKED(p);

	change(p, mode)->progress.of_probe = *counts;
}

const struct counts *
progress_counts(const struct progress *p)
{
	return p->activity == ACTIVITY_COMPARING ? &p->of_probe : &p->counts;
}

void
publish_failed_puts(struct published *p, enum mode mode, uint64_t n)
{
	LOCKED(p);

	change(p, mode)->n_puts_failed = n;
}

struct result *
published_result(struct published *p, enum mode mode)
{
	LOCKED(p);

	return result_ref(p->of[mode].result);
}

struct result *
published_newest(struct published *p)
{
	struct result *newest = NULL;
	LOCKED(p);

	for (int mode = 0; mode < N_DOCUMENTS; mode++) {
		struct result *r = p->of[mode].result;

		if (r && (!newest ||
			  r->listed.began_at_ms >= newest->listed.began_at_ms))
			newest = r;
	}
	return result_ref(newest);
}

int64_t
published_changed_at(struct published *p)
{
	LOCKED(p);

	return p->changed_at;
}

void
published_get(struct published *p, enum mode mode, struct mode_state *out)
{
	LOCKED(p);

	*out = p->of[mode];
	result_ref(out->result);
}
