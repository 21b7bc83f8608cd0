/* SPDX-License-Identifier: MIT */
/*
 * Putting documents into the bucket: see store.h.  Net thread only.
 */
#include "config.h"

#include "engine/store.h"

#include <errno.h>

#include "util/date.h"
#include "util/log.h"

static void start(struct store *s, struct text *doc, enum cache_verdict over);

void
store_saw(struct store *s, enum cache_verdict verdict, const struct err *err)
{
	static const char *const what[] = {
		[CACHE_BAD] = "is no valid document and is ignored",
		[CACHE_FOREIGN] = "is another program's and is ignored",
		[CACHE_REFUSED] = "can't be read",
		[CACHE_FAILED] = "can't be read",
	};
	int64_t now = date_mono_ms();

	if (verdict >= ARRAY_SIZE(what) || !what[verdict] ||
	    s->warned_until_ms[verdict] > now)
		return;
	s->warned_until_ms[verdict] = now + HOUR_MS;
	log_warn("bucket=%s mode=%s: the cached document %s: %s", s->bucket,
		 mode_names[s->mode], what[verdict], err->msg);
}

bool
store_may(const struct store *s, enum cache_verdict verdict)
{
	int64_t now = date_mono_ms();

	if (s->env->policy != CACHE_POLICY_RW)
		return false;
	if (verdict == CACHE_NOT_ASKED)
		return true;
	if (verdict == CACHE_REFUSED || verdict == CACHE_FAILED)
		return false;
	if (verdict == CACHE_FOREIGN && s->foreign_until_ms > now)
		return false;
	return s->refused_until_ms <= now;
}

static bool
is_refusal(struct store *s, const struct s3_answer *answer)
{
	bool is_again = s->was_bad_request, may_pass;

	s->was_bad_request = answer->status == 400;
	if (answer->err.code == EACCES)
		return true;
	if (answer->status < 400 || (answer->status == 400 && !is_again))
		return false;
	s3_errno(answer->status, answer->error.code, false, &may_pass);
	return !may_pass;
}

/* The PUT has failed: no other for a while. */
static void
on_failure(struct store *s, const struct s3_answer *answer)
{
	const struct err *err = &answer->err;

	s->refused_until_ms =
		date_mono_ms() + (is_refusal(s, answer) ? HOUR_MS : MINUTE_MS);
	if (s->is_late)
		log_warn("bucket=%s mode=%s: the document can't be cached: "
			 "PUT not done within %lld ms",
			 s->bucket, mode_names[s->mode],
			 (long long)s->env->limits->timeout_ms);
	else if (err->code != ECANCELED)
		log_warn("bucket=%s mode=%s: the document can't be cached: %s",
			 s->bucket, mode_names[s->mode], err->msg);
}

static void
on_put(void *arg, const struct s3_answer *answer)
{
	struct store *s = arg;
	bool is_good = answer->err.code == 0;
	struct text *next CLEANUP(text_release) = steal(&s->waiting);

	s->call = NULL;
	timer_disarm(s->env->timers, &s->limit);
	s->env->n_running--;
	text_unref(steal(&s->running));
	if (is_good) {
		s->refused_until_ms = 0;
		s->was_bad_request = false;
	} else {
		on_failure(s, answer);
	}
	if (next && store_may(s, s->waiting_over)) {
		start(s, steal(&next), s->waiting_over);
		return;
	}
	s->is_stored = is_good && !next;
	s->on_done(s->arg);
}

static void
on_limit(void *arg)
{
	struct store *s = arg;

	s->is_late = true;
	s3_cancel(s->call);
}

/* Takes the reference. */
static void
start(struct store *s, struct text *doc, enum cache_verdict over)
{
	s->running = doc;
	s->is_late = false;
	s->traffic = (struct traffic){ 0 };
	if (over == CACHE_FOREIGN)
		s->foreign_until_ms = date_mono_ms() + HOUR_MS;
	s->env->n_running++;
	timer_arm(s->env->timers, &s->limit, s->env->limits->timeout_ms);
	s->call = cache_put(
		s->env->s3,
		&(struct cache_put){ .bucket = s->bucket,
				     .mode = s->mode,
				     .doc = doc,
				     .traffic = &s->traffic,
				     .sse = s->env->sse,
				     .sse_kms_key_id = s->env->sse_kms_key_id },
		on_put, s);
}

void
store_put(struct store *s, struct text *doc, enum cache_verdict over)
{
	s->is_stored = false;
	if (!s->running) {
		start(s, text_ref(doc), over);
		return;
	}
	text_unref(steal(&s->waiting));
	if (doc == s->running)
		return; /* on its way already, and newer than what waited */
	s->waiting = text_ref(doc);
	s->waiting_over = over;
}

void
store_stop(struct store *s)
{
	text_unref(steal(&s->waiting));
	timer_disarm(s->env->timers, &s->limit);
	if (s->call)
		s3_cancel(s->call);
}

void
store_init(struct store *s, struct store_env *env, const char *bucket,
	   enum mode mode)
{
	*s = (struct store){ .env = env, .bucket = bucket, .mode = mode };
	timer_init(&s->limit, on_limit, s);
}
