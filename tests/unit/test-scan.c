/* SPDX-License-Identifier: MIT */
/*
 * One LIST for several: who meets in it, what each is given, who waits for whom,
 * and what happens to those who can't keep up, who leave, and to all when it fails
 * or is begun again; and when the memo's index is read for its keys.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "brief.h"
#include "engine-fixture.h"
#include "engine/buckets.h"
#include "engine/bucket-memo.h"
#include "engine/index-read.h"
#include "engine/ours.h"
#include "list/page.h"
#include "stats/memo-index.h"
#include "util/date.h"

#define N_USERS 6
#define N_OBJECTS 6
#define N_STEPS 300
#define N_SEEDS 300

struct user {
	struct scan_user u;
	struct run *run;
	enum scan_room room;
	bool stays; /* when it is held up: it has room then */
	unsigned n_begun, n_keys, n_steps, n_held_up, n_ended;
	int code; /* of the end */
	int64_t began_at_ms;
	unsigned seen; /* bits: sizes of objects, since it began */
};

struct run {
	struct fixture fx;
	struct user users[N_USERS];
	int64_t ms_between; /* two users who are told that it begins */
};

/* --- users --- */

static void
on_begin(void *arg, int64_t began_at_ms)
{
	struct user *x = arg;

	x->began_at_ms = began_at_ms;
	fake_clock_advance(x->run->ms_between);
	x->n_begun++;
	x->seen = 0;
	x->n_keys = 0;
}

static void *
on_range(void *arg, const char *after, size_t after_len, bool is_ordered)
{
	(void)after;
	(void)after_len;
	(void)is_ordered;
	return arg;
}

static void
on_page(void *arg, void *range, const struct list_page *page)
{
	struct user *x = arg;

	assert_ptr_equal(range, x);
	for (size_t i = 0; i < page->n_objects; i++) {
		x->n_keys++;
		x->seen |= 1U << page->objects[i].size;
	}
}

static void
on_range_end(void *arg, void *range)
{
	assert_ptr_equal(range, arg);
}

static enum scan_room
room(void *arg, unsigned in_flight)
{
	const struct user *x = arg;

	(void)in_flight;
	return x->room;
}

static void
on_step(void *arg)
{
	struct user *x = arg;

	x->n_steps++;
}

static void join(struct user *x, enum scan_lane lane);

static void
on_hold_up(void *arg)
{
	struct user *x = arg;

	x->n_held_up++;
	if (x->stays) {
		x->room = SCAN_HAS_ROOM;
		return;
	}
	scan_leave(&x->u);
	x->room = SCAN_HAS_ROOM;
	join(x, SCAN_SLOW);
}

static void
on_end(void *arg, const struct err *err)
{
	struct user *x = arg;

	assert_null(x->u.scan);
	x->n_ended++;
	x->code = err ? err->code : 0;
	assert_true(!err || err->code);
}

static const struct scan_events events = {
	on_begin, on_range, on_page,	on_range_end,
	room,	  on_step,  on_hold_up, on_end,
};

static void
join(struct user *x, enum scan_lane lane)
{
	x->u.events = &events;
	x->u.arg = x;
	x->n_begun = 0;
	scan_join(&x->run->fx.scans, x->run->fx.bucket, lane, &x->u);
	assert_int_equal(x->n_begun, 0); /* never from inside */
}

/* --- the world --- */

static void
run_init_with(struct run *run, unsigned connections)
{
	static const char *const pages[] = { "a=1", "b=2", "c=3",
					     "d=4", "e=5", "f=6" };

	*run = (struct run){ .users = { { .run = NULL } } };
	fixture_init_with(&run->fx, connections);
	for (size_t i = 0; i < N_OBJECTS; i++)
		run->fx.store.pages[i] = pages[i];
	for (size_t i = 0; i < N_USERS; i++)
		run->users[i].run = run;
}

static void
run_init(struct run *run)
{
	run_init_with(run, FIXTURE_CONNECTIONS);
}

static void
run_clear(struct run *run)
{
	for (size_t i = 0; i < N_USERS; i++)
		scan_leave(&run->users[i].u);
	fixture_settle(&run->fx);
	fixture_clear(&run->fx);
}

static struct user *
join_shared(struct run *run, size_t i)
{
	join(&run->users[i], SCAN_SHARED);
	return &run->users[i];
}

/* It has been given all, once. */
static void
assert_complete(const struct user *x)
{
	assert_int_equal(x->n_ended, 1);
	assert_int_equal(x->code, 0);
	assert_true(x->n_begun > 0);
	assert_int_equal(x->n_keys, N_OBJECTS);
	assert_int_equal(x->seen, (1U << (N_OBJECTS + 1)) - 2);
}

static unsigned
n_lists(struct run *run)
{
	return fixture_seen(&run->fx, LIST);
}

/* --- who meets whom --- */

static void
test_one_for_all(void **state)
{
	struct run run;
	unsigned alone;

	(void)state;
	run_init(&run);
	join_shared(&run, 0);
	fixture_run(&run.fx);
	assert_complete(&run.users[0]);
	alone = n_lists(&run);
	for (size_t i = 1; i < N_USERS; i++)
		join_shared(&run, i);
	fixture_run(&run.fx);
	for (size_t i = 1; i < N_USERS; i++) {
		assert_complete(&run.users[i]);
		assert_int_equal(run.users[i].n_begun, 1);
	}
	assert_true(n_lists(&run) - alone <= alone);
	run_clear(&run);
}

/* Whoever compares results by the time of their LIST sees that it was the same. */
static void
test_one_time(void **state)
{
	struct run run;

	(void)state;
	run_init(&run);
	run.ms_between = 1;
	for (size_t i = 0; i < N_USERS; i++)
		join_shared(&run, i);
	fixture_run(&run.fx);
	for (size_t i = 0; i < N_USERS; i++) {
		assert_complete(&run.users[i]);
		assert_int_equal(run.users[i].began_at_ms,
				 run.users[0].began_at_ms);
	}
	assert_true(run.users[0].began_at_ms > 0);
	run_clear(&run);
}

/* The first waits a moment; who comes then makes it longer, until all are there. */
static void
test_gather(void **state)
{
	static const struct {
		int64_t at[3]; /* when they join */
		int64_t begins; /* the first LIST */
		unsigned n_met;
	} cases[] = {
		{ { 0, 0, 0 }, 0, 3 },	  { { 0, 9, 28 }, 28, 3 },
		{ { 0, 9, 30 }, 29, 2 },  { { 0, 11, 11 }, 10, 1 },
		{ { 0, 90, 90 }, 10, 1 },
	};

	(void)state;
	for (size_t c = 0; c < ARRAY_SIZE(cases); c++) {
		int64_t now = 0;
		unsigned n_met = 0;
		struct run run;

		run_init(&run);
		run.fx.scans.gather_ms = 10;
		for (size_t i = 0; i < 3; i++) {
			fixture_advance(&run.fx, cases[c].at[i] - now);
			now = cases[c].at[i];
			fixture_settle(&run.fx);
			assert_int_equal(fixture_seen(&run.fx, LIST) > 0,
					 now > cases[c].begins);
			join_shared(&run, i);
		}
		fixture_advance(&run.fx, 1000);
		for (size_t i = 0; i < 3; i++)
			n_met += run.users[i].n_begun;
		assert_int_equal(n_met, cases[c].n_met);
		assert_int_equal(fixture_pending(&run.fx, LIST), 1);
		fixture_run(&run.fx);
		for (size_t i = 0; i < 3; i++)
			assert_complete(&run.users[i]);
		run_clear(&run);
	}
}

/* Who comes while a LIST runs has one that began later, with all who did so. */
static void
test_next(void **state)
{
	struct run run;
	unsigned alone;

	(void)state;
	run_init(&run);
	join_shared(&run, 0);
	fixture_settle(&run.fx);
	join_shared(&run, 1);
	fixture_answer(&run.fx, LIST);
	join_shared(&run, 2);
	while (!run.users[0].n_ended) {
		assert_int_equal(run.users[1].n_begun, 0);
		assert_int_equal(run.users[2].n_begun, 0);
		fixture_step(&run.fx);
	}
	alone = n_lists(&run) - 1; /* the first page of the next is under way */
	assert_int_equal(run.users[1].n_begun, 1);
	assert_int_equal(run.users[2].n_begun, 1);
	fixture_run(&run.fx);
	assert_complete(&run.users[1]);
	assert_complete(&run.users[2]);
	assert_true(n_lists(&run) <= 2 * alone);
	run_clear(&run);
}

/* --- who leaves --- */

static void
test_leave(void **state)
{
	struct run run;

	(void)state;
	run_init(&run);
	join_shared(&run, 0);
	join_shared(&run, 1);
	scan_leave(&run.users[1].u); /* before it begins */
	join_shared(&run, 2);
	fixture_settle(&run.fx);
	fixture_answer(&run.fx, LIST);
	scan_leave(&run.users[2].u);
	scan_leave(&run.users[2].u); /* in none: fine */
	fixture_run(&run.fx);
	assert_complete(&run.users[0]);
	assert_int_equal(run.users[1].n_begun + run.users[1].n_ended, 0);
	assert_int_equal(run.users[2].n_ended, 0);
	assert_int_equal(run.users[2].n_keys, 1);
	run_clear(&run);
}

/* The last one has left: it is stopped, and the next one begins. */
static void
test_stop(void **state)
{
	struct run run;

	(void)state;
	run_init(&run);
	join_shared(&run, 0);
	scan_leave(&run.users[0].u);
	assert_int_equal(run.fx.scans.n_scans, 0);
	fixture_settle(&run.fx);
	assert_int_equal(n_lists(&run), 0);
	join_shared(&run, 0);
	fixture_settle(&run.fx);
	join_shared(&run, 1);
	fixture_settle(&run.fx);
	assert_int_equal(run.users[1].n_begun, 0);
	scan_leave(&run.users[0].u);
	assert_int_equal(run.users[1].n_begun, 0); /* never from inside */
	fixture_settle(&run.fx);
	assert_int_equal(run.users[1].n_begun, 1);
	assert_int_equal(run.fx.scans.n_scans, 1);
	assert_int_equal(fixture_pending(&run.fx, LIST), 1);
	fixture_run(&run.fx);
	assert_complete(&run.users[1]);
	run_clear(&run);
}

/* --- it fails, or is void --- */

static void
test_failure(void **state)
{
	struct run run;

	(void)state;
	run_init(&run);
	join_shared(&run, 0);
	join_shared(&run, 1);
	fixture_settle(&run.fx);
	join_shared(&run, 2);
	fixture_answer(&run.fx, LIST);
	fixture_refuse(&run.fx, LIST, 403);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(run.users[i].n_ended, 1);
		assert_int_equal(run.users[i].code, EACCES);
	}
	fixture_run(&run.fx);
	assert_complete(&run.users[2]);
	run_clear(&run);
}

/* Keys in no order: what came before is void, for all. */
static void
test_again(void **state)
{
	struct run run;

	(void)state;
	run_init(&run);
	run.fx.store.pages[1] = "B=2";
	run.fx.store.pages[2] = "A=3";
	join_shared(&run, 0);
	join_shared(&run, 1);
	join_shared(&run, 2);
	fixture_settle(&run.fx);
	fixture_answer(&run.fx, LIST);
	scan_leave(&run.users[2].u);
	fixture_answer(&run.fx, LIST);
	assert_int_equal(run.users[0].n_keys, 0);
	fixture_run(&run.fx);
	for (size_t i = 0; i < 2; i++) {
		assert_complete(&run.users[i]);
		assert_int_equal(run.users[i].n_begun, 2);
	}
	assert_int_equal(run.users[2].n_begun, 1);
	run_clear(&run);
}

/* --- who can't keep up --- */

static void
set_room(struct user *x, enum scan_room room)
{
	x->room = room;
	scan_go_on(&x->u);
	fixture_settle(&x->run->fx);
}

/* Alone it is waited for, and together with others who are behind. */
static void
test_pause(void **state)
{
	(void)state;
	for (size_t n = 1; n <= 2; n++) {
		struct run run;

		run_init(&run);
		for (size_t i = 0; i < n; i++)
			join_shared(&run, i);
		fixture_settle(&run.fx);
		for (size_t i = 0; i < n; i++)
			run.users[i].room = SCAN_IS_FULL;
		fixture_answer(&run.fx, LIST);
		assert_int_equal(fixture_pending(&run.fx, LIST), 0);
		set_room(&run.users[0], SCAN_IS_BEHIND);
		assert_int_equal(fixture_pending(&run.fx, LIST), 0);
		assert_int_equal(run.users[n - 1].n_held_up, 0);
		set_room(&run.users[n - 1], SCAN_IS_BEHIND);
		for (size_t i = 0; i < n; i++)
			set_room(&run.users[i], SCAN_HAS_ROOM);
		assert_int_equal(fixture_pending(&run.fx, LIST), 1);
		fixture_run(&run.fx);
		for (size_t i = 0; i < n; i++)
			assert_complete(&run.users[i]);
		run_clear(&run);
	}
}

/* Who is full, and who is behind, go; who is careful, or has room, goes on. */
static void
test_hold_up(void **state)
{
	static const enum scan_room rooms[] = { SCAN_IS_FULL, SCAN_IS_BEHIND,
						SCAN_IS_CAREFUL,
						SCAN_HAS_ROOM };
	struct run run;

	(void)state;
	run_init(&run);
	for (size_t i = 0; i < 4; i++)
		join_shared(&run, i);
	fixture_settle(&run.fx);
	for (size_t i = 1; i < 4; i++)
		run.users[i].room = rooms[i];
	fixture_answer(&run.fx, LIST);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(run.users[i].n_held_up, 0);
	run.users[0].room = SCAN_IS_FULL;
	fixture_answer(&run.fx, LIST);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(run.users[i].n_held_up, i < 2);
	run.users[2].room = SCAN_HAS_ROOM;
	assert_int_equal(run.fx.scans.n_scans, 2);
	assert_int_equal(run.users[0].n_begun, 1); /* the second time */
	set_room(&run.users[0], SCAN_IS_CAREFUL); /* the slow one pauses */
	while (!run.users[2].n_ended)
		assert_true(fixture_step(&run.fx));
	assert_complete(&run.users[2]);
	assert_complete(&run.users[3]);
	fixture_run(&run.fx);
	assert_int_equal(run.users[1].n_ended, 0);
	scan_leave(&run.users[0].u); /* it was the one without room */
	fixture_run(&run.fx);
	assert_complete(&run.users[1]);
	run_clear(&run);
}

/* Who makes room stays. */
static void
test_stays(void **state)
{
	struct run run;

	(void)state;
	run_init(&run);
	join_shared(&run, 0)->stays = true;
	join_shared(&run, 1);
	fixture_settle(&run.fx);
	run.users[0].room = SCAN_IS_FULL;
	fixture_run(&run.fx);
	assert_int_equal(run.users[0].n_held_up, 1);
	assert_int_equal(run.users[0].n_begun, 1);
	assert_complete(&run.users[0]);
	assert_complete(&run.users[1]);
	run_clear(&run);
}

/* A scan that stands still becomes the slow one for whoever comes next. */
static void
test_becomes_slow(void **state)
{
	static const enum scan_room rooms[] = { SCAN_IS_BEHIND, SCAN_IS_FULL };

	(void)state;
	for (size_t r = 0; r < ARRAY_SIZE(rooms); r++) {
		bool is_full = rooms[r] == SCAN_IS_FULL;
		struct run run;

		run_init(&run);
		for (size_t i = 0; i < 2;
		     i++) { /* the second finds a slow one */
			join_shared(&run, i);
			fixture_settle(&run.fx);
			run.users[i].room = rooms[r];
			fixture_answer(&run.fx, LIST);
			assert_int_equal(fixture_pending(&run.fx, LIST), 0);
			assert_int_equal(run.users[i].n_held_up, 0);
		}
		join_shared(&run, 2);
		fixture_settle(&run.fx);
		assert_int_equal(run.users[0].n_held_up, 0);
		assert_int_equal(run.users[1].n_held_up, is_full);
		fixture_run(&run.fx);
		assert_complete(&run.users[2]);
		assert_int_equal(run.users[0].n_begun, 1);
		assert_int_equal(run.users[0].n_ended, 0);
		if (is_full) /* it waits for the first */
			assert_int_equal(run.users[1].n_begun, 0);
		else /* it could go on */
			assert_complete(&run.users[1]);
		set_room(&run.users[0], SCAN_HAS_ROOM);
		fixture_run(&run.fx);
		assert_complete(&run.users[0]);
		assert_complete(&run.users[1]);
		run_clear(&run);
	}
}

/* The store stands still: nobody waits for that LIST for long. */
static void
test_patience(void **state)
{
	struct run run;
	int64_t began;

	(void)state;
	run_init(&run);
	join_shared(&run, 0);
	fixture_settle(&run.fx);
	began = date_mono_ms();
	fixture_advance(&run.fx, 1500);
	join_shared(&run, 1);
	assert_int_equal(scan_progress_ms(&run.users[1].u), began);
	fixture_advance(&run.fx, 499);
	assert_int_equal(run.users[1].n_begun, 0);
	fixture_advance(&run.fx, 1);
	assert_int_equal(run.users[1].n_begun, 1);
	assert_int_equal(scan_progress_ms(&run.users[0].u), began);
	assert_int_equal(scan_progress_ms(&run.users[1].u), began + 2000);
	/* but there are two LISTs at most */
	join_shared(&run, 2);
	fixture_advance(&run.fx, 20000);
	assert_int_equal(run.users[2].n_begun, 0);
	fixture_run(&run.fx);
	for (size_t i = 0; i < 3; i++)
		assert_complete(&run.users[i]);
	assert_int_equal(scan_progress_ms(&run.users[0].u), 0);
	run_clear(&run);
}

/* If it goes on after all, nobody in it waits for HEADs of others. */
static void
test_patience_is_not_slow(void **state)
{
	struct run run;

	(void)state;
	run_init(&run);
	join_shared(&run, 0);
	join_shared(&run, 1);
	fixture_settle(&run.fx);
	join_shared(&run, 2);
	fixture_advance(&run.fx, 2000);
	assert_int_equal(run.users[2].n_begun, 1);
	run.users[0].room = SCAN_IS_FULL;
	fixture_run(&run.fx);
	assert_int_equal(run.users[0].n_held_up, 1);
	for (size_t i = 0; i < 3; i++)
		assert_complete(&run.users[i]);
	run_clear(&run);
}

/* What goes on in a LIST is progress for who waits for its end. */
static void
test_progress(void **state)
{
	struct run run;

	(void)state;
	run_init(&run);
	join_shared(&run, 0);
	fixture_settle(&run.fx);
	join_shared(&run, 1);
	for (int i = 0; i < 3; i++) {
		fixture_advance(&run.fx, 1000);
		if (i < 2)
			fixture_answer(&run.fx, LIST);
		else
			set_room(&run.users[0], SCAN_HAS_ROOM);
		assert_int_equal(scan_progress_ms(&run.users[1].u),
				 date_mono_ms());
	}
	fixture_run(&run.fx);
	run_clear(&run);
}

/* --- the index of the memo, for its keys --- */

#define INDEX "GET", "originals_index"
#define TWO_PAGES 2000 /* keys */
#define EXPECTED_CONNECTIONS 100

/* One who wants its keys; the first page shows that it is there. */
struct expecting {
	struct run run;
	struct writeback_env writebacks;
	struct memo_env memos;
	struct user *user;
};

static void
expecting_init(struct expecting *e, bool wants_index)
{
	struct fixture *fx = &e->run.fx;

	*e = (struct expecting){ .memos = { .writebacks = &e->writebacks,
					    .place = MEMO_IN_BUCKET } };
	run_init_with(&e->run, EXPECTED_CONNECTIONS);
	e->writebacks = (struct writeback_env){ .s3 = fx->s3,
						.timers = &fx->timers,
						.limits = &fx->limits };
	fx->scans.memos = &e->memos;
	fx->store.pages[0] = OURS_MEMO_INDEX "=5 a=1";
	e->user = join_shared(&e->run, 0);
	e->user->u.may_read_index = wants_index;
	fixture_settle(fx);
}

/* It was asked for so many times by now. */
static void
assert_index_asked(struct expecting *e, unsigned n)
{
	fixture_settle(&e->run.fx);
	assert_int_equal(fixture_seen(&e->run.fx, INDEX), n);
}

static void
expecting_clear(struct expecting *e)
{
	while (fixture_pending(&e->run.fx, LIST))
		fixture_answer(&e->run.fx, LIST);
	if (fixture_pending(&e->run.fx, INDEX))
		fixture_refuse(&e->run.fx, INDEX, 404);
	assert_int_equal(e->user->n_ended, 1);
	assert_int_equal(e->user->code, 0);
	scan_expect(&e->user->u, 3 * TWO_PAGES); /* in none: fine */
	run_clear(&e->run);
	assert_int_equal(e->memos.n_gets, 0);
}

/* Said while page 2 is under way: the index is asked for beside it, once. */
static void
test_expect(void **state)
{
	struct expecting e;

	(void)state;
	expecting_init(&e, true);
	fixture_answer(&e.run.fx, LIST);
	scan_expect(&e.user->u, TWO_PAGES);
	assert_index_asked(&e, 0);
	scan_expect(&e.user->u, TWO_PAGES + 1);
	assert_int_equal(fixture_pending(&e.run.fx, LIST), 1);
	assert_int_equal(n_lists(&e.run), 2);
	assert_index_asked(&e, 1);
	scan_expect(&e.user->u, 2 * TWO_PAGES);
	while (fixture_pending(&e.run.fx, LIST))
		fixture_answer(&e.run.fx, LIST);
	assert_index_asked(&e, 1);
	expecting_clear(&e);
}

static void
on_ready(void *arg)
{
	unsigned *n_told = arg;

	(*n_told)++;
}

/* Said again while it is waited for: who waits for it beside the scan is told, too. */
static void
test_expect_beside(void **state)
{
	unsigned n_told = 0;
	struct index_reader other = { .on_ready = on_ready, .arg = &n_told };
	struct expecting e;

	(void)state;
	expecting_init(&e, true);
	fixture_answer(&e.run.fx, LIST);
	scan_expect(&e.user->u, TWO_PAGES + 1);
	index_read_join(scan_index(&e.user->u), &other);
	scan_expect(&e.user->u, 2 * TWO_PAGES);
	assert_index_asked(&e, 1);
	fixture_refuse(&e.run.fx, INDEX, 404);
	assert_int_equal(n_told, 1);
	expecting_clear(&e);
}

/* Said before page 1, which shows that there is one; the largest number counts. */
static void
test_expect_early(void **state)
{
	struct expecting e;

	(void)state;
	expecting_init(&e, true);
	scan_expect(&e.user->u, TWO_PAGES + 1);
	scan_expect(&e.user->u, 1);
	assert_index_asked(&e, 0);
	fixture_answer(&e.run.fx, LIST);
	assert_int_equal(n_lists(&e.run), 2);
	assert_index_asked(&e, 1);
	expecting_clear(&e);
}

/* Nobody says so, or too few: page 2 does, with which it is known that there is a third. */
static void
test_expect_nothing(void **state)
{
	(void)state;
	for (int64_t n_keys = 0; n_keys <= TWO_PAGES; n_keys += TWO_PAGES) {
		struct expecting e;

		expecting_init(&e, true);
		scan_expect(&e.user->u, n_keys);
		fixture_answer(&e.run.fx, LIST);
		assert_index_asked(&e, 0);
		fixture_answer(&e.run.fx, LIST);
		assert_index_asked(&e, 1);
		expecting_clear(&e);
	}
}

/* Nobody wants it, there is none, or there is no memo. */
static void
test_expect_in_vain(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		struct expecting e;

		expecting_init(&e, i != 0);
		if (i == 1)
			e.run.fx.store.pages[0] = "a=1";
		if (i == 2) {
			scan_leave(&e.user->u);
			fixture_settle(&e.run.fx);
			e.memos.place = MEMO_IN_MEMORY;
			join_shared(&e.run, 0);
			fixture_settle(&e.run.fx);
		}
		scan_expect(&e.user->u, 3 * TWO_PAGES);
		while (fixture_pending(&e.run.fx, LIST)) {
			fixture_answer(&e.run.fx, LIST);
			scan_expect(&e.user->u, 3 * TWO_PAGES);
		}
		assert_index_asked(&e, 0);
		expecting_clear(&e);
	}
}

/* It says how many requests the store has taken at a time: half of them are sent. */
static void
test_at_once(void **state)
{
	static const struct block_list no_blocks;
	const struct index_stamp stamp = { .at_once = 60 };
	struct buf bytes CLEANUP_BUF = BUF_INIT(INDEX_BYTES_MAX);
	struct expecting e;

	(void)state;
	expecting_init(&e, true);
	scan_expect(&e.user->u, TWO_PAGES + 1);
	fixture_answer(&e.run.fx, LIST);
	assert_index_asked(&e, 1);
	assert_true(pace_limit(e.run.fx.pace) < 30);
	assert_int_equal(
		memo_index_print(&no_blocks, FIXTURE_BUCKET, &stamp, &bytes),
		0);
	fake_http_answer(fixture_find(&e.run.fx, INDEX),
			 &(struct fake_answer){ .status = 200,
						.body = bytes.data,
						.body_len = bytes.len });
	fixture_settle(&e.run.fx);
	assert_in_range(pace_limit(e.run.fx.pace), 30, 31);
	expecting_clear(&e);
}

/* --- anything in any order --- */

static unsigned
pick(unsigned *seed, unsigned n)
{
	return (unsigned)rand_r(seed) % n;
}

static void
look(struct run *run)
{
	struct scan_queue *q = run->fx.bucket->scans;

	assert_true(run->fx.scans.n_scans <= 4); /* two run, two are next */
	assert_true(!q[SCAN_SHARED].running ||
		    q[SCAN_SHARED].running != q[SCAN_SLOW].running);
	for (size_t i = 0; i < N_USERS; i++) {
		struct user *x = &run->users[i];

		if (x->n_ended == 0)
			continue;
		if (x->code == 0)
			assert_complete(x);
		assert_int_equal(x->n_ended, 1);
		x->n_ended = 0;
	}
}

static void
something_happens(struct run *run, unsigned *seed)
{
	struct user *x = &run->users[pick(seed, N_USERS)];
	unsigned what = pick(seed, 100);

	if (what < 25 && !x->u.scan && !x->n_ended) {
		x->room = SCAN_HAS_ROOM;
		x->stays = pick(seed, 4) == 0;
		join(x, SCAN_SHARED);
	} else if (what < 30) {
		scan_leave(&x->u);
	} else if (what < 60) {
		x->room = (enum scan_room)pick(seed, SCAN_IS_FULL + 1);
		scan_go_on(&x->u);
	} else if (what < 62 && fixture_pending(&run->fx, LIST)) {
		fixture_refuse(&run->fx, LIST, 403);
	} else if (what < 65) {
		fixture_advance(&run->fx, pick(seed, 3000));
	} else if (fixture_pending(&run->fx, LIST)) {
		fake_store_answer(&run->fx.store, fixture_find(&run->fx, LIST));
	}
	if (pick(seed, 4)) {
		fixture_settle(&run->fx);
		look(run);
	}
}

/* Whatever happens, each is given all of a LIST once, or an error, and in the end. */
static void
test_chaos(void **state)
{
	(void)state;
	for (unsigned i = 1; i <= brief(N_SEEDS); i++) {
		unsigned seed = i;
		struct run run;

		run_init(&run);
		run.fx.scans.gather_ms = pick(&seed, 2);
		for (unsigned step = 0; step < N_STEPS; step++)
			something_happens(&run, &seed);
		for (size_t u = 0; u < N_USERS; u++)
			set_room(&run.users[u], SCAN_HAS_ROOM);
		fixture_advance(&run.fx, 10); /* nobody is still gathering */
		fixture_run(&run.fx);
		look(&run);
		for (size_t u = 0; u < N_USERS; u++)
			assert_null(run.users[u].u.scan);
		run_clear(&run);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_for_all),
		cmocka_unit_test(test_one_time),
		cmocka_unit_test(test_gather),
		cmocka_unit_test(test_next),
		cmocka_unit_test(test_leave),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_failure),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_pause),
		cmocka_unit_test(test_hold_up),
		cmocka_unit_test(test_stays),
		cmocka_unit_test(test_becomes_slow),
		cmocka_unit_test(test_patience),
		cmocka_unit_test(test_patience_is_not_slow),
		cmocka_unit_test(test_progress),
		cmocka_unit_test(test_expect),
		cmocka_unit_test(test_expect_beside),
		cmocka_unit_test(test_expect_early),
		cmocka_unit_test(test_expect_nothing),
		cmocka_unit_test(test_expect_in_vain),
		cmocka_unit_test(test_at_once),
		cmocka_unit_test(test_chaos),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
