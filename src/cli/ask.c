/* SPDX-License-Identifier: MIT */
/*
 * Questions to the engine: see ask.h.  Main thread, but for on_done().
 */
#include "config.h"

#include "cli/ask.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <utlist.h>

#include "cli/ends.h"
#include "util/lock.h"
#include "util/object.h"

/* Each may be listed in many ranges. */
#define BUCKETS_AT_ONCE 8
#define WAIT_MS 100 /* between two calls of on_wait() */
#define STORE_LOOK_MS 10 /* between two looks whether all is stored */

/* What is asked, of a bucket or of all. */
struct question {
	struct waiter w; /* the engine's, until on_done() */
	struct ask *ask;
	struct answer *answer; /* NULL: which buckets there are */
	struct look *look; /* of it; NULL: its statistics */
	struct question *next; /* in ask.done */
	/* what came of it */
	struct result *result;
	struct err err;
};

struct ask {
	struct ask_options o;
	struct answer *answers;
	size_t n, n_begun, n_running;
	struct err list_err;
	int wake_fd, signal_fd;

	/* under lock */
	pthread_mutex_t lock;
	struct question *done;
};

static void
add_done(struct ask *a, struct question *q)
{
	LOCKED(a);
	LL_PREPEND(a->done, q);
}

static struct question *
take_done(struct ask *a)
{
	LOCKED(a);
	return steal(&a->done);
}

/* Net thread. */
static void
on_done(struct waiter *w, struct result *r, const struct err *err)
{
	struct question *q = CONTAINER_OF(w, struct question, w);
	int wake_fd = q->ask->wake_fd;
	uint64_t one = 1;

	q->result = result_ref(r);
	if (err)
		q->err = *err;
	add_done(q->ask, q);
	/* can't fail: the counter is far from full */
	(void)!write(wake_fd, &one, sizeof(one));
}

static struct question *
question_new(struct ask *a, struct answer *answer)
{
	struct question *q = xnew(struct question);

	q->ask = a;
	q->answer = answer;
	q->w.on_done = on_done;
	return q;
}

static void
question_free(struct question *q)
{
	result_unref(q->result);
	free(q);
}

static void
post(struct question *q)
{
	q->ask->n_running++;
	if (q->answer)
		q->answer->n_left++;
	engine_post(q->ask->o.engine, &q->w);
}

static void
ask_for_list(struct ask *a)
{
	struct question *q = question_new(a, NULL);

	q->w.kind = WAIT_FOR_LIST;
	post(q);
}

static void
ask_for_stats(struct ask *a, struct answer *answer)
{
	struct question *q = question_new(a, answer);
	struct bucket *b = answer->bucket;

	if (a->o.is_refresh)
		atomic_fetch_add(&b->marked[a->o.mode], 1);
	if (a->o.is_nocache)
		atomic_store(&b->nocache, true);
	q->w.kind = WAIT_FOR_STATS;
	q->w.stats.bucket = b;
	q->w.stats.mode = a->o.mode;
	post(q);
}

static void
ask_for_object(struct ask *a, struct answer *answer, unsigned row)
{
	struct question *q = question_new(a, answer);

	q->look = &answer->looks[row];
	q->w.kind = a->o.kind == ASK_CACHE ? WAIT_FOR_LOOK : WAIT_FOR_REMOVAL;
	q->w.shelf.bucket = answer->bucket;
	q->w.shelf.row = row;
	q->w.shelf.look = &q->look->found;
	post(q);
}

static void
begin(struct ask *a, struct answer *answer)
{
	buckets_find(a->o.buckets, answer->name, &answer->bucket);
	if (!answer->bucket) { /* it was listed a moment ago */
		answer->is_done = true;
		return;
	}
	if (a->o.kind != ASK_REMOVAL)
		ask_for_stats(a, answer);
	for (unsigned row = 0; a->o.kind != ASK_STATS && row < SHELF_ROWS;
	     row++)
		if (a->o.rows & 1u << row)
			ask_for_object(a, answer, row);
}

static void
take_names(struct ask *a, char *const *names, size_t n)
{
	a->answers = xcalloc(n + 1, sizeof(*a->answers));
	a->n = n;
	for (size_t i = 0; i < n; i++)
		a->answers[i].name = xstrdup(names[i]);
}

static void
on_list(struct ask *a, const struct err *err)
{
	size_t n;
	char **names;

	a->list_err = *err;
	if (err->code)
		return;
	names = buckets_names(a->o.buckets, &n);
	take_names(a, names, n);
	for (size_t i = 0; i < n; i++)
		free(names[i]);
	free(names);
}

static void
on_answer(struct ask *a, struct question *q)
{
	struct answer *answer = q->answer;

	a->n_running--;
	if (q->w.kind == WAIT_FOR_LIST) {
		on_list(a, &q->err);
		return;
	}
	answer->is_done = --answer->n_left == 0;
	if (q->look) {
		q->look->is_answered = q->err.code == 0;
		q->look->err = q->err;
	} else {
		answer->result = steal(&q->result);
		answer->err = q->err;
	}
}

static void
take_answers(struct ask *a)
{
	struct question *done, *q, *next;
	uint64_t count;

	(void)!read(a->wake_fd, &count, sizeof(count));
	done = take_done(a);
	LL_FOREACH_SAFE (done, q, next) {
		on_answer(a, q);
		question_free(q);
	}
}

/* 0, or the signal of who does not want to wait. */
static int
wait_for_answers(struct ask *a)
{
	struct pollfd fds[] = { { .fd = a->wake_fd, .events = POLLIN },
				{ .fd = a->signal_fd, .events = POLLIN } };

	if (poll(fds, ARRAY_SIZE(fds), a->o.on_wait ? WAIT_MS : -1) == 0)
		a->o.on_wait(a->o.arg, a);
	if (fds[0].revents)
		take_answers(a);
	return fds[1].revents ? ends_read(a->signal_fd) : 0;
}

int
ask_wait_for_stores(struct ask *a)
{
	struct pollfd fd = { .fd = a->signal_fd, .events = POLLIN };
	int signal = 0;

	while (!signal && engine_is_storing(a->o.engine))
		if (poll(&fd, 1, STORE_LOOK_MS) > 0)
			signal = ends_read(a->signal_fd);
	return signal;
}

int
ask_run(struct ask *a, struct err *err)
{
	int signal = 0;

	if (!a->answers)
		ask_for_list(a);
	while (!signal) {
		while (a->n_begun < a->n && a->n_running < BUCKETS_AT_ONCE)
			begin(a, &a->answers[a->n_begun++]);
		if (a->n_running == 0)
			break;
		signal = wait_for_answers(a);
	}
	if (signal || a->list_err.code == 0)
		return signal;
	*err = a->list_err;
	return -err->code;
}

struct ask *
ask_new(const struct ask_options *o)
{
	struct ask *a = xnew(struct ask);

	a->o = *o;
	pthread_mutex_init(&a->lock, NULL);
	if (o->names)
		take_names(a, o->names, o->n_names);
	a->signal_fd = ends_open(false);
	a->wake_fd = eventfd(0, EFD_CLOEXEC);
	if (a->wake_fd < 0)
		die_no_memory();
	return a;
}

void
ask_free(struct ask *a)
{
	struct question *q, *next;

	if (!a)
		return;
	LL_FOREACH_SAFE (a->done, q, next) /* the engine was stopped */
		question_free(q);
	close(a->wake_fd);
	close(a->signal_fd);
	for (size_t i = 0; i < a->n; i++) {
		free(a->answers[i].name);
		result_unref(a->answers[i].result);
		for (unsigned row = 0; row < SHELF_ROWS; row++)
			result_unref(a->answers[i].looks[row].found.result);
	}
	free(a->answers);
	pthread_mutex_destroy(&a->lock);
	free(a);
}

const struct answer *
ask_answers(const struct ask *a, size_t *n)
{
	*n = a->n;
	return a->answers;
}
