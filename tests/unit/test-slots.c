/* SPDX-License-Identifier: MIT */
/*
 * Admission of requests: never more than the pace allows, in turn between the
 * buckets, then between the clients of a bucket.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/slots.h"
#include "fake-clock.h"

#define N_CLIENTS 4

struct world;

struct client {
	struct slots_client c;
	struct world *world;
	unsigned n_left; /* to send */
};

struct world {
	struct slots slots;
	struct pace *pace;
	struct client clients[N_CLIENTS];
	char text[64]; /* who sent: A, B, ... */
	size_t n_text, n_completed;
	struct slots_client others; /* what has taken all slots at first */
};

static bool
on_send(void *arg)
{
	struct client *c = arg;
	struct world *w = c->world;

	assert_true(c->n_left > 0);
	assert_true(w->n_text < sizeof(w->text) - 1);
	if (c->c.n_running > 1)
		assert_true(w->slots.n_running <= slots_limit(&w->slots));
	w->text[w->n_text++] = (char)('A' + (c - w->clients));
	return --c->n_left > 0;
}

/* Nobody can send yet; groups: the bucket of each client, as a letter. */
static void
world_init(struct world *w, unsigned limit, const char *groups)
{
	fake_clock_reset();
	*w = (struct world){ .pace = pace_new(limit) };
	w->slots.pace = w->pace;
	w->slots.n_running = w->others.n_running = limit;
	for (size_t i = 0; groups[i]; i++) {
		w->clients[i].world = w;
		w->clients[i].c = (struct slots_client){
			.send = on_send,
			.arg = &w->clients[i],
			.group = w->text + groups[i], /* never looked into */
			.n_running = 1, /* else the first one is for free */
		};
	}
}

static void
want(struct world *w, size_t i, unsigned n)
{
	w->clients[i].n_left += n;
	slots_want(&w->slots, &w->clients[i].c);
}

static void
complete(struct world *w, unsigned n)
{
	while (n-- > 0) {
		struct slots_client *c = &w->others;

		if (c->n_running == 0)
			c = &w->clients[w->text[w->n_completed++] - 'A'].c;
		slots_completed(&w->slots, c);
	}
}

static void
world_clear(struct world *w)
{
	assert_null(w->slots.groups);
	assert_int_equal(w->slots.n_running, 0);
	pace_free(w->pace);
}

/* --- whose turn it is --- */

static const struct {
	const char *groups; /* of A, B, C, D */
	unsigned wants[N_CLIENTS];
	const char *expected;
} turns[] = {
	{ "x", { 3 }, "AAA" },
	{ "xx", { 3, 2 }, "ABABA" },
	{ "xy", { 3, 2 }, "ABABA" },
	{ "xxy", { 2, 2, 4 }, "ACBCACBC" }, /* half for each bucket */
	{ "xyxz", { 2, 2, 2, 2 }, "ABDCBDAC" },
	{ "xxxy", { 9, 9, 9, 2 }, "ADBDCABCABCABCABCABCABCABCABC" },
};

static void
test_turns(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(turns); i++) {
		struct world w;

		world_init(&w, 1, turns[i].groups);
		for (size_t k = 0; turns[i].groups[k]; k++)
			want(&w, k, turns[i].wants[k]);
		assert_string_equal(w.text, "");
		complete(&w, 1 + (unsigned)strlen(turns[i].expected));
		assert_string_equal(w.text, turns[i].expected);
		world_clear(&w);
	}
}

/* Who comes while others have waited for long is served in his turn. */
static void
test_late_comer(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, 1, "xy");
	want(&w, 0, 5);
	complete(&w, 3);
	want(&w, 1, 1);
	want(&w, 1, 1); /* while it is queued: no second place */
	complete(&w, 5);
	assert_string_equal(w.text, "AAAABAB");
	world_clear(&w);
}

static void
test_leave(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, 1, "xxy");
	for (size_t i = 0; i < 3; i++)
		want(&w, i, 2);
	slots_leave(&w.slots, &w.clients[0].c);
	slots_leave(&w.slots, &w.clients[2].c);
	slots_leave(&w.slots, &w.clients[2].c);
	complete(&w, 3);
	assert_string_equal(w.text, "BB");
	world_clear(&w);
}

/* --- the limit --- */

static void
test_limit(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, 3, "x");
	complete(&w, 3);
	want(&w, 0, 5);
	assert_string_equal(w.text, "AAA");
	complete(&w, 1);
	assert_string_equal(w.text, "AAAA");
	complete(&w, 4);
	assert_string_equal(w.text, "AAAAA");
	world_clear(&w);
}

/* Where all slots hang, who has nothing under way still goes on, one by one. */
static void
test_first_is_free(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, 2, "xxy");
	w.others.n_running = 0; /* they never complete */
	for (size_t i = 0; i < 3; i++)
		w.clients[i].c.n_running = 0;
	for (size_t i = 0; i < 3; i++)
		want(&w, i, 2);
	assert_string_equal(w.text, "ABC");
	complete(&w, 1);
	assert_string_equal(w.text, "ABCA");
	complete(&w, 5);
	assert_string_equal(w.text, "ABCABC");
	w.slots.n_running -= 2;
	world_clear(&w);
}

/* What the pace allows more is used with the next completion. */
static void
test_growing_limit(void **state)
{
	struct world w;
	struct pace_call calls[4] = { { 0 } };

	(void)state;
	world_init(&w, 64, "x");
	complete(&w, 64);
	want(&w, 0, 20);
	assert_int_equal(w.n_text, 4);
	for (size_t i = 0; i < 4; i++)
		pace_began(w.pace, &calls[i]);
	for (size_t i = 0; i < 4; i++) {
		pace_ended(w.pace, &calls[i], PACE_CLEAN);
		complete(&w, 1);
		assert_int_equal(w.n_text, 4 + 2 * (i + 1));
	}
	assert_int_equal(w.slots.n_running, 8);
	complete(&w, 16);
	world_clear(&w);
}

/* While a call that was pushed back again and again is tried, nobody begins. */
static void
test_hold(void **state)
{
	struct pace_call stuck = { 0 };
	struct world w;

	(void)state;
	world_init(&w, 4, "x");
	want(&w, 0, 2);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(pace_hold_ms(w.pace, &stuck), 0);
		pace_began(w.pace, &stuck);
		pace_ended(w.pace, &stuck, PACE_PUSHED_BACK);
	}
	assert_int_equal(pace_hold_ms(w.pace, &stuck), 50);
	complete(&w, 4);
	assert_string_equal(w.text, "");
	assert_int_equal(pace_hold_ms(w.pace, &stuck), 0);
	pace_began(w.pace, &stuck);
	pace_ended(w.pace, &stuck, PACE_CLEAN);
	slots_pump(&w.slots);
	assert_string_equal(w.text, "AA");
	complete(&w, 2);
	world_clear(&w);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_turns),
		cmocka_unit_test(test_late_comer),
		cmocka_unit_test(test_leave),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_first_is_free),
		cmocka_unit_test(test_growing_limit),
		cmocka_unit_test(test_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
