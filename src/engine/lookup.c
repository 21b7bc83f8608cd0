/* SPDX-License-Identifier: MIT */
/*
 * HeadBucket and ListBuckets for those who wait: see lookup.h.  Net thread only.
 */
#include "config.h"

#include "engine/lookup.h"

#include <errno.h>

#include <utlist.h>

#include "util/date.h"
#include "util/log.h"

/* How long somebody waits who could do with what is known already. */
#define PATIENCE_MS 300

struct lookup {
	struct lookup_env *env;
	char *name; /* NULL: ListBuckets */
	struct s3_call *head;
	struct bucket_lister *list;
	struct timer deadline, patience;
	int64_t patience_ends_ms; /* of who came first, so of all */
	bool is_late;
	struct waiter *waiters;
	struct lookup *prev, *next;
};

static void
finish(struct lookup *l, const struct err *err)
{
	struct err late;

	timer_disarm(l->env->timers, &l->deadline);
	timer_disarm(l->env->timers, &l->patience);
	DL_DELETE(l->env->lookups, l);
	if (l->is_late) {
		err_set(&late, ETIMEDOUT, "no answer for %lld ms",
			(long long)l->env->deadline_ms);
		err = &late;
	}
	if (err->code && err->code != ENOENT && err->code != ECANCELED)
		log_err("bucket=%s: %s (%s)", l->name ? l->name : "(all)",
			err->msg, strerror(err->code));
	waiters_complete(&l->waiters, NULL, err);
	free(l->name);
	free(l);
}

static void
on_head(void *arg, const struct s3_answer *answer)
{
	struct lookup *l = arg;
	struct buckets *b = l->env->buckets;

	if (answer->err.code == 0)
		buckets_set_there(b, l->name);
	else if (answer->err.code == ENOENT)
		buckets_set_not_there(b, l->name, BUCKET_IS_NOT);
	else if (answer->status == 403)
		buckets_set_not_there(b, l->name, BUCKET_IS_DENIED);
	finish(l, &answer->err);
}

static void
on_list(void *arg, char *const *names, size_t n, int status,
	const struct err *err)
{
	struct lookup *l = arg;

	if (err->code == 0)
		buckets_set_list(l->env->buckets, names, n);
	else if (status == 403) /* the store's word, not a want of keys */
		buckets_set_list_denied(l->env->buckets);
	finish(l, err);
}

static void
cancel(struct lookup *l)
{
	if (l->head)
		s3_cancel(l->head);
	else
		bucket_lister_stop(l->list);
}

static void
on_deadline(void *arg)
{
	struct lookup *l = arg;

	l->is_late = true;
	cancel(l);
}

static void
on_patience(void *arg)
{
	struct lookup *l = arg;
	struct waiter *w, *next;
	struct err err;

	err_set(&err, EAGAIN, "no answer for %d ms", PATIENCE_MS);
	DL_FOREACH_SAFE (l->waiters, w, next) {
		if (w->is_impatient)
			waiter_complete(w, NULL, &err);
	}
}

/* Somebody has waited long enough; the question goes on. */
static void
on_limit(void *arg)
{
	struct waiter *w = arg;
	struct err err;

	err_set(&err, ETIMEDOUT, "no answer yet");
	log_err("bucket=%s: %s (%s)",
		w->kind == WAIT_FOR_BUCKET ? w->name : "(all)", err.msg,
		strerror(err.code));
	waiter_complete(w, NULL, &err);
}

static struct lookup *
start(struct lookup_env *env, const char *name)
{
	struct lookup *l = xnew(struct lookup);

	l->env = env;
	l->name = name ? xstrdup(name) : NULL;
	timer_init(&l->deadline, on_deadline, l);
	timer_arm(env->timers, &l->deadline, env->deadline_ms);
	timer_init(&l->patience, on_patience, l);
	l->patience_ends_ms = date_mono_ms() + PATIENCE_MS;
	DL_APPEND(env->lookups, l);
	if (name)
		l->head = s3_head_bucket(env->s3, name, on_head, l);
	else
		l->list = s3_list_buckets(env->s3, on_list, l);
	return l;
}

void
lookup_add(struct lookup_env *env, struct waiter *w)
{
	const char *name = w->kind == WAIT_FOR_BUCKET ? w->name : NULL;
	struct lookup *l;

	DL_FOREACH (env->lookups, l) {
		if (name ? l->name && strcmp(l->name, name) == 0 : !l->name)
			break;
	}
	if (!l)
		l = start(env, name);
	waiter_move(w, &l->waiters);
	if (w->is_impatient)
		timer_arm(env->timers, &l->patience,
			  l->patience_ends_ms - date_mono_ms());
	waiter_limit(w, env->timers, env->limit_ms, on_limit);
}

void
lookup_stop(struct lookup_env *env)
{
	struct lookup *l;

	DL_FOREACH (env->lookups, l)
		cancel(l);
}
