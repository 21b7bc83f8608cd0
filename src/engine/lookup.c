/* SPDX-License-Identifier: MIT */
/*
 * Questions about buckets for those who wait: see lookup.h.  Net thread only.
 */
#include "config.h"

#include "engine/lookup.h"

#include <errno.h>

#include <utlist.h>

#include "util/date.h"
#include "util/log.h"

/* How long somebody waits who could be answered from what is known already. */
#define PATIENCE_MS 300

struct lookup {
	struct lookup_env *env;
	char *name; /* NULL: ListBuckets */
	struct bucket_check *check;
	struct bucket_lister *list;
	struct timer deadline, patience;
	int64_t patience_ends_ms; /* of who came first, so of all */
	unsigned n_stale; /* of a list: names that are being asked for again */
	struct err err; /* and how the list ended */
	bool is_late;
	int status; /* of HTTP, in answer to the question; 0: none came */
	struct waiter *waiters;
	struct lookup *prev, *next;
};

/* Whether the store has said something, be it no. */
static bool
is_answer(const struct err *err, int status)
{
	return err->code == 0 || err->code == ECANCELED || status / 100 == 4;
}

static void
finish(struct lookup *l, const struct err *err)
{
	struct err late;

	timer_disarm(l->env->timers, &l->deadline);
	timer_disarm(l->env->timers, &l->patience);
	DL_DELETE(l->env->lookups, l);
	if (l->is_late) {
		err_set(&late, ETIMEDOUT, "no answer for %lld ms",
			(long long)l->env->limits->connect_timeout_ms);
		err = &late;
	}
	if (!is_answer(err, l->status))
		buckets_set_silent(l->env->buckets);
	if (err->code && err->code != ENOENT && err->code != ECANCELED)
		log_err("bucket=%s: %s (%s)", l->name ? l->name : "(all)",
			err->msg, strerror(err->code));
	waiters_complete(&l->waiters, NULL, err);
	free(l->name);
	free(l);
}

static void
on_check(void *arg, const struct s3_answer *answer)
{
	struct lookup *l = arg;
	struct buckets *b = l->env->buckets;

	l->check = NULL;
	l->status = answer->status;
	if (answer->err.code == 0)
		buckets_set_there(b, l->name);
	else if (answer->err.code == ENOENT)
		buckets_set_not_there(b, l->name, BUCKET_IS_NOT);
	else if (answer->status == 403)
		buckets_set_not_there(b, l->name, BUCKET_IS_DENIED);
	finish(l, &answer->err);
}

/* A name that a list waits for. */
struct stale {
	struct waiter w;
	struct lookup *list;
};

static void
on_stale_done(struct waiter *w, struct result *r, const struct err *err)
{
	struct stale *stale = CONTAINER_OF(w, struct stale, w);
	struct lookup *list = stale->list;

	(void)r;
	(void)err;
	free(stale);
	if (--list->n_stale == 0)
		finish(list, &list->err);
}

static struct lookup *find_or_start(struct lookup_env *env, const char *name);

/*
 * No list of the account's buckets tells whether those of others that were reached
 * by name are still there: they are asked for one by one.
 */
static void
ask_stale(struct lookup *l)
{
	size_t n;
	char **names = buckets_stale_names(l->env->buckets, &n);

	l->n_stale = (unsigned)n;
	for (size_t i = 0; i < n; i++) {
		struct stale *stale = xnew(struct stale);

		stale->list = l;
		stale->w.kind = WAIT_FOR_BUCKET;
		stale->w.on_done = on_stale_done;
		waiter_move(&stale->w,
			    &find_or_start(l->env, names[i])->waiters);
		free(names[i]);
	}
	free(names);
}

static void
on_list(void *arg, char *const *names, size_t n, int status,
	const struct err *err)
{
	struct lookup *l = arg;
	bool is_denied;

	l->list = NULL;
	l->status = status;
	l->err = *err;
	/* the store's word, not a want of keys */
	is_denied = status == 403 && err->code && err->code != ECANCELED;
	if (err->code == 0)
		buckets_set_list(l->env->buckets, names, n);
	else if (is_denied)
		buckets_set_list_denied(l->env->buckets);
	if (err->code == 0 || is_denied)
		ask_stale(l);
	if (l->n_stale == 0)
		finish(l, err);
	else /* each name has its own */
		timer_disarm(l->env->timers, &l->deadline);
}

static void
cancel(struct lookup *l)
{
	if (l->check)
		bucket_check_stop(l->check);
	if (l->list)
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
	buckets_set_silent(l->env->buckets);
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
	l->name = xstrdup_or_null(name);
	timer_init(&l->deadline, on_deadline, l);
	timer_arm(env->timers, &l->deadline, env->limits->connect_timeout_ms);
	timer_init(&l->patience, on_patience, l);
	l->patience_ends_ms = date_mono_ms() + PATIENCE_MS;
	DL_APPEND(env->lookups, l);
	if (name)
		l->check = bucket_check_start(env->s3, name, on_check, l);
	else
		l->list = s3_list_buckets(env->s3, on_list, l);
	return l;
}

static struct lookup *
find_or_start(struct lookup_env *env, const char *name)
{
	struct lookup *l;

	DL_FOREACH (env->lookups, l) {
		if (name ? l->name && strcmp(l->name, name) == 0 : !l->name)
			return l;
	}
	return start(env, name);
}

void
lookup_add(struct lookup_env *env, struct waiter *w)
{
	const char *name = w->kind == WAIT_FOR_BUCKET ? w->name : NULL;
	struct lookup *l = find_or_start(env, name);

	waiter_move(w, &l->waiters);
	if (w->is_impatient)
		timer_arm(env->timers, &l->patience,
			  l->patience_ends_ms - date_mono_ms());
	if (!w->is_background) /* it has the question's own deadline */
		waiter_limit(w, env->timers, limits_wait_ms(env->limits),
			     on_limit);
}

void
lookup_stop(struct lookup_env *env)
{
	struct lookup *l;

	DL_FOREACH (env->lookups, l)
		cancel(l);
}
