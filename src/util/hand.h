/* SPDX-License-Identifier: MIT */
/*
 * A second thread that lends a hand: it runs what its owner could run just as well, and
 * the owner runs whatever is not begun when it is wanted.  No work is left if the thread
 * gets no CPU: it is nicer than the others, and takes what they leave.  So a task that it
 * has begun may be long in its hands; who must not wait for that uses
 * hand_try_take_back().
 *
 * One owner, on one thread: all functions here are its.
 */
#ifndef UTIL_HAND_H
#define UTIL_HAND_H

#include "util/base.h"

/* Some work, embedded in what it is of. */
struct hand_task {
	void (*run)(struct hand_task *t); /* on either thread; must not block */
	struct hand_task *next; /* the hand's; then of hand_done() */
};

/*
 * Tasks that are run in order, one at a time, and each sees what those before it have
 * done.  Zeroed at first; all is the hand's.
 */
struct hand_row {
	struct hand_task *first, **end; /* that wait */
	bool is_running; /* one of it, on the thread */
	bool is_urgent; /* its end is waited for */
	struct hand_row *prev, *next; /* of those that can go on */
};

struct hand;

/* Its thread starts with the first task. */
struct hand *hand_new(void);
void hand_free(struct hand *h); /* all rows were taken back; NULL is fine */

/* The next one of the row. */
void hand_give(struct hand *h, struct hand_row *r, struct hand_task *t);

/* When this returns, all tasks of the row have been run. */
void hand_take_back(struct hand *h, struct hand_row *r);

/* The same, but false, at once, while the thread runs one of them. */
bool hand_try_take_back(struct hand *h, struct hand_row *r);

/* Whether its thread has nothing to do, and will not begin before more is given. */
bool hand_is_idle(struct hand *h);

/* Whether they have been; if not, this row is the next that the thread goes on with. */
bool hand_has_run(struct hand *h, struct hand_row *r);

/* Those that have been run since this was called, of all rows, in no order. */
struct hand_task *hand_done(struct hand *h);

#endif
