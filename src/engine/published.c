/* SPDX-License-Identifier: MIT */
/*
 * What the engine tells of a bucket: see published.h.  Any thread.
 */
#include "config.h"

#include "engine/published.h"

#include "util/date.h"
#include "util/lock.h"

const char *const activity_names[] = {
	[ACTIVITY_IDLE] = "idle",
	[ACTIVITY_LISTING] = "listing",
	[ACTIVITY_HEADING] = "heading",
	[ACTIVITY_STORING] = "storing",
};

void
published_init(struct published *p)
{
	*p = (struct published){ 0 };
	pthread_mutex_init(&p->lock, NULL);
}

void
published_clear(struct published *p)
{
	for (int mode = 0; mode < N_MODES; mode++)
		result_unref(p->of[mode].result);
	pthread_mutex_destroy(&p->lock);
}

void
publish_result(struct published *p, enum mode mode, struct result *r)
{
	struct result *before;

	pthread_mutex_lock(&p->lock);
	before = p->of[mode].result;
	p->of[mode].result = result_ref(r);
	pthread_mutex_unlock(&p->lock);
	result_unref(before);
}

void
publish_failure(struct published *p, enum mode mode, const struct err *err)
{
	LOCKED(p);

	p->of[mode].failure = (struct failure){ .at = date_now(), .err = *err };
}

void
publish_activity(struct published *p, enum mode mode, enum activity a)
{
	struct progress *progress = &p->of[mode].progress;
	LOCKED(p);

	if (a == ACTIVITY_LISTING)
		*progress = (struct progress){ .began_at_ms = date_mono_ms() };
	progress->activity = a;
}

void
publish_counts(struct published *p, enum mode mode, const struct counts *counts)
{
	LOCKED(p);

	p->of[mode].progress.counts = *counts;
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

	for (int mode = 0; mode < N_MODES; mode++) {
		struct result *r = p->of[mode].result;

		if (r && (!newest ||
			  r->listed.began_at_ms >= newest->listed.began_at_ms))
			newest = r;
	}
	return result_ref(newest);
}

struct failure
published_failure(struct published *p, enum mode mode)
{
	LOCKED(p);

	return p->of[mode].failure;
}

struct progress
published_progress(struct published *p, enum mode mode)
{
	LOCKED(p);

	return p->of[mode].progress;
}
