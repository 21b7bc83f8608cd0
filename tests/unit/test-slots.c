/* SPDX-License-Identifier: MIT */
/*
 * Admission of requests: never more than the pace allows, to the bucket and to
 * the client that have the fewest, in turn; and what hangs keeps nobody out.
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
#define N_SENT_MAX 128

struct world;

struct client {
	struct slots_client c;
	struct world *world;
	unsigned n_left; /* to send */
};

struct request {
	struct client *client;
	struct pace_call call;
	bool has_ended;
};

struct world {
	struct slots slots;
	struct pace *pace;
	struct client clients[N_CLIENTS];
	struct pace_call held_for;
	struct request sent[N_SENT_MAX];
	size_t n_sent;
	char text[N_SENT_MAX + 1]; /* who sent: A, B, ... */
};

static bool
on_send(void *arg)
{
	struct client *c = arg;
	struct world *w = c->world;

	assert_true(c->n_left > 0);
	assert_true(w->n_sent < N_SENT_MAX);
	w->text[w->n_sent] = (char)('A' + (c - w->clients));
	pace_began(w->pace, &w->sent[w->n_sent].call);
	w->sent[w->n_sent++].client = c;
	return --c->n_left > 0;
}

/* groups: the bucket of each client, as a letter. */
static void
world_init(struct world *w, unsigned limit, const char *groups)
{
	fake_clock_reset();
	*w = (struct world){ .pace = pace_new(limit) };
	w->slots.pace = w->pace;
	w->slots.most = limit;
	for (size_t i = 0; groups[i]; i++) {
		w->clients[i].world = w;
		w->clients[i].c = (struct slots_client){
			.send = on_send,
			.arg = &w->clients[i],
			.group = w->text + groups[i], /* never looked into */
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
end_request(struct world *w, size_t i)
{
	struct request *r = &w->sent[i];

	assert_true(i < w->n_sent && !r->has_ended);
	r->has_ended = true;
	pace_ended(w->pace, &r->call, PACE_CLEAN);
	slots_completed(&w->slots, &r->client->c);
}

/* The oldest ones. */
static void
complete(struct world *w, unsigned n)
{
	for (size_t i = 0; n > 0; i++) {
		if (w->sent[i].has_ended)
			continue;
		end_request(w, i);
		n--;
	}
}

static void
world_clear(struct world *w)
{
	assert_null(w->slots.groups);
	assert_int_equal(w->slots.n_running, 0);
	pace_free(w->pace);
}

/* Nobody can send, until release(). */
static void
hold(struct world *w)
{
	w->held_for.n_pushed_back = 3;
	assert_true(pace_hold_ms(w->pace, &w->held_for) > 0);
}

static void
release(struct world *w)
{
	pace_left(w->pace, &w->held_for);
	slots_pump(&w->slots);
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
		hold(&w);
		for (size_t k = 0; turns[i].groups[k]; k++)
			want(&w, k, turns[i].wants[k]);
		assert_string_equal(w.text, "");
		release(&w);
		complete(&w, (unsigned)strlen(turns[i].expected));
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
	complete(&w, 2);
	want(&w, 1, 1);
	want(&w, 1, 1); /* while it is queued: no second place */
	complete(&w, 5);
	assert_string_equal(w.text, "AAAABAB");
	world_clear(&w);
}

/* Who has all the slots gets no other one while somebody has none. */
static void
test_fewest_first(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, 4, "xyyz");
	want(&w, 0, 9);
	want(&w, 1, 9);
	want(&w, 2, 1);
	want(&w, 3, 1);
	assert_string_equal(w.text, "AAAA");
	complete(&w, 4);
	assert_string_equal(w.text, "AAAABDAC");
	complete(&w, 9 + 9 + 2 - 4);
	world_clear(&w);
}

static void
test_leave(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, 1, "xxyx");
	want(&w, 3, 1);
	for (size_t i = 0; i < 3; i++)
		want(&w, i, 2);
	slots_leave(&w.slots, &w.clients[0].c);
	slots_leave(&w.slots, &w.clients[2].c);
	slots_leave(&w.slots, &w.clients[2].c);
	complete(&w, 3);
	assert_string_equal(w.text, "DBB");
	world_clear(&w);
}

/* --- the limit --- */

static void
test_limit(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, 3, "x");
	want(&w, 0, 5);
	assert_string_equal(w.text, "AAA");
	complete(&w, 1);
	assert_string_equal(w.text, "AAAA");
	complete(&w, 4);
	assert_string_equal(w.text, "AAAAA");
	world_clear(&w);
}

/* What the pace allows more is used with the next completion. */
static void
test_growing_limit(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, 64, "x");
	want(&w, 0, 20);
	assert_int_equal(w.n_sent, 4);
	for (size_t i = 0; i < 4; i++) {
		complete(&w, 1);
		assert_int_equal(w.n_sent, 4 + 2 * (i + 1));
	}
	assert_int_equal(w.slots.n_running, 8);
	complete(&w, 16);
	world_clear(&w);
}

/* While a call that was pushed back again and again is to be tried. */
static void
test_hold(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, 4, "x");
	hold(&w);
	want(&w, 0, 2);
	assert_string_equal(w.text, "");
	release(&w);
	assert_string_equal(w.text, "AA");
	complete(&w, 2);
	world_clear(&w);
}

/* --- what hangs --- */

/* A's requests hang.  B comes, later. */
static void
test_stuck(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, 64, "xy");
	want(&w, 0, 64 + 9);
	fake_clock_advance(900);
	want(&w, 1, 8);
	slots_pump(&w.slots);
	assert_string_equal(w.text, "AAAA");
	assert_in_range(slots_wait_ms(&w.slots), 1, 1000);
	fake_clock_advance(100);
	slots_pump(&w.slots);
	assert_string_equal(w.text, "AAAABBBB");
	for (size_t i = 4; i < 8; i++)
		end_request(&w, i); /* and the limit grows again */
	assert_int_equal(w.clients[1].n_left, 0);
	assert_string_equal(w.text, "AAAABBBBBABBBAAA");
	slots_leave(&w.slots, &w.clients[0].c);
	assert_int_equal(slots_wait_ms(&w.slots), -1);
	complete(&w, (unsigned)w.slots.n_running);
	world_clear(&w);
}

/* As many hang as there may be: one more for each who has nothing under way. */
static void
test_all_stuck(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, 4, "xxy");
	want(&w, 0, 9);
	want(&w, 1, 3);
	want(&w, 2, 3);
	fake_clock_advance(2000);
	slots_pump(&w.slots);
	assert_string_equal(w.text, "AAAABC");
	end_request(&w, 4);
	end_request(&w, 5);
	assert_string_equal(w.text, "AAAABCBC");
	complete(&w, 9 + 3 + 3 - 2);
	world_clear(&w);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_turns),
		cmocka_unit_test(test_late_comer),
		cmocka_unit_test(test_fewest_first),
		cmocka_unit_test(test_leave),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_growing_limit),
		cmocka_unit_test(test_hold),
		cmocka_unit_test(test_stuck),
		cmocka_unit_test(test_all_stuck),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
