/* SPDX-License-Identifier: MIT */
/*
 * Putting documents into the bucket: see writeback.h.  Net thread only.
 */
#include "config.h"

#include "engine/writeback.h"

#include <errno.h>

#include "util/date.h"
#include "util/log.h"

static void start(struct writeback *w, struct text *doc,
		  enum cache_verdict over);

void
writeback_saw(struct writeback *w, enum cache_verdict verdict,
	      const struct err *err)
{
	static const char *const what[] = {
		[CACHE_BAD] = "is no valid document and is ignored",
		[CACHE_FOREIGN] = "is another program's and is ignored",
		[CACHE_OTHER] = "is another mount's and is ignored",
		[CACHE_REFUSED] = "can't be read",
		[CACHE_FAILED] = "can't be read",
	};
	int64_t now = date_mono_ms();

	if (verdict >= ARRAY_SIZE(what) || !what[verdict] ||
	    w->warned_until_ms[verdict] > now)
		return;
	w->warned_until_ms[verdict] = now + HOUR_MS;
	log_warn("bucket=%s mode=%s: the cached document %s: %s", w->bucket,
		 mode_names[w->mode], what[verdict], err->msg);
}

/* It would be overwritten in turn. */
static bool
is_anothers(enum cache_verdict verdict)
{
	return verdict == CACHE_FOREIGN || verdict == CACHE_OTHER;
}

bool
writeback_is_wanted(const struct writeback_env *env,
		    const struct bucket *bucket)
{
	return env->policy == CACHE_POLICY_RW && !atomic_load(&bucket->nocache);
}

bool
writeback_may(const struct writeback *w, enum cache_verdict verdict)
{
	int64_t now = date_mono_ms();

	if (w->env->policy != CACHE_POLICY_RW)
		return false;
	if (verdict == CACHE_NOT_ASKED)
		return true;
	if (verdict == CACHE_REFUSED || verdict == CACHE_FAILED)
		return false;
	if (is_anothers(verdict) && w->foreign_until_ms > now)
		return false;
	return w->refused_until_ms <= now;
}

static bool
is_refusal(struct writeback *w, const struct s3_answer *answer)
{
	bool was_refused_before = w->was_bad_request, may_pass;

	w->was_bad_request = answer->status == 400;
	if (answer->err.code == EACCES)
		return true;
	if (answer->status < 400 ||
	    (answer->status == 400 && !was_refused_before))
		return false;
	s3_errno(answer->status, answer->error.code, false, &may_pass);
	return !may_pass;
}

/* The PUT has failed: no other for a while. */
static void
on_failure(struct writeback *w, const struct s3_answer *answer)
{
	const struct err *err = &answer->err;

	w->n_failed++;
	w->refused_until_ms =
		date_mono_ms() + (is_refusal(w, answer) ? HOUR_MS : MINUTE_MS);
	if (w->is_late)
		log_warn("bucket=%s mode=%s: the document can't be cached: "
			 "PUT not done within %lld ms",
			 w->bucket, mode_names[w->mode],
			 (long long)w->env->limits->timeout_ms);
	else if (err->code != ECANCELED)
		log_warn("bucket=%s mode=%s: the document can't be cached: %s",
			 w->bucket, mode_names[w->mode], err->msg);
}

static void
on_put(void *arg, const struct s3_answer *answer)
{
	struct writeback *w = arg;
	bool is_good = answer->err.code == 0;
	struct text *next CLEANUP(text_release) = steal(&w->waiting);

	w->call = NULL;
	timer_disarm(w->env->timers, &w->limit);
	w->env->n_running--;
	text_unref(steal(&w->running));
	if (is_good) {
		w->refused_until_ms = 0;
		w->was_bad_request = false;
	} else {
		on_failure(w, answer);
	}
	if (next && writeback_may(w, w->waiting_over)) {
		start(w, steal(&next), w->waiting_over);
		return;
	}
	w->is_stored = is_good && !next;
	w->on_done(w->arg);
}

static void
on_limit(void *arg)
{
	struct writeback *w = arg;

	w->is_late = true;
	s3_cancel(w->call);
}

/* Takes the reference. */
static void
start(struct writeback *w, struct text *doc, enum cache_verdict over)
{
	w->running = doc;
	w->is_late = false;
	w->traffic = (struct traffic){ 0 };
	if (is_anothers(over))
		w->foreign_until_ms = date_mono_ms() + HOUR_MS;
	w->env->n_running++;
	timer_arm(w->env->timers, &w->limit, w->env->limits->timeout_ms);
	w->call = cache_put(
		w->env->s3,
		&(struct cache_put){ .bucket = w->bucket,
				     .key = cache_key(w->mode),
				     .type = "application/json",
				     .body = doc->data,
				     .body_len = doc->len,
				     .traffic = &w->traffic,
				     .sse = w->env->sse,
				     .sse_kms_key_id = w->env->sse_kms_key_id },
		on_put, w);
}

void
writeback_put(struct writeback *w, struct text *doc, enum cache_verdict over)
{
	w->is_stored = false;
	if (!w->running) {
		start(w, text_ref(doc), over);
		return;
	}
	text_unref(steal(&w->waiting));
	if (doc == w->running)
		return; /* on its way already, and newer than what waited */
	w->waiting = text_ref(doc);
	w->waiting_over = over;
}

void
writeback_stop(struct writeback *w)
{
	text_unref(steal(&w->waiting));
	timer_disarm(w->env->timers, &w->limit);
	if (w->call)
		s3_cancel(w->call);
}

void
writeback_init(struct writeback *w, struct writeback_env *env,
	       const char *bucket, enum mode mode)
{
	*w = (struct writeback){ .env = env, .bucket = bucket, .mode = mode };
	timer_init(&w->limit, on_limit, w);
}
