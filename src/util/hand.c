/* SPDX-License-Identifier: MIT */
/*
 * A second thread that lends a hand: see hand.h.  hand_thread() and what it calls run on
 * that thread; all else on the owner's.
 */
#include "config.h"

#include "util/hand.h"

#include <sys/resource.h>
#include <utlist.h>

#include "util/lock.h"
#include "util/thread.h"

#define NICE 10

/*
 * To wake a thread costs as much as a small task.  So it sleeps until some wait; what is
 * wanted before that the owner runs itself.
 */
#define TASKS_TO_WAKE 4

struct hand {
	pthread_t thread; /* the owner's, as is: */
	bool has_thread, has_failed; /* no thread was to be had */
	pthread_mutex_t lock;
	pthread_cond_t may_go_on; /* the thread */
	pthread_cond_t has_run; /* a task, and the owner waits for it */
	struct hand_row *rows; /* that can go on, in turn */
	unsigned n_waiting; /* tasks, of all rows */
	struct hand_task *done;
	bool is_asleep, is_waited_for, is_over;
};

/* It can go on.  With the lock. */
static void
queue(struct hand *h, struct hand_row *r)
{
	if (r->is_urgent)
		DL_PREPEND(h->rows, r);
	else
		DL_APPEND(h->rows, r);
}

/* With the lock, which others may have meanwhile. */
static void
run_first(struct hand *h, struct hand_row *r)
{
	struct hand_task *t = r->first;

	DL_DELETE(h->rows, r);
	r->first = t->next;
	r->is_running = true;
	h->n_waiting--;
	pthread_mutex_unlock(&h->lock);
	t->run(t);
	pthread_mutex_lock(&h->lock);
	LL_PREPEND(h->done, t);
	r->is_running = false;
	if (r->first)
		queue(h, r);
	if (h->is_waited_for)
		pthread_cond_signal(&h->has_run);
}

static void *
hand_thread(void *arg)
{
	struct hand *h = arg;
	LOCKED(h);

	setpriority(PRIO_PROCESS, 0, NICE); /* on Linux: of this thread */
	while (!h->is_over) {
		if (h->rows) {
			run_first(h, h->rows);
			continue;
		}
		h->is_asleep = true;
		while (h->is_asleep)
			pthread_cond_wait(&h->may_go_on, &h->lock);
	}
	return NULL;
}

struct hand *
hand_new(void)
{
	struct hand *h = xnew(struct hand);

	pthread_mutex_init(&h->lock, NULL);
	pthread_cond_init(&h->may_go_on, NULL);
	pthread_cond_init(&h->has_run, NULL);
	return h;
}

/* With the lock. */
static void
wake(struct hand *h)
{
	if (h->is_asleep)
		pthread_cond_signal(&h->may_go_on);
	h->is_asleep = false;
}

static void
end_thread(struct hand *h)
{
	LOCKED(h);
	h->is_over = true;
	wake(h);
}

void
hand_free(struct hand *h)
{
	if (!h)
		return;
	if (h->has_thread) {
		end_thread(h);
		pthread_join(h->thread, NULL);
	}
	pthread_cond_destroy(&h->has_run);
	pthread_cond_destroy(&h->may_go_on);
	pthread_mutex_destroy(&h->lock);
	free(h);
}

static void
start_thread(struct hand *h)
{
	if (h->has_thread || h->has_failed)
		return;
	h->has_failed = thread_start(&h->thread, hand_thread, h) != 0;
	h->has_thread = !h->has_failed;
}

void
hand_give(struct hand *h, struct hand_row *r, struct hand_task *t)
{
	start_thread(h);
	LOCKED(h);
	if (!r->first) {
		r->end = &r->first;
		if (!r->is_running)
			queue(h, r);
	}
	t->next = NULL;
	*r->end = t;
	r->end = &t->next;
	if (++h->n_waiting >= TASKS_TO_WAKE)
		wake(h);
}

/* What of the row was not begun.  With the lock. */
static struct hand_task *
withdraw(struct hand *h, struct hand_row *r)
{
	struct hand_task *t;

	if (r->first && !r->is_running)
		DL_DELETE(h->rows, r);
	LL_FOREACH (r->first, t)
		h->n_waiting--;
	r->is_urgent = false;
	return steal(&r->first);
}

static struct hand_task *
withdraw_and_wait(struct hand *h, struct hand_row *r)
{
	/* first, or the thread goes on with it while its end is waited for */
	struct hand_task *first;
	LOCKED(h);

	first = withdraw(h, r);
	h->is_waited_for = true;
	while (r->is_running)
		pthread_cond_wait(&h->has_run, &h->lock);
	h->is_waited_for = false;
	return first;
}

static void
note_done(struct hand *h, struct hand_task *first)
{
	LOCKED(h);
	LL_CONCAT(h->done, first);
}

static void
run_all(struct hand *h, struct hand_task *first)
{
	struct hand_task *t;

	LL_FOREACH (first, t)
		t->run(t);
	if (first)
		note_done(h, first);
}

void
hand_take_back(struct hand *h, struct hand_row *r)
{
	run_all(h, withdraw_and_wait(h, r));
}

static bool
withdraw_unless_running(struct hand *h, struct hand_row *r,
			struct hand_task **out)
{
	LOCKED(h);

	if (r->is_running)
		return false;
	*out = withdraw(h, r);
	return true;
}

bool
hand_try_take_back(struct hand *h, struct hand_row *r)
{
	struct hand_task *first;

	if (!withdraw_unless_running(h, r, &first))
		return false;
	run_all(h, first);
	return true;
}

bool
hand_is_idle(struct hand *h)
{
	LOCKED(h);
	return !h->has_thread || h->is_asleep;
}

bool
hand_has_run(struct hand *h, struct hand_row *r)
{
	LOCKED(h);

	if (!r->first && !r->is_running)
		return true;
	if (r->first && !r->is_running && !r->is_urgent) {
		DL_DELETE(h->rows, r);
		DL_PREPEND(h->rows, r);
	}
	r->is_urgent = true;
	return false;
}

struct hand_task *
hand_done(struct hand *h)
{
	LOCKED(h);
	return steal(&h->done);
}
