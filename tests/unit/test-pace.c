/* SPDX-License-Identifier: MIT */
/*
 * The limit of requests under way: what it makes of answers, and how it fares
 * with little stores that limit the rate, or the requests they work on, or fail
 * at random.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <limits.h>

#include "brief.h"
#include "fake-clock.h"
#include "s3/pace.h"
#include "util/log.h"

/* --- a store, and a client that always has something to ask --- */

#define CALLS_MAX 256
#define TRIES 5
#define N_SEEDS 3
#define REFUSAL_US 1000 /* where there are places */
#define SETTLED_US 3000000
#define END_US 20000000

struct store {
	const char *name;
	int64_t latency_us; /* a tenth more or less */
	double rate; /* answers a second, and a tenth of that at once; 0: any */
	bool starts_empty; /* nothing at once at the start */
	unsigned places; /* requests at a time; 0: any */
	unsigned failing; /* one of so many gets a 500; 0: none */
	int64_t retry_after_us; /* with a refusal; 0: it does not say */
	/* what is expected after the first seconds */
	double best; /* answers a second, at CALLS_MAX */
	double used; /* at least that part of it */
	double refused; /* at most that part of the requests */
};

enum call_state { CALL_IDLE, CALL_SENT, CALL_WAITING };

struct call {
	enum call_state state;
	bool is_refused; /* what the answer will be */
	struct pace_call pace;
	int tries;
	int64_t due_us;
};

struct world {
	const struct store *store;
	struct pace *pace;
	struct call calls[CALLS_MAX];
	unsigned n_calls; /* not idle */
	unsigned n_working; /* in the store, not refused */
	int64_t now_us;
	double tokens;
	uint32_t seed;
	/* since SETTLED_US, but n_given_up */
	unsigned n_clean, n_refused, n_given_up;
};

static int64_t
draw(struct world *w, int64_t below)
{
	w->seed = w->seed * 1664525 + 1013904223;
	return (int64_t)w->seed * below >> 32;
}

static void
pass(struct world *w, int64_t us)
{
	const struct store *s = w->store;

	fake_clock_advance((w->now_us + us) / 1000 - w->now_us / 1000);
	w->now_us += us;
	w->tokens += s->rate * (double)us / 1e6;
	if (w->tokens > s->rate / 10)
		w->tokens = s->rate / 10;
}

static bool
refuses(struct world *w)
{
	const struct store *s = w->store;

	if (s->failing && draw(w, s->failing) == 0)
		return true;
	if (s->places && w->n_working == s->places)
		return true;
	if (s->rate == 0)
		return false;
	if (w->tokens < 1)
		return true;
	w->tokens -= 1;
	return false;
}

static void
send_try(struct world *w, struct call *c)
{
	const struct store *s = w->store;

	pace_began(w->pace, &c->pace);
	c->state = CALL_SENT;
	c->tries++;
	c->is_refused = refuses(w);
	w->n_working += !c->is_refused;
	c->due_us =
		w->now_us + s->latency_us * 9 / 10 + draw(w, s->latency_us / 5);
	if (c->is_refused && s->places)
		c->due_us = w->now_us + REFUSAL_US;
}

static void
end_call(struct world *w, struct call *c)
{
	c->state = CALL_IDLE;
	w->n_calls--;
	pace_left(w->pace, &c->pace);
}

/* Waits like s3.c. */
static void
end_try(struct world *w, struct call *c)
{
	int64_t jitter_us = INT64_C(250000) << (c->tries - 1);

	w->n_working -= !c->is_refused;
	pace_ended(w->pace, &c->pace,
		   c->is_refused ? PACE_PUSHED_BACK : PACE_CLEAN);
	if (w->now_us >= SETTLED_US)
		(*(c->is_refused ? &w->n_refused : &w->n_clean))++;
	w->n_given_up += c->is_refused && c->tries == TRIES;
	if (!c->is_refused || c->tries == TRIES) {
		end_call(w, c);
	} else {
		c->state = CALL_WAITING;
		c->due_us = w->now_us + (w->store->retry_after_us
						 ? w->store->retry_after_us
						 : draw(w, jitter_us));
	}
}

static void
end_wait(struct world *w, struct call *c)
{
	int64_t hold_ms = pace_hold_ms(w->pace, &c->pace);

	if (hold_ms)
		c->due_us += hold_ms * 1000;
	else
		send_try(w, c);
}

static void
fill_slots(struct world *w)
{
	for (size_t i = 0; i < CALLS_MAX; i++) {
		struct call *c = &w->calls[i];

		if (w->n_calls >= pace_limit(w->pace) || pace_is_held(w->pace))
			return;
		if (c->state != CALL_IDLE)
			continue;
		*c = (struct call){ .tries = 0 };
		w->n_calls++;
		send_try(w, c);
	}
}

static struct call *
find_next(struct world *w)
{
	struct call *next = NULL;

	for (size_t i = 0; i < CALLS_MAX; i++) {
		struct call *c = &w->calls[i];

		if (c->state == CALL_IDLE)
			continue;
		if (!next || c->due_us < next->due_us)
			next = c;
	}
	assert_non_null(next);
	return next;
}

static void
world_run(struct world *w, const struct store *s, uint32_t seed)
{
	fake_clock_reset();
	*w = (struct world){ .store = s,
			     .seed = seed,
			     .tokens = s->starts_empty ? 0 : s->rate / 10,
			     .pace = pace_new(CALLS_MAX) };
	while (w->now_us < END_US) {
		struct call *c;

		fill_slots(w);
		c = find_next(w);
		pass(w, c->due_us - w->now_us);
		if (c->state == CALL_SENT)
			end_try(w, c);
		else
			end_wait(w, c);
	}
	pace_free(w->pace);
}

#define MS INT64_C(1000)

static const struct store stores[] = {
	{ "1,000/s, at once", MS / 3, 1000, false, 0, 0, 0, 1000, .9, .05 },
	{ "1,000/s, 1 ms", MS, 1000, false, 0, 0, 0, 1000, .9, .05 },
	{ "1,000/s, 5 ms", 5 * MS, 1000, false, 0, 0, 0, 1000, .95, .05 },
	{ "1,000/s, 30 ms", 30 * MS, 1000, false, 0, 0, 0, 1000, .95, .05 },
	{ "1,000/s, 100 ms", 100 * MS, 1000, false, 0, 0, 0, 1000, .95, .05 },
	{ "100/s, 30 ms", 30 * MS, 100, false, 0, 0, 0, 100, .9, .05 },
	{ "5,500/s, 30 ms", 30 * MS, 5500, false, 0, 0, 0, 5500, .95, .05 },
	{ "used up before", 30 * MS, 1000, true, 0, 0, 0, 1000, .8, .05 },
	{ "Retry-After", 30 * MS, 1000, false, 0, 0, 1000 * MS, 1000, .7, .08 },
	{ "50 places", 30 * MS, 0, false, 50, 0, 0, 50 / .03, .9, .05 },
	{ "10 places", 30 * MS, 0, false, 10, 0, 0, 10 / .03, .85, .05 },
	{ "2 places", 30 * MS, 0, false, 2, 0, 0, 2 / .03, .7, .05 },
	{ "1 place", 30 * MS, 0, false, 1, 0, 0, 1 / .03, .7, .1 },
	{ "1 % fail", 30 * MS, 0, false, 0, 100, 0, 256 / .03, .85, .02 },
	{ "nothing fails", 30 * MS, 0, false, 0, 0, 0, 256 / .03, .95, 0 },
};

static void
check(const struct store *s, uint32_t seed)
{
	struct world w;
	double n, used, refused;

	world_run(&w, s, seed);
	n = w.n_clean + w.n_refused;
	used = w.n_clean / (s->best * (END_US - SETTLED_US) / 1e6);
	refused = w.n_refused / n;
	if (used < s->used || refused > s->refused || w.n_given_up > 0)
		fail_msg("%s (%u): %.1f %% used, %.1f %% refused, %u given up",
			 s->name, seed, used * 100, refused * 100,
			 w.n_given_up);
}

static void
test_stores(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(stores); i++)
		for (uint32_t seed = 1; seed <= brief(N_SEEDS); seed++)
			check(&stores[i], seed);
}

/* --- one answer after the other --- */

/* So many sent at once, then so many of them pushed back. */
static void
send_round(struct pace *p, unsigned n, unsigned n_pushed_back)
{
	struct pace_call calls[CALLS_MAX] = { { 0 } };

	for (unsigned i = 0; i < n; i++)
		pace_began(p, &calls[i]);
	for (unsigned i = 0; i < n; i++)
		pace_ended(p, &calls[i],
			   i < n_pushed_back ? PACE_PUSHED_BACK : PACE_CLEAN);
}

static void
test_start(void **state)
{
	static const struct {
		unsigned most, limits[5]; /* after each round */
	} cases[] = {
		{ 256, { 4, 8, 16, 32, 64 } },
		{ 20, { 4, 8, 16, 20, 20 } },
		{ 4, { 4, 4, 4, 4, 4 } },
		{ 1, { 1, 1, 1, 1, 1 } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct pace *p = pace_new(cases[i].most);

		for (size_t k = 0; k < ARRAY_SIZE(cases[i].limits); k++) {
			assert_int_equal(pace_limit(p), cases[i].limits[k]);
			send_round(p, pace_limit(p), 0);
		}
		pace_free(p);
	}
}

/* What others say of the store counts half, until it says something itself. */
static void
test_believed(void **state)
{
	struct pace *p = pace_new(100);

	(void)state;
	pace_believe(p, 0);
	pace_believe(p, 7);
	assert_int_equal(pace_limit(p), 4);
	assert_int_equal(pace_claim(p, 7), 7);
	pace_believe(p, 48);
	assert_int_equal(pace_limit(p), 24);
	send_round(p, 24, 0);
	assert_int_equal(pace_limit(p), 48);
	pace_believe(p, 60); /* it is more already */
	assert_int_equal(pace_limit(p), 48);
	pace_believe(p, UINT_MAX);
	assert_int_equal(pace_limit(p), 100);
	assert_int_equal(pace_claim(p, 256), 256);
	send_round(p, 100, 50);
	assert_in_range(pace_limit(p), 20, 50);
	assert_int_equal(pace_claim(p, 256), pace_limit(p));
	pace_believe(p, 256);
	assert_in_range(pace_limit(p), 20, 50);
	pace_free(p);
}

/* A store with few places refuses the same call again and again, and seldom. */
static void
test_believed_no_more(void **state)
{
	struct pace *p = pace_new(256);
	struct pace_call c = { 0 };

	(void)state;
	pace_believe(p, 64);
	pace_began(p, &c);
	pace_ended(p, &c, PACE_PUSHED_BACK);
	for (int i = 0; i < 5; i++)
		send_round(p, 16, 0);
	assert_int_equal(pace_claim(p, 256), 256); /* one may be pushed back */
	pace_believe(p, 256);
	assert_true(pace_limit(p) < 128);
	pace_began(p, &c);
	pace_ended(p, &c, PACE_PUSHED_BACK);
	assert_true(pace_limit(p) < 128);
	assert_int_equal(pace_claim(p, 256), pace_limit(p));
	pace_free(p);
}

/* What is not used is not learnt. */
static void
test_unused(void **state)
{
	struct pace *p = pace_new(CALLS_MAX);

	(void)state;
	fake_clock_reset();
	for (int i = 0; i < 1000; i++) {
		send_round(p, 1, 0);
		fake_clock_advance(5);
	}
	assert_int_equal(pace_limit(p), 4);
	pace_free(p);
}

/* A limit of 64, and 64 under way. */
static struct pace *
at_64(struct pace_call calls[64])
{
	struct pace *p = pace_new(CALLS_MAX);

	fake_clock_reset();
	for (unsigned n = 4; n < 64; n *= 2)
		send_round(p, n, 0);
	assert_int_equal(pace_limit(p), 64);
	memset(calls, 0, 64 * sizeof(calls[0]));
	for (size_t i = 0; i < 64; i++)
		pace_began(p, &calls[i]);
	return p;
}

/* However many were under way, they cut once, and are not counted then. */
static void
test_one_cut(void **state)
{
	struct pace_call calls[64];
	struct pace *p = at_64(calls);
	unsigned limit = 0;

	(void)state;
	for (size_t i = 0; i < 64; i++) {
		pace_ended(p, &calls[i], PACE_PUSHED_BACK);
		if (limit)
			assert_int_equal(pace_limit(p), limit);
		else if (pace_limit(p) < 64)
			limit = pace_limit(p);
	}
	assert_in_range(limit, 8, 48);
	pace_free(p);
}

/* Neither cancelled requests nor a network that is down are a store's load. */
static void
test_no_answer(void **state)
{
	struct pace_call calls[64];
	struct pace *p = at_64(calls);

	(void)state;
	for (size_t i = 0; i < 64; i++)
		pace_ended(p, &calls[i], PACE_NONE);
	assert_int_equal(pace_limit(p), 64);
	pace_free(p);
}

/* Nothing but refusals: one at a time, and it comes back with clean answers. */
static void
test_down(void **state)
{
	struct pace *p = pace_new(CALLS_MAX);
	int seconds = 0;

	(void)state;
	fake_clock_reset();
	for (int i = 0; i < 1000; i++) {
		send_round(p, pace_limit(p), pace_limit(p));
		fake_clock_advance(10);
	}
	assert_int_equal(pace_limit(p), 1);
	for (; pace_limit(p) < CALLS_MAX && seconds < 60; seconds++) {
		for (int i = 0; i < 100; i++) {
			send_round(p, pace_limit(p), 0);
			fake_clock_advance(10);
		}
	}
	assert_in_range(seconds, 3, 30);
	pace_free(p);
}

/* The same call again and again: others wait, but only for its next try. */
static void
test_stuck_call(void **state)
{
	struct pace *p = pace_new(CALLS_MAX);
	struct pace_call c = { 0 };

	(void)state;
	for (int i = 1; i <= 5; i++) {
		int64_t hold_ms = pace_hold_ms(p, &c);

		assert_int_equal(hold_ms > 0, i > 3);
		assert_int_equal(pace_hold_ms(p, &c), 0); /* it has waited */
		assert_int_equal(pace_is_held(p), i > 3);
		pace_began(p, &c);
		pace_ended(p, &c, PACE_PUSHED_BACK);
		assert_false(pace_is_held(p));
	}
	assert_true(pace_hold_ms(p, &c) > 0);
	pace_left(p, &c); /* cancelled meanwhile */
	assert_false(pace_is_held(p));
	pace_free(p);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_start),
		cmocka_unit_test(test_believed),
		cmocka_unit_test(test_believed_no_more),
		cmocka_unit_test(test_unused),
		cmocka_unit_test(test_one_cut),
		cmocka_unit_test(test_no_answer),
		cmocka_unit_test(test_down),
		cmocka_unit_test(test_stuck_call),
		cmocka_unit_test(test_stores),
	};
	struct err err;

	log_open(LOG_TO_STDERR, "/dev/null", LOG_LEVEL_DEBUG, &err);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
