/* SPDX-License-Identifier: MIT */
/*
 * A hand: whatever thread runs them, tasks of a row are run in order, each once, and all
 * are when the row was taken back.  ThreadSanitizer looks whether each sees what those
 * before it have done.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "util/hand.h"

#define ROWS 5
#define TASKS 40 /* of each */
#define ROUNDS 200

struct work;

struct step {
	struct hand_task task; /* first */
	struct work *work;
	unsigned number;
};

/* Done by one thread after the other, without a lock of its own. */
struct work {
	struct hand_row row;
	struct step steps[TASKS];
	unsigned n_given, n_run;
	bool is_in_order;
	atomic_uint *n_ended; /* of several; NULL: nobody counts */
	unsigned place; /* among those */
};

static void
run_step(struct hand_task *t)
{
	struct step *s = (struct step *)t;

	s->work->is_in_order &= s->number == s->work->n_run;
	if (++s->work->n_run == TASKS && s->work->n_ended)
		s->work->place = ++*s->work->n_ended;
}

static void
work_init(struct work *w)
{
	*w = (struct work){ .is_in_order = true };
	for (unsigned i = 0; i < TASKS; i++)
		w->steps[i] = (struct step){ { .run = run_step }, w, i };
}

static void
give(struct hand *h, struct work *w)
{
	if (w->n_given < TASKS)
		hand_give(h, &w->row, &w->steps[w->n_given++].task);
}

static void
assert_all_run(struct hand *h, struct work *w)
{
	hand_take_back(h, &w->row);
	assert_int_equal(w->n_run, w->n_given);
	assert_true(w->is_in_order);
}

static unsigned
count_done(struct hand *h)
{
	unsigned n = 0;

	for (const struct hand_task *t = hand_done(h); t; t = t->next)
		n++;
	return n;
}

/* Rows that are filled in turn, and taken back when it suits. */
static void
test_rows(void **state)
{
	static struct work works[ROWS];
	struct hand *h = hand_new();
	unsigned seed = 1;

	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned n = 0;

		for (size_t i = 0; i < ROWS; i++)
			work_init(&works[i]);
		for (unsigned i = 0; i < 2 * ROWS * TASKS; i++) {
			seed = seed * 1103515245 + 12345;
			give(h, &works[(seed >> 8) % ROWS]);
			if ((seed >> 16) % 16 == 0)
				assert_all_run(h, &works[(seed >> 20) % ROWS]);
		}
		for (size_t i = 0; i < ROWS; i++) {
			assert_all_run(h, &works[i]);
			n += works[i].n_given;
		}
		assert_int_equal(count_done(h), n);
	}
	hand_free(h);
}

/* A single one is not worth a thread's waking, and is run all the same. */
static void
test_single(void **state)
{
	struct hand *h = hand_new();
	struct work w;

	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		work_init(&w);
		give(h, &w);
		assert_all_run(h, &w);
		assert_int_equal(w.n_run, 1);
		assert_int_equal(count_done(h), 1);
		assert_all_run(h, &w); /* nothing is left */
	}
	hand_free(h);
}

struct slow {
	struct hand_task task; /* first */
	struct slows *all;
	pthread_t by;
};

/*
 * The first one runs until somebody waits for it, or nearly.  Where the owner is kept
 * from that, each one after it takes as much longer: it would be a quarter of a minute
 * until the thread came to the last one.
 */
struct slows {
	struct hand_row row;
	struct slow tasks[TASKS];
	pthread_t owner;
	atomic_bool is_begun;
};

static void
run_slow(struct hand_task *t)
{
	struct slow *s = (struct slow *)t;

	s->by = pthread_self();
	atomic_store(&s->all->is_begun, true);
	if (!pthread_equal(s->by, s->all->owner))
		usleep(20 * 1000 * (useconds_t)(s - s->all->tasks + 1));
}

/* Of a row that the owner wants, the thread ends the task that it has begun, no more. */
static void
test_withdrawn(void **state)
{
	struct hand *h = hand_new();
	struct slows all = { .owner = pthread_self() };

	(void)state;
	for (unsigned i = 0; i < TASKS; i++) {
		all.tasks[i] = (struct slow){ { .run = run_slow }, &all, 0 };
		hand_give(h, &all.row, &all.tasks[i].task);
	}
	while (!atomic_load(&all.is_begun))
		usleep(100);
	hand_take_back(h, &all.row);
	assert_false(pthread_equal(all.tasks[0].by, pthread_self()));
	assert_true(pthread_equal(all.tasks[TASKS - 1].by, pthread_self()));
	assert_int_equal(count_done(h), TASKS);
	hand_free(h);
}

/* It may never have had anything to do. */
static void
test_idle(void **state)
{
	struct hand *h = hand_new();
	struct hand_row row = { 0 };

	(void)state;
	hand_take_back(h, &row);
	assert_null(hand_done(h));
	hand_free(h);
	hand_free(NULL);
}

/* Runs until it is told to end. */
struct held {
	struct hand_task task; /* first */
	struct hand_row row;
	atomic_bool is_begun, may_end;
};

static void
run_held(struct hand_task *t)
{
	struct held *b = (struct held *)t;

	atomic_store(&b->is_begun, true);
	while (!atomic_load(&b->may_end))
		usleep(100);
}

/* The thread is busy with it, and `w` waits behind it, in its row or in another one. */
static void
begin_held(struct hand *h, struct held *b, struct hand_row *r, struct work *w)
{
	*b = (struct held){ .task.run = run_held };
	work_init(w);
	hand_give(h, r ? r : &b->row, &b->task);
	while (w->n_given < TASKS)
		give(h, w);
	while (!atomic_load(&b->is_begun))
		usleep(100);
}

/* What the thread is at is not waited for; what it is not at the owner runs. */
static void
test_tried(void **state)
{
	static struct work w;
	static struct held b;
	struct hand *h = hand_new();

	(void)state;
	begin_held(h, &b, &w.row, &w);
	assert_false(hand_has_run(h, &w.row));
	assert_false(hand_try_take_back(h, &w.row));
	atomic_store(&b.may_end, true);
	while (!hand_try_take_back(h, &w.row))
		usleep(100);
	assert_true(hand_has_run(h, &w.row));
	assert_all_run(h, &w);
	assert_int_equal(count_done(h), TASKS + 1);
	hand_free(h);
}

/* The row whose end is waited for goes before those that were first. */
static void
test_urgent(void **state)
{
	static struct work works[3];
	static struct held b;
	struct hand *h = hand_new();
	atomic_uint n_ended = 0;

	(void)state;
	begin_held(h, &b, NULL, &works[0]);
	for (size_t i = 1; i < 3; i++) {
		work_init(&works[i]);
		while (works[i].n_given < TASKS)
			give(h, &works[i]);
	}
	for (size_t i = 0; i < 3; i++)
		works[i].n_ended = &n_ended;
	assert_false(hand_has_run(h, &works[1].row));
	atomic_store(&b.may_end, true);
	while (!hand_has_run(h, &works[1].row))
		usleep(100);
	hand_take_back(h, &works[0].row);
	hand_take_back(h, &works[2].row);
	assert_true(works[1].place < works[0].place);
	assert_true(works[1].place < works[2].place);
	hand_free(h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),	  cmocka_unit_test(test_single),
		cmocka_unit_test(test_withdrawn), cmocka_unit_test(test_tried),
		cmocka_unit_test(test_urgent),	  cmocka_unit_test(test_idle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
