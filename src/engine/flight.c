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
 * The LIST of a job begins when that of its bucket does (scan.h): who has come
 * by then is current.  Who comes while it is under way is `next`.  When the LIST
 * of `current` has ended but its HEADs (or its PUT) go on, a probe lists for
 * `next`: if it finds the same validation, the result of `current` is as true for
 * those readers as if it had been begun for them, and they join it; so a hundred
 * readers during a long sweep of an unchanged bucket cause one sweep and a few
 * LISTs.  If it finds another, they wait for `current` to end (at most one sweep
 * runs) and become the next one.  Where the job lists once more, since the cached
 * document was stale or its HEADs fell behind, it takes those who are next with
 * it.  Quick and prefixes have no probes: they would cost as much as the answer.
 *
 * Refresh is a generation number: a job takes bucket->marked when it begins, and
 * sets bucket->done to it when it has succeeded.  A mark that comes in the middle
 * makes the two differ, so the next job is forced; a probe never lets a reader
 * join a job that began before the mark.
 *
 * nocache: every open computes; those that wait at the same time share, but
 * there is no probe.
 *
 * detailed=on_refresh: opens are given the last result, be it one that is not cached
 * since objects changed meanwhile, or what lies in the bucket (JOB_RECALL), unless a
 * refresh is owed, nocache is on, or one of interval is among those who wait.  What
 * lies in the bucket is asked for before the first computation of interval, too: opens
 * need not wait for the end of that.
 *
 * Interest: a job whose last reader has gone runs on for `linger`, unless somebody
 * comes who may still share it, then is stopped, and those who wait for its end
 * get a job of their own.
 *
 * Limits: a reader waits no longer than `deadline`, whatever the age of the job
 * that it shares, and no longer than `max_wait`, after which it is given the last
 * good result instead.  When it leaves for max_wait the work goes on: a stand-in
 * takes the reader's place, in whichever list, until the work ends.
 * So who asks every minute finds the figures of a sweep that takes twenty, and
 * at most one sweep is owed.  Those who do not wait at all have their own
 * stand-in, which keeps the result for them: see poller.h.
 *
 * States, of the work for `current`; enter() is the only one that changes them:
 *
 *     IDLE       there is none
 *     LISTING    a job runs, and the LIST of its result has not ended
 *     HEADING    a job runs, and HEADs go on
 *     STORING    there is a result; its readers wait for the PUT, but not long
 *     COMPARING  they were answered; a probe may find the result true for its own
 */
#include "config.h"

#include "engine/flight.h"

#include <errno.h>

#include "engine/last.h"
#include "engine/readers.h"
#include "util/date.h"
#include "util/log.h"

/* Readers get their answer this long after the result, stored or not. */
#define STORE_WAIT_MS 2000

/* Readers who have to go at the same time are told of in one line. */
#define SAY_AGAIN_MS 1000

enum state {
	FLIGHT_IDLE,
	FLIGHT_LISTING,
	FLIGHT_HEADING,
	FLIGHT_STORING,
	FLIGHT_COMPARING
};

struct flight {
	struct flight_env *env;
	struct bucket *bucket;
	enum mode mode;
	enum state state;
	struct readers readers;
	struct job *job; /* LISTING and HEADING */
	struct job *probe; /* NULL: none */
	unsigned generation; /* bucket->marked when the job began */
	bool is_uncached; /* nocache was on when the job began */
	unsigned nocache_writes; /* likewise, of the bucket */
	bool is_anew; /* likewise: all is asked for */
	bool was_recalled; /* what lies in the bucket was asked for */
	/* a refresh gave what is not cached: what lies in the bucket is older */
	bool is_cache_outdated;
	bool is_outdated; /* a probe saw another listing: no more of them */
	struct listed
		shared; /* a probe has found the job's result true for it */
	struct result *result; /* STORING and COMPARING */
	struct text *putting; /* the newest document that is put; NULL: none */
	struct last last;
	struct timer store_wait, linger;
	int64_t said_at_ms; /* when a line told of readers who had to go */
	struct writeback writeback;
};

static void enter(struct flight *f, enum state state);
static void go_on(struct flight *f);

/* --- what may be shared, and with whom --- */

/* What the job began with still holds. */
static bool
may_share(const struct flight *f)
{
	return f->generation == atomic_load(&f->bucket->marked[f->mode]) &&
	       f->nocache_writes == atomic_load(&f->bucket->nocache_writes) &&
	       !f->is_uncached;
}

/* Whether those who come next may join current, if a probe finds it true. */
static bool
may_probe(const struct flight *f)
{
	/* without HEADs to save the LIST is all there is */
	return mode_has_heads(f->mode) && !f->is_outdated && may_share(f);
}

/* The listing that current's result is, or will be, true for; NULL: unknown. */
static const struct validation *
current_validation(const struct flight *f)
{
	if (f->state == FLIGHT_HEADING)
		return job_validation(f->job);
	return f->result && f->result->is_storable
		       ? &f->result->listed.validation
		       : NULL;
}

/* ttl allows for no more than that it is shown to those who do not wait. */
static bool
is_expired(const struct flight *f, const struct result *r)
{
	return r && result_is_older(r, f->env->limits->ttl_ms);
}

/* detailed=on_refresh. */
static bool
opens_recall(const struct flight *f)
{
	return f->env->is_detailed_on_refresh && f->mode == MODE_DETAILED;
}

/* In that case: opens get what there is, unless somebody wants it otherwise. */
static bool
is_on_refresh(const struct flight *f)
{
	return opens_recall(f) &&
	       atomic_load(&f->bucket->marked[f->mode]) ==
		       atomic_load(&f->bucket->done[f->mode]) &&
	       !atomic_load(&f->bucket->nocache);
}

/* What max_age allows for, or that. */
static struct result *
recent_result(const struct flight *f)
{
	int64_t max_age_ms = f->env->limits->max_age_ms;
	struct result *r = NULL;

	if (is_on_refresh(f))
		return last_young(&f->last, f->bucket, f->mode, -1);
	if (max_age_ms)
		r = last_young(&f->last, f->bucket, f->mode, max_age_ms);
	return is_expired(f, r) ? NULL : r;
}

/* Whether anybody waits for current, or might still join it. */
static bool
is_wanted(const struct flight *f)
{
	return f->readers.current || f->readers.probe ||
	       (f->readers.next && may_probe(f));
}

/* A job that nobody has a use for runs on for a while, then is stopped. */
static void
look_after(struct flight *f)
{
	if (!f->job || is_wanted(f))
		timer_disarm(f->env->jobs.timers, &f->linger);
	else if (!f->linger.is_armed)
		timer_arm(f->env->jobs.timers, &f->linger,
			  f->env->limits->linger_ms);
}

static void
on_linger(void *arg)
{
	struct flight *f = arg;

	log_info("bucket=%s mode=%s: nobody waits for it any more, stopped",
		 f->bucket->name, mode_names[f->mode]);
	job_stop(steal(&f->job));
	enter(f, f->probe ? FLIGHT_COMPARING : FLIGHT_IDLE);
	go_on(f); /* those who come next, if its result is of no use to them */
}

/* --- results and failures --- */

/* A refresh is wanted. */
static bool
is_marked(const struct flight *f)
{
	return f->generation != atomic_load(&f->bucket->done[f->mode]);
}

/* Why the document in the bucket is not asked for; WHY_NONE: it is. */
static enum result_why
why_unread(const struct flight *f)
{
	if (f->is_uncached)
		return WHY_NOCACHE;
	if (f->is_cache_outdated || is_marked(f))
		return WHY_REFRESH;
	return f->env->writebacks.policy == CACHE_POLICY_OFF ? WHY_OFF
							     : WHY_NONE;
}

/*
 * It is not to be cached.  Where opens do not compute it is what they get, else in
 * a bucket that changes all the time they would never get any.
 */
static void
remember_for_opens(struct flight *f)
{
	if (!opens_recall(f) || f->is_uncached)
		return;
	f->is_cache_outdated = why_unread(f) == WHY_REFRESH;
	atomic_store(&f->bucket->done[f->mode], f->generation);
	last_show(&f->last, f->result, f->generation);
}

/* What the mount itself keeps of a result. */
static void
remember(struct flight *f)
{
	/* one job at a time: their LISTs have begun in this order */
	if (f->is_anew)
		f->bucket->asked_anew[f->mode] = f->generation;
	publish_result(&f->bucket->published, f->mode, f->result);
	if (!f->result->is_storable) {
		remember_for_opens(f);
		return;
	}
	if (f->is_cache_outdated ||
	    f->generation != atomic_load(&f->bucket->done[f->mode]))
		f->last.is_refreshed = true;
	f->is_cache_outdated = false;
	atomic_store(&f->bucket->done[f->mode], f->generation);
	last_set(&f->last, f->result, f->generation, f->is_uncached);
	if (f->result->how == RESULT_COMPUTED)
		f->writeback.is_stored = false;
	else if (f->result->how == RESULT_HIT)
		f->writeback.is_stored = true;
}

/* More is known of a result: takes the reference. */
static void
renew(struct flight *f, const struct result *before, struct result *now)
{
	struct result *published CLEANUP(result_release) =
		published_result(&f->bucket->published, f->mode);

	last_renew(&f->last, before, now);
	if (published == before)
		publish_renewed(&f->bucket->published, f->mode, now);
	if (f->result == before) {
		result_unref(f->result);
		f->result = result_ref(now);
	}
	result_unref(now);
}

/* It is as true for a later LIST. */
static void
confirm(struct flight *f, const struct listed *by)
{
	f->shared = *by;
	if (f->result) /* else the job goes on */
		renew(f, f->result, result_confirmed(f->result, by));
}

/* What the PUT of its document has cost. */
static void
add_cost_of_put(struct flight *f)
{
	struct result *r CLEANUP(result_release) = result_ref(f->last.result);
	struct result *now;

	if (!r || r->text != f->putting)
		return;
	now = result_new(r);
	now->cost.put = traffic_sum(r->cost.put, f->writeback.traffic);
	renew(f, r, now);
}

/* The place that gives up: log it, once, and take a bucket away that has gone. */
static void
report(struct flight *f, const struct err *err)
{
	if (err->code != ENODATA) /* with on_refresh: nothing has failed */
		publish_failure(&f->bucket->published, f->mode, err);
	log_err("bucket=%s mode=%s: %s (%s)", f->bucket->name,
		mode_names[f->mode], err->msg, strerror(err->code));
	if (err->code == ENOENT) {
		buckets_set_not_there(f->env->buckets, f->bucket->name,
				      BUCKET_IS_NOT);
		last_clear(&f->last);
		f->is_cache_outdated = false;
	}
}

/* --- the end of current --- */

/* Answer the readers of current, and let the next begin. */
static void
finish_current(struct flight *f, const struct err *err)
{
	struct result *recent = recent_result(f);
	struct result *r CLEANUP(result_release) = result_ref(f->result);

	enter(f, f->probe ? FLIGHT_COMPARING : FLIGHT_IDLE);
	waiters_complete(&f->readers.current, r, err);
	if (recent)
		readers_serve_next(&f->readers, recent);
	go_on(f);
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

	add_cost_of_put(f);
	publish_failed_puts(&f->bucket->published, f->mode,
			    f->writeback.n_failed);
	text_unref(steal(&f->putting));
	if (f->writeback.is_stored)
		f->last.is_refreshed = false; /* the bucket has it now */
	if (f->state == FLIGHT_STORING)
		finish_current(f, &(struct err)ERR_INIT);
}

static bool
is_to_be_stored(const struct flight *f, enum cache_verdict verdict)
{
	const struct result *r = f->result;
	bool is_new = r->how == RESULT_COMPUTED ||
		      (r->how == RESULT_FROM_MEMORY && !f->writeback.is_stored);

	return is_new && r->is_storable && !f->is_uncached &&
	       writeback_is_wanted(&f->env->writebacks, f->bucket) &&
	       writeback_may(&f->writeback, verdict);
}

static void
on_failure(struct flight *f, const struct err *err)
{
	if (err->code != ENODATA || f->readers.current)
		report(f, err); /* else what comes next tells */
	if (f->probe) { /* it has nothing to be compared with any more */
		job_stop(steal(&f->probe));
		readers_return(&f->readers);
	}
	finish_current(f, err);
}

static void
on_job_done(void *arg, const struct job_result *r, const struct err *err)
{
	struct flight *f = arg;
	bool is_shared = f->shared.began_at_ms != 0;

	f->job = NULL;
	timer_disarm(f->env->jobs.timers, &f->linger);
	if (err->code) {
		on_failure(f, err);
		return;
	}
	buckets_set_there(f->env->buckets, f->bucket->name);
	writeback_saw(&f->writeback, r->verdict, &r->cache_err);
	f->result = is_shared ? result_confirmed(r->result, &f->shared)
			      : result_ref(r->result);
	remember(f);
	if (!is_to_be_stored(f, r->verdict)) {
		finish_current(f, err);
		return;
	}
	enter(f, FLIGHT_STORING);
	text_unref(f->putting);
	f->putting = text_ref(f->result->text);
	writeback_put(&f->writeback, f->result->text, r->verdict);
	go_on(f);
}

/* --- probes --- */

static void
on_probe_done(void *arg, const struct job_result *r, const struct err *err)
{
	struct flight *f = arg;
	const struct validation *v = current_validation(f);

	f->probe = NULL;
	if (err->code) {
		report(f, err);
		waiters_complete(&f->readers.probe, NULL, err);
	} else if (v && may_share(f) &&
		   validation_matches(v, &r->listed.validation)) {
		confirm(f, &r->listed);
		readers_join(&f->readers);
	} else {
		f->is_outdated = true;
		readers_return(&f->readers);
	}
	if (f->state == FLIGHT_COMPARING)
		finish_current(f, &(struct err)ERR_INIT);
	else
		go_on(f);
	look_after(f); /* its readers may have been the last */
}

static void
on_probe_begins(void *arg)
{
	struct flight *f = arg;

	if (may_probe(f))
		readers_begin_probe(&f->readers);
}

static void
start_probe(struct flight *f)
{
	readers_begin_probe(&f->readers);
	f->probe = job_new(&(struct job_options){
		.env = &f->env->jobs,
		.kind = JOB_PROBE,
		.bucket = f->bucket,
		.mode = f->mode,
		.on_list_begins = on_probe_begins,
		.on_done = on_probe_done,
		.arg = f,
	});
}

/* --- the job --- */

static bool
may_use_last(void *arg, enum cache_verdict verdict)
{
	const struct flight *f = arg;

	/* where we would write it anyway, the bucket's word counts */
	return !f->writeback.is_stored ||
	       !writeback_may(&f->writeback, verdict);
}

static void
on_listed(void *arg)
{
	struct flight *f = arg;

	enter(f, FLIGHT_HEADING);
	go_on(f); /* time for a probe */
	look_after(f); /* or it has become of no use */
}

/* Who has come since the job did may share it. */
static void
on_list_begins(void *arg)
{
	struct flight *f = arg;

	f->shared = (struct listed){ 0 }; /* the result will be of this LIST */
	if (may_share(f))
		readers_begin(&f->readers);
	look_after(f); /* who came meanwhile wants it */
}

/* Whether what lies in the bucket is all that is asked for. */
static bool
is_to_recall(const struct flight *f)
{
	if (!is_on_refresh(f))
		return false;
	if (!readers_have_background(&f->readers))
		return true;
	return !f->was_recalled && !recent_result(f);
}

static void
start_job(struct flight *f)
{
	enum result_why why;
	bool is_recall = is_to_recall(f);

	f->generation = atomic_load(&f->bucket->marked[f->mode]);
	f->nocache_writes = atomic_load(&f->bucket->nocache_writes);
	f->is_uncached = atomic_load(&f->bucket->nocache);
	f->is_outdated = false;
	f->shared = (struct listed){ 0 };
	why = why_unread(f);
	f->is_anew = (why == WHY_REFRESH || is_marked(f)) &&
		     f->generation != f->bucket->asked_anew[f->mode];
	if (is_recall) {
		f->was_recalled = true;
		readers_begin_recall(&f->readers);
	} else {
		readers_begin(&f->readers);
	}
	enter(f, FLIGHT_LISTING);
	f->job = job_new(&(struct job_options){
		.env = &f->env->jobs,
		.kind = is_recall ? JOB_RECALL : JOB_COMPUTE,
		.bucket = f->bucket,
		.mode = f->mode,
		.read_cache = why == WHY_NONE,
		.why_unread = why,
		.is_anew = f->is_anew,
		.last = is_expired(f, f->last.result) ? NULL : f->last.result,
		.is_last_fresher =
			f->last.is_refreshed && !f->writeback.is_stored,
		.may_use_last = may_use_last,
		.on_listed = on_listed,
		.on_list_begins = on_list_begins,
		.on_done = on_job_done,
		.arg = f,
	});
}

/* --- states --- */

static void
enter(struct flight *f, enum state state)
{
	static const char *const names[] = { "idle", "listing", "heading",
					     "storing", "comparing" };
	static const enum activity activity_of[] = {
		[FLIGHT_IDLE] = ACTIVITY_IDLE,
		[FLIGHT_LISTING] = ACTIVITY_LISTING,
		[FLIGHT_HEADING] = ACTIVITY_HEADING,
		[FLIGHT_STORING] = ACTIVITY_STORING,
		[FLIGHT_COMPARING] = ACTIVITY_COMPARING,
	};
	struct timers *timers = f->env->jobs.timers;

	log_debug("flight %s/%s: %s", f->bucket->name, mode_names[f->mode],
		  names[state]);
	f->state = state;
	publish_activity(&f->bucket->published, f->mode, activity_of[state]);
	if (state == FLIGHT_STORING)
		timer_arm(timers, &f->store_wait, STORE_WAIT_MS);
	else
		timer_disarm(timers, &f->store_wait);
	if (state == FLIGHT_IDLE)
		result_unref(steal(&f->result));
}

/* Begin what can begin, after a reader came or something ended. */
static void
go_on(struct flight *f)
{
	bool may_list =
		f->state == FLIGHT_HEADING || f->state == FLIGHT_STORING;

	if (f->env->is_stopping || !f->readers.next)
		return;
	if (f->state == FLIGHT_IDLE)
		start_job(f);
	else if (may_list && !f->probe && may_probe(f) && current_validation(f))
		start_probe(f);
}

/* --- readers --- */

/* What a reader gets that has waited long enough; NULL: nothing. */
static struct result *
choose_at_limit(struct flight *f, struct waiter *w, bool is_max_wait)
{
	if (w->list == &f->readers.current && f->state == FLIGHT_STORING)
		return f->result; /* its own, that waits for the PUT */
	if (!is_max_wait)
		return NULL;
	readers_replace(&f->readers, w);
	return last_young(&f->last, f->bucket, f->mode, -1);
}

static void
on_limit(void *arg)
{
	struct waiter *w = arg;
	struct flight *f = w->stats.bucket->flights[w->stats.mode];
	int64_t limit_ms = limits_wait_ms(f->env->limits), now = date_mono_ms();
	bool is_max_wait = limit_ms == f->env->limits->max_wait_ms;
	struct result *r = choose_at_limit(f, w, is_max_wait);
	struct err err = ERR_INIT;

	if (!r) {
		err_set(&err, ETIMEDOUT, "no result within the %s of %lld ms",
			is_max_wait ? "max_wait" : "deadline",
			(long long)limit_ms);
		if (!f->said_at_ms || now - f->said_at_ms >= SAY_AGAIN_MS) {
			report(f, &err); /* one line for a crowd */
			f->said_at_ms = now;
		}
	}
	waiter_complete(w, r, &err);
	flight_left(f);
}

void
flight_add(struct flight *f, struct waiter *w)
{
	struct result *recent = recent_result(f);
	bool waits;

	if (recent && !w->is_background) {
		waiter_complete(w, recent, &(struct err)ERR_INIT);
		return;
	}
	waits = readers_add(&f->readers, w);
	go_on(f);
	look_after(f);
	if (waits &&
	    !w->is_background) /* behind the job's own deadline, which tells more */
		waiter_limit(w, f->env->jobs.timers,
			     limits_wait_ms(f->env->limits), on_limit);
}

void
flight_left(struct flight *f)
{
	if (f->probe && !f->readers.probe) {
		job_stop(steal(&f->probe));
		if (f->state == FLIGHT_COMPARING)
			enter(f, FLIGHT_IDLE);
		go_on(f);
	}
	look_after(f);
}

/* --- from first to last --- */

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
	readers_init(&f->readers, bucket, mode);
	writeback_init(&f->writeback, &env->writebacks, bucket->name, mode);
	f->writeback.on_done = on_stored;
	f->writeback.arg = f;
	return f;
}

void
flight_stop(struct flight *f)
{
	timer_disarm(f->env->jobs.timers, &f->linger);
	if (f->job)
		job_stop(steal(&f->job));
	if (f->probe)
		job_stop(steal(&f->probe));
	enter(f, FLIGHT_IDLE);
	writeback_stop(&f->writeback);
}

void
flight_free(struct flight *f)
{
	result_unref(f->result);
	text_unref(f->putting);
	last_clear(&f->last);
	readers_clear(&f->readers);
	free(f);
}
