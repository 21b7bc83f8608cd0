/* SPDX-License-Identifier: MIT */
/*
 * Single-flight: see flight.h.  Net thread only.
 *
 * Read your writes, and share.  A reader may only be given a result whose LIST
 * began after the reader came.  So there are three lists of readers:
 *
 *     next      wait for a LIST that has not begun
 *     current   wait for the job whose LIST began after they came
 *     probe     wait for a mere LIST that began while current was computing
 *
 * One LIST at a time: who comes while one is under way is `next`.  When the
 * LIST of `current` has ended but its HEADs (or its PUT) go on, a probe lists for
 * `next`: if it finds the same validation, the result of `current` is as true for
 * those readers as if it had been begun for them, and they join it; so a hundred
 * readers during a long sweep of an unchanged bucket cause one sweep and a few
 * LISTs.  If it finds another, they wait for `current` to end (at most one sweep
 * runs) and become the next one.  Where the job itself lists a second time, since
 * the cached document was stale, it takes those who are next with it.  Quick has
 * no probes: they would cost as much as the answer itself.
 *
 * Refresh is a generation number: a job takes bucket->marked when it begins, and
 * sets bucket->done to it when it has succeeded.  A mark that comes in the middle
 * makes the two differ, so the next job is forced; a probe never lets a reader
 * join a job that began before the mark.
 *
 * nocache: every open computes; those that wait at the same time share, but
 * there is no probe.
 *
 * Interest: a job whose last reader has gone runs on for `linger`, unless somebody
 * comes who may still share it, then is stopped, and those who wait for its end
 * get a job of their own.
 *
 * Limits: a reader waits no longer than `deadline`, whatever the age of the job
 * that it shares, and no longer than `max_wait`, after which it has to do with
 * the last good result.  Who leaves for max_wait is told that the work goes on:
 * a stand-in takes the reader's place, in whichever list, until the work ends.
 * So who asks every minute finds the figures of a sweep that takes twenty, and
 * at most one sweep is owed.  Those who do not wait at all have their own
 * stand-in, which keeps the result for them: see poller.h.
 */
#include "config.h"

#include "engine/flight-state.h"

#include <errno.h>

#include "util/date.h"
#include "util/log.h"

/* Readers get their answer this long after the result, stored or not. */
#define STORE_WAIT_MS 2000

/* --- the end of current --- */

/* Answer the readers of current, and let the next begin. */
static void
finish_current(struct flight *f, const struct err *err)
{
	struct snapshot *recent = flight_recent(f);

	timer_disarm(f->env->jobs.timers, &f->store_wait);
	f->is_storing = false;
	waiters_complete(&f->current, f->result, err);
	if (recent)
		waiters_complete(&f->next, recent, &(struct err)ERR_INIT);
	if (!f->probe_job)
		snapshot_unref(steal(&f->result));
	flight_pump(f);
}

static void
on_store_wait(void *arg)
{
	finish_current(arg, &(struct err)ERR_INIT);
}

static void
on_stored(void *arg)
{
	struct flight *f = arg;

	if (f->store.is_stored)
		f->is_refreshed = false; /* the bucket has it now */
	if (f->is_storing)
		finish_current(f, &(struct err)ERR_INIT);
}

/* The place that gives up: log it, once, and take a bucket away that has gone. */
void
flight_report(struct flight *f, const struct err *err)
{
	log_err("bucket=%s mode=%s: %s (%s)", f->bucket->name,
		mode_names[f->mode], err->msg, strerror(err->code));
	if (err->code == ENOENT) {
		buckets_set_not_there(f->env->buckets, f->bucket->name,
				      BUCKET_IS_NOT);
		recent_clear(&f->recent);
	}
}

static void
on_failure(struct flight *f, const struct err *err)
{
	flight_report(f, err);
	if (f->probe_job) { /* it has nothing to be compared with any more */
		job_stop(steal(&f->probe_job));
		waiters_move(&f->probe, &f->next);
	}
	finish_current(f, err);
}

/* What the mount itself keeps of a result. */
static void
remember(struct flight *f, const struct job_result *r)
{
	struct snapshot *doc = r->doc;

	/* one job at a time: their LISTs have begun in this order */
	bucket_publish(f->bucket, f->mode, doc);
	if (!r->is_storable)
		return;
	if (f->generation != atomic_load(&f->bucket->done[f->mode]))
		f->is_refreshed = true;
	atomic_store(&f->bucket->done[f->mode], f->generation);
	if (!f->is_uncached)
		recent_set(&f->recent, doc, f->listed_at_ms, f->generation);
	snapshot_ref(doc); /* before: it may be the same */
	snapshot_unref(f->last);
	f->last = doc;
	if (r->is_computed)
		f->store.is_stored = false;
	else if (!r->is_from_memory)
		f->store.is_stored = true;
}

static bool
is_to_be_stored(const struct flight *f, const struct job_result *r)
{
	bool is_new =
		r->is_computed || (r->is_from_memory && !f->store.is_stored);

	return is_new && r->is_storable && !f->is_uncached &&
	       store_may(&f->store, r->verdict);
}

static void
on_job_done(void *arg, const struct job_result *r, const struct err *err)
{
	struct flight *f = arg;

	f->job = NULL;
	timer_disarm(f->env->jobs.timers, &f->linger);
	if (err->code) {
		on_failure(f, err);
		return;
	}
	buckets_set_there(f->env->buckets, f->bucket->name);
	store_saw(&f->store, r->verdict, &r->cache_err);
	remember(f, r);
	f->result = snapshot_ref(r->doc);
	f->is_result_storable = r->is_storable;
	if (!is_to_be_stored(f, r)) {
		finish_current(f, err);
		return;
	}
	f->is_storing = true;
	store_put(&f->store, r->doc, r->verdict);
	timer_arm(f->env->jobs.timers, &f->store_wait, STORE_WAIT_MS);
	flight_pump(f);
}

/* --- probes --- */

/* The listing that current's result is, or will be, true for; NULL: unknown. */
static const struct validation *
current_validation(const struct flight *f)
{
	if (f->job)
		return job_validation(f->job);
	return f->result && f->is_result_storable ? &f->result->validation
						  : NULL;
}

static bool
may_share(const struct flight *f)
{
	return f->generation == atomic_load(&f->bucket->marked[f->mode]) &&
	       !f->is_uncached && !atomic_load(&f->bucket->nocache);
}

/* Whether those who come next may join current, if a probe finds it true. */
static bool
may_probe(const struct flight *f)
{
	/* quick has no HEADs to save: its LIST is all there is */
	return f->mode != MODE_QUICK && !f->is_outdated && may_share(f);
}

/* Whether anybody waits for current, or might still join it. */
static bool
is_wanted(const struct flight *f)
{
	return f->current || f->probe || (f->next && may_probe(f));
}

/* A job that nobody has a use for runs on for a while, then is stopped. */
void
flight_look_after(struct flight *f)
{
	if (!f->job || is_wanted(f))
		timer_disarm(f->env->jobs.timers, &f->linger);
	else if (!f->linger.is_armed)
		timer_arm(f->env->jobs.timers, &f->linger,
			  f->env->limits->linger_ms);
}

static void
on_probe_done(void *arg, const struct job_result *r, const struct err *err)
{
	struct flight *f = arg;
	const struct validation *v = current_validation(f);

	f->probe_job = NULL;
	if (err->code) {
		flight_report(f, err);
		waiters_complete(&f->probe, NULL, err);
	} else if (v && may_share(f) && validation_matches(v, &r->validation)) {
		f->listed_at_ms = f->probed_at_ms;
		if (f->recent.doc && f->recent.doc == f->result)
			f->recent.listed_at_ms = f->probed_at_ms;
		waiters_move(&f->probe, &f->current);
	} else {
		f->is_outdated = true;
		waiters_move(&f->next,
			     &f->probe); /* behind those of the probe */
		waiters_move(&f->probe, &f->next);
	}
	if (!f->job && !f->is_storing)
		finish_current(f, &(struct err)ERR_INIT);
	else
		flight_pump(f);
	flight_look_after(f); /* its readers may have been the last */
}

static void
start_probe(struct flight *f)
{
	waiters_move(&f->next, &f->probe);
	f->probed_at_ms = date_mono_ms();
	f->probe_job = job_new(&(struct job_options){
		.env = &f->env->jobs,
		.kind = JOB_PROBE,
		.bucket = f->bucket,
		.mode = f->mode,
		.on_done = on_probe_done,
		.arg = f,
	});
}

/* --- what to do next --- */

static bool
may_use_last(void *arg, enum cache_verdict verdict)
{
	const struct flight *f = arg;

	/* where we would write it anyway, the bucket's word counts */
	return !f->store.is_stored || !store_may(&f->store, verdict);
}

static void
on_listed(void *arg)
{
	flight_pump(arg); /* time for a probe */
	flight_look_after(arg); /* or it has become of no use */
}

static void
on_list_again(void *arg)
{
	struct flight *f = arg;

	f->listed_at_ms = date_mono_ms();
	if (may_share(f))
		waiters_move(&f->next, &f->current);
}

static void
start_current(struct flight *f)
{
	bool is_forced, may_read;

	f->generation = atomic_load(&f->bucket->marked[f->mode]);
	is_forced = f->generation != atomic_load(&f->bucket->done[f->mode]);
	f->is_uncached = atomic_load(&f->bucket->nocache);
	f->is_outdated = false;
	f->listed_at_ms = date_mono_ms();
	may_read = !is_forced && !f->is_uncached;
	waiters_move(&f->next, &f->current);
	f->job = job_new(&(struct job_options){
		.env = &f->env->jobs,
		.kind = JOB_COMPUTE,
		.bucket = f->bucket,
		.mode = f->mode,
		.read_cache =
			may_read && f->env->stores.policy != CACHE_POLICY_OFF,
		.last = may_read ? f->last : NULL,
		.last_outranks = f->is_refreshed && !f->store.is_stored,
		.may_use_last = may_use_last,
		.on_listed = on_listed,
		.on_list_again = on_list_again,
		.on_done = on_job_done,
		.arg = f,
	});
}

void
flight_pump(struct flight *f)
{
	bool is_busy = f->job || f->is_storing || f->probe_job;

	if (f->env->is_stopping || !f->next)
		return;
	if (!is_busy)
		start_current(f);
	else if (!f->probe_job && may_probe(f) && current_validation(f))
		start_probe(f);
}

static void
on_linger(void *arg)
{
	struct flight *f = arg;

	log_info("bucket=%s mode=%s: nobody waits for it any more, stopped",
		 f->bucket->name, mode_names[f->mode]);
	job_stop(steal(&f->job));
	flight_pump(
		f); /* those who come next, if its result is of no use to them */
}

/* Nobody stands behind it. */
static void
on_stand_in_done(struct waiter *w, struct snapshot *s, const struct err *err)
{
	(void)w;
	(void)s;
	(void)err;
}

struct flight *
flight_get(struct flight_env *env, struct bucket *bucket, enum mode mode)
{
	struct flight *f = bucket->flights[mode];

	if (f)
		return f;
	f = bucket->flights[mode] = xnew(struct flight);
	f->env = env;
	f->bucket = bucket;
	f->mode = mode;
	timer_init(&f->store_wait, on_store_wait, f);
	timer_init(&f->linger, on_linger, f);
	f->stand_in.on_done = on_stand_in_done;
	poller_init(&f->poller, bucket, mode);
	store_init(&f->store, &env->stores, bucket->name, mode);
	f->store.on_done = on_stored;
	f->store.arg = f;
	return f;
}

void
flight_stop(struct flight *f)
{
	timer_disarm(f->env->jobs.timers, &f->store_wait);
	timer_disarm(f->env->jobs.timers, &f->linger);
	f->is_storing = false;
	if (f->job)
		job_stop(steal(&f->job));
	if (f->probe_job)
		job_stop(steal(&f->probe_job));
	store_stop(&f->store);
}

void
flight_free(struct flight *f)
{
	snapshot_unref(f->result);
	snapshot_unref(f->last);
	recent_clear(&f->recent);
	poller_clear(&f->poller);
	free(f);
}
