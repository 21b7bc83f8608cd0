/* SPDX-License-Identifier: MIT */
/*
 * One computation: see job.h.  Net thread only.
 *
 *                 GET: may be valid                  LIST: it is not
 *     LOOKUP ------------------------> CHECK ------------------------> WALK
 *        |                               |  LIST: it is valid,           |
 *        |  GET: nothing usable          |  or quick: figures            |
 *        +-----------> WALK              +----------> DONE <-------------+
 *
 * LOOKUP  LIST and GET of the cached document are under way together, so that
 *         a hit costs the longer of the two.  Whether HEADs will be needed is
 *         not known yet: they wait, for CHECK to forget or for WALK to send.
 * CHECK   LIST alone: counts, bytes and fingerprint, to be compared with the
 *         document.  Quick and prefixes have their figures too by then and
 *         never list twice; the others list again if the document turned out
 *         stale: cheaper than remembering millions of keys.
 * WALK    LIST and HEADs overlap (walk.h).
 *
 * RECALL  GET alone, for who does not want more.
 *
 * One function changes the state: enter().  Whatever happens in a state that
 * has passed is ignored; calls under way after DONE only keep the job in
 * memory.
 */
#include "config.h"

#include "engine/job.h"

#include <errno.h>

#include "engine/choice.h"
#include "engine/walk.h"
#include "util/date.h"
#include "util/log.h"

enum state { JOB_LOOKUP, JOB_CHECK, JOB_WALK, JOB_RECALLING, JOB_DONE };

struct job {
	struct job_options o;
	enum state state;
	struct s3_call *get; /* of the cached document */
	struct result *cached; /* it, if it may be valid */
	bool may_last_serve; /* as in choice.h */
	bool was_expired; /* there was one that ttl does not allow */
	bool is_get_late; /* get was cancelled, since it took too long */
	bool is_decided; /* what lies in the cache is known */
	bool is_announced; /* on_listed was called */
	struct walk walk;
	struct timer progress, deadline, get_limit;
	struct traffic get_traffic;
	int64_t began_ms; /* the job */
	int64_t progress_ms; /* when something last succeeded */
	struct job_result done;
};

static void enter(struct job *job, enum state state);

static struct document
document_of(const struct job *job)
{
	return (struct document){ .bucket = job->o.bucket->name,
				  .mode = job->o.mode,
				  .limits = job->o.env->limits };
}

/* --- the end --- */

/* Free the job once it is done and nothing is under way any more. */
static void
release_if_idle(struct job *job)
{
	if (job->state != JOB_DONE || job->get || !walk_is_idle(&job->walk))
		return;
	walk_clear(&job->walk);
	result_unref(job->cached);
	result_unref(job->o.last);
	result_unref(job->done.result);
	job->o.env->n_jobs--;
	free(job);
}

/* Nothing more is wanted: cancel what is under way. */
static void
enter_done(struct job *job)
{
	timer_disarm(job->o.env->timers, &job->progress);
	timer_disarm(job->o.env->timers, &job->deadline);
	timer_disarm(job->o.env->timers, &job->get_limit);
	walk_stop(&job->walk);
	if (job->get)
		s3_cancel(job->get);
}

static void
finish(struct job *job, const struct err *err)
{
	if (job->state == JOB_DONE)
		return;
	enter(job, JOB_DONE);
	job->o.on_done(job->o.arg, &job->done, err);
	release_if_idle(job);
}

static void
fail(struct job *job, const struct err *err)
{
	result_unref(steal(&job->done.result));
	finish(job, err);
}

void
job_stop(struct job *job)
{
	enter(job, JOB_DONE);
	release_if_idle(job);
}

/* --- time --- */

static void
tell_counts(struct job *job)
{
	struct counts counts = walk_counts(&job->walk);
	struct published *published = &job->o.bucket->published;

	counts.began_at_ms = job->done.listed.began_at_ms;
	if (job->o.kind == JOB_COMPUTE)
		publish_counts(published, job->o.mode, &counts);
	else if (job->o.kind == JOB_PROBE)
		publish_counts_of_probe(published, job->o.mode, &counts);
}

static void
made_progress(struct job *job)
{
	job->progress_ms = date_mono_ms();
	tell_counts(job);
}

static void
on_no_progress(void *arg)
{
	struct job *job = arg;
	int64_t listed_ms = walk_progress_ms(&job->walk);
	int64_t last_ms =
		listed_ms > job->progress_ms ? listed_ms : job->progress_ms;
	int64_t left =
		last_ms + job->o.env->limits->timeout_ms - date_mono_ms();
	struct err err;

	if (left > 0) {
		timer_arm(job->o.env->timers, &job->progress, left);
		return;
	}
	err_set(&err, ETIMEDOUT, "no progress for %lld ms",
		(long long)job->o.env->limits->timeout_ms);
	fail(job, &err);
}

static void
on_deadline(void *arg)
{
	struct job *job = arg;
	struct err err;

	err_set(&err, ETIMEDOUT, "not done within the deadline of %lld ms",
		(long long)job->o.env->limits->deadline_ms);
	fail(job, &err);
}

static void conclude_recall(struct job *job);

static void
on_get_limit(void *arg)
{
	struct job *job = arg;

	if (!job->get) { /* there is none to be late */
		conclude_recall(job);
		return;
	}
	job->is_get_late = true;
	s3_cancel(job->get); /* on_get() takes it for CACHE_FAILED */
}

/* --- the result --- */

/* Why what lies in the bucket does not serve. */
static enum result_why
why_not_cached(const struct job *job)
{
	static const enum result_why of_verdict[] = {
		[CACHE_ABSENT] = WHY_ABSENT,	 [CACHE_BAD] = WHY_CORRUPT,
		[CACHE_FOREIGN] = WHY_VERSION,	 [CACHE_REFUSED] = WHY_DENIED,
		[CACHE_FAILED] = WHY_UNREADABLE, [CACHE_OTHER] = WHY_SETTINGS,
	};
	enum result_why why;

	if (!job->o.read_cache)
		return job->o.why_unread;
	if (job->was_expired)
		return WHY_TTL;
	if (!job->cached)
		return of_verdict[job->done.verdict];
	why = result_compare(&job->cached->listed.validation,
			     &job->done.listed.validation);
	return why ? why : WHY_OUTDATED;
}

static struct cost
cost_so_far(const struct job *job)
{
	struct memo_use memo = walk_memo_use(&job->walk);

	return (struct cost){
		.list = walk_list_traffic(&job->walk),
		.head = walk_head_traffic(&job->walk),
		.get = traffic_sum(job->get_traffic,
				   walk_memo_traffic(&job->walk)),
		.put = memo.written,
		.memo = memo,
		.ms = date_mono_ms() - job->began_ms,
	};
}

/* The LIST has found the same objects as that of `r`. */
static bool
is_true(const struct job *job, const struct result *r)
{
	return r && validation_matches(&r->listed.validation,
				       &job->done.listed.validation);
}

/* HEADs of the last result have told more, and the objects are the same. */
static bool
has_last_more(const struct job *job, const struct integrity *in)
{
	const struct result *last = job->o.last;

	return !in->has_originals && is_true(job, last) && last->integrity &&
	       last->integrity->has_originals &&
	       !result_is_older(last, job->o.env->limits->ttl_ms);
}

static struct integrity *
find_integrity(struct job *job)
{
	struct integrity *in = walk_integrity(&job->walk);

	if (!has_last_more(job, in))
		return in;
	integrity_unref(in);
	return integrity_ref(job->o.last->integrity);
}

/* A document that this LIST has found to be true. */
static void
take(struct job *job, const struct result *valid, enum result_how how)
{
	struct result *r = job->done.result = result_new(valid);

	r->listed = job->done.listed;
	r->how = how;
	r->cost = cost_so_far(job);
	r->why = how == RESULT_HIT ? WHY_NONE : why_not_cached(job);
	integrity_unref(r->integrity);
	r->integrity = find_integrity(job);
	flaw_log_result(&job->o.bucket->flaw_log, job->o.bucket->name,
			r->integrity);
	finish(job, &(struct err)ERR_INIT);
}

static void
compute(struct job *job)
{
	struct document document = document_of(job);
	struct result r = { .computed_at = date_now(),
			    .listed = job->done.listed };
	struct err err = ERR_INIT;
	int rc;

	walk_figures(&job->walk, &r.figures, &r.is_storable);
	rc = document_print(&document, walk_prefixes(&job->walk), &r);
	if (rc) {
		err_set(&err, -rc, "document can't be printed");
		fail(job, &err);
		return;
	}
	take(job, &r, RESULT_COMPUTED);
	text_unref(r.text);
	text_unref(r.ncdu);
}

/* The result will be of this LIST; HEADs go on. */
static void
announce(struct job *job)
{
	if (job->is_announced || walk_goes_on(&job->walk))
		return;
	job->is_announced = true;
	if (job->o.on_listed)
		job->o.on_listed(job->o.arg);
}

/* The document was stale. */
static void
list_again(struct job *job)
{
	bool goes_on = walk_goes_on(&job->walk);

	enter(job, JOB_WALK);
	if (!goes_on)
		walk_begin(&job->walk, job->o.mode);
}

/* Neither the last document nor one in the bucket is wanted. */
static bool
is_forced(const struct job *job)
{
	return job->o.why_unread == WHY_NOCACHE ||
	       job->o.why_unread == WHY_REFRESH;
}

/* The LIST was without HEADs, and its figures are not those of the mode. */
static bool
was_only_check(const struct job *job)
{
	return job->state == JOB_CHECK && mode_has_heads(job->o.mode);
}

/* The LIST is complete, and it is known what lies in the cache. */
static void
conclude(struct job *job)
{
	switch (choose_document(&(struct candidates){
		.is_last_true = is_true(job, job->o.last),
		.is_forced = is_forced(job),
		.may_last_serve = job->may_last_serve,
		.is_last_fresher = job->o.is_last_fresher,
		.is_cached_true = is_true(job, job->cached),
		.has_computed =
			!was_only_check(job) && walk_is_complete(&job->walk),
	})) {
	case CHOOSE_LAST:
		take(job, job->o.last, RESULT_FROM_MEMORY);
		break;
	case CHOOSE_CACHED:
		take(job, job->cached, RESULT_HIT);
		break;
	case CHOOSE_COMPUTED:
		compute(job);
		break;
	case CHOOSE_NONE:
		if (was_only_check(job))
			list_again(job);
		else
			announce(job);
	}
}

/* The listing may be complete, and what lies in the cache be known. */
static void
conclude_if_listed(struct job *job)
{
	if (!walk_is_listed(&job->walk))
		return;
	job->done.listed.validation = *walk_validation(&job->walk);
	job->done.listed.newest = walk_newest(&job->walk);
	if (job->done.listed.took_ms < 0)
		job->done.listed.took_ms =
			date_mono_ms() - job->done.listed.began_at_ms;
	if (!job->is_decided)
		return;
	if (job->o.kind == JOB_PROBE)
		finish(job, &(struct err)ERR_INIT);
	else
		conclude(job);
}

static void
on_list_begins(void *arg, int64_t began_at_ms)
{
	struct job *job = arg;

	job->done.listed = (struct listed){ .began_at = date_now(),
					    .began_at_ms = began_at_ms,
					    .took_ms = -1 };
	tell_counts(job);
	if (job->o.on_list_begins)
		job->o.on_list_begins(job->o.arg);
}

static void
on_walk_step(void *arg, const struct err *err)
{
	struct job *job = arg;

	if (job->state == JOB_DONE) {
		release_if_idle(job);
	} else if (err) {
		fail(job, err);
	} else {
		made_progress(job);
		conclude_if_listed(job);
	}
}

/* --- the cached document --- */

/* It does not serve, whatever the LIST says: HEADs need not wait for that. */
static void
drop_expired(struct job *job)
{
	int64_t ttl_ms = job->o.env->limits->ttl_ms;

	job->was_expired = job->cached && job->state != JOB_RECALLING &&
			   result_is_older(job->cached, ttl_ms);
	if (job->was_expired)
		result_unref(steal(&job->cached));
}

static void
on_get(void *arg, const struct s3_answer *answer)
{
	struct job *job = arg;
	struct job_result *r = &job->done;
	struct document document = document_of(job);

	job->get = NULL;
	timer_disarm(job->o.env->timers, &job->get_limit);
	if (job->state == JOB_DONE) {
		release_if_idle(job);
		return;
	}
	if (answer->status) /* to give it up is no progress */
		made_progress(job);
	r->verdict = cache_read(answer, &document, &job->cached, &r->cache_err);
	if (job->cached)
		scan_expect(&job->walk.user,
			    job->cached->listed.validation.object_count);
	drop_expired(job);
	if (job->is_get_late && r->cache_err.code == ECANCELED)
		err_set(&r->cache_err, ETIMEDOUT, "no answer within %lld ms",
			(long long)job->o.env->limits->timeout_ms /
				CACHE_GET_PART);
	job->is_decided = true;
	job->may_last_serve =
		job->o.last && job->o.may_use_last(job->o.arg, r->verdict);
	if (job->state == JOB_RECALLING) {
		conclude_recall(job);
		return;
	}
	if (job->state == JOB_LOOKUP)
		enter(job, job->cached || job->may_last_serve ? JOB_CHECK
							      : JOB_WALK);
	conclude_if_listed(job);
}

/* It is of the listing that is told in it, whenever that was. */
static void
conclude_recall(struct job *job)
{
	const struct err *why = &job->done.cache_err;
	struct err err = ERR_INIT;

	if (job->cached) {
		job->done.result = result_new(job->cached);
		job->done.result->cost = cost_so_far(job);
		finish(job, &err);
		return;
	}
	if (job->done.verdict == CACHE_FAILED)
		err_copy(&err, why);
	else
		err_set(&err, ENODATA,
			"no result yet, and none is computed before a "
			"refresh%s%s",
			why->code ? ": " : "", why->code ? why->msg : "");
	fail(job, &err);
}

/* --- states --- */

static void
get_document(struct job *job)
{
	struct document document = document_of(job);

	job->get = cache_get(job->o.env->s3, &document, &job->get_traffic,
			     on_get, job);
	timer_arm(job->o.env->timers, &job->get_limit,
		  job->o.env->limits->timeout_ms / CACHE_GET_PART);
}

static void
enter_recalling(struct job *job)
{
	if (job->o.read_cache)
		get_document(job);
	else /* a completion never comes from inside */
		timer_arm(job->o.env->timers, &job->get_limit, 0);
}

static void
enter_lookup(struct job *job)
{
	get_document(job);
	walk_set_heads(&job->walk, WALK_HOLD);
	walk_begin(&job->walk, job->o.mode);
	/* no HEADs in either case: nothing to wait for */
	if (!mode_has_heads(job->o.mode))
		enter(job, JOB_CHECK);
}

/* Validation needs no HEADs. */
static void
enter_check(struct job *job)
{
	walk_set_heads(&job->walk, WALK_DROP);
}

static void
enter_walk(struct job *job)
{
	walk_set_heads(&job->walk, WALK_SEND);
}

static void
enter(struct job *job, enum state state)
{
	static void (*const enter_fns[])(struct job *) = {
		[JOB_LOOKUP] = enter_lookup, [JOB_CHECK] = enter_check,
		[JOB_WALK] = enter_walk,     [JOB_RECALLING] = enter_recalling,
		[JOB_DONE] = enter_done,
	};
	static const char *const names[] = { "lookup", "check", "walk",
					     "recalling", "done" };

	log_debug("job %s/%s: %s", job->o.bucket->name, mode_names[job->o.mode],
		  names[state]);
	job->state = state;
	enter_fns[state](job);
}

/* Nothing of ours in the bucket is asked for, if the user has said so. */
static bool
may_read_memo(const struct job_options *o)
{
	return o->kind == JOB_COMPUTE && o->why_unread != WHY_NOCACHE;
}

/*
 * That of the bucket, where figures are computed that may be remembered.  Who wants them
 * computed anew after some time wants to hear of metadata that no listing shows.
 */
static struct bucket_memo *
find_memo(const struct job_options *o)
{
	if (!o->env->memos || !may_read_memo(o) ||
	    (o->env->limits->ttl_ms > 0 && !o->is_anew) ||
	    !mode_has_heads(o->mode))
		return NULL;
	return bucket_memo_get(o->env->memos, o->bucket);
}

/* And what detailed has instead, where it can, and leaves for sampled, too. */
static struct block_memo *
find_block_memo(const struct job_options *o)
{
	if (!find_memo(o))
		return NULL;
	return block_memo_get(o->env->memos, o->bucket);
}

/* A refresh that may tell the memo nothing: what that knows is not believed any more. */
static void
note_silent_refresh(const struct job_options *o)
{
	struct memo_env *env = o->env->memos;
	bool is_silent = o->is_anew && o->why_unread == WHY_NOCACHE;
	struct bucket_memo *memo = NULL;
	struct block_memo *blocks = NULL;

	if (env && is_silent && mode_has_heads(o->mode))
		memo = bucket_memo_get(env, o->bucket);
	if (memo && o->mode == MODE_DETAILED)
		blocks = block_memo_get(env, o->bucket);
	if (blocks)
		block_memo_doubt(blocks);
	else if (memo)
		bucket_memo_doubt(memo);
}

/* Its figures are not those of the mode, or may become them. */
static enum mode
mode_of_check(const struct job *job)
{
	bool is_by_blocks = job->walk.may_go_by_blocks && job->walk.block_memo;

	if (!mode_has_heads(job->o.mode) || is_by_blocks)
		return job->o.mode;
	return MODE_QUICK;
}

struct job *
job_new(const struct job_options *o)
{
	struct job *job = xnew(struct job);
	struct timers *timers = o->env->timers;
	bool is_check;

	job->o = *o;
	result_ref(job->o.last);
	job->walk = (struct walk){ .env = o->env->scans,
				   .bucket = o->bucket,
				   .limits = o->env->limits,
				   .on_begin = on_list_begins,
				   .on_step = on_walk_step,
				   .memo = find_memo(o),
				   .block_memo = find_block_memo(o),
				   .may_go_by_blocks = o->mode == MODE_DETAILED,
				   .is_anew = o->is_anew,
				   .arg = job };
	note_silent_refresh(o);
	walk_init(&job->walk);
	job->walk.user.may_read_index = may_read_memo(o);
	o->env->n_jobs++;
	job->began_ms = date_mono_ms();
	made_progress(job);
	timer_init(&job->progress, on_no_progress, job);
	timer_init(&job->deadline, on_deadline, job);
	timer_init(&job->get_limit, on_get_limit, job);
	timer_arm(timers, &job->progress, o->env->limits->timeout_ms);
	if (o->env->limits->deadline_ms)
		timer_arm(timers, &job->deadline, o->env->limits->deadline_ms);
	if (o->kind == JOB_RECALL || o->read_cache) {
		enter(job, o->kind == JOB_RECALL ? JOB_RECALLING : JOB_LOOKUP);
		return job;
	}
	job->is_decided = true;
	job->may_last_serve = o->last != NULL;
	is_check = o->kind == JOB_PROBE || (o->last && !is_forced(job));
	enter(job, is_check ? JOB_CHECK : JOB_WALK);
	walk_begin(&job->walk, is_check ? mode_of_check(job) : o->mode);
	return job;
}

const struct validation *
job_validation(const struct job *job)
{
	return walk_is_listed(&job->walk) && job->is_decided
		       ? &job->done.listed.validation
		       : NULL;
}
