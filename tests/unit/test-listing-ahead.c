/* SPDX-License-Identifier: MIT */
/*
 * When a listing asks for pages ahead: not where they may be in vain, not more
 * than its owner has slots for; and each of them is a request like any other.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "ahead-fixture.h"
#include "engine/walk.h"

#define PAST(key) "GET", "start-after=" key

/* So many ranges behind "m" that no further request may come to nothing. */
#define N_MORE 20

struct world {
	struct fixture fx;
	struct listing *listing;
	struct list_memory memory;
	bool has_slots; /* for pages ahead */
	unsigned n_sent, n_ahead, n_ended;
	bool has_end;
	int code; /* errno of it */
	char keys[256];
};

static void *
on_range(void *arg, const char *after, size_t after_len, bool is_ordered)
{
	(void)after, (void)after_len, (void)is_ordered;
	return arg;
}

static void
on_page(void *arg, void *range, const struct list_page *page)
{
	struct world *w = arg;

	assert_ptr_equal(range, w);
	assert_true(strlen(w->keys) < sizeof(w->keys) / 2);
	for (size_t i = 0; i < page->n_objects; i++)
		strncat(w->keys, page->objects[i].key,
			page->objects[i].key_len);
}

static void
on_range_end(void *arg, void *range)
{
	assert_ptr_equal(range, arg);
}

static void
on_request_end(void *arg)
{
	struct world *w = arg;

	w->n_ended++;
}

static void
on_end(void *arg, const struct listing_end *end)
{
	struct world *w = arg;

	assert_false(w->has_end);
	assert_false(end->is_again);
	w->has_end = true;
	w->code = end->err->code;
	w->n_ended++;
	if (!w->code)
		assert_true(listing_is_idle(w->listing));
}

static bool
may_send_ahead(void *arg)
{
	struct world *w = arg;

	w->n_ahead += w->has_slots;
	w->n_sent += w->has_slots;
	return w->has_slots;
}

static void
send_all(struct world *w)
{
	while (listing_can_send(w->listing)) {
		listing_send(w->listing);
		w->n_sent++;
	}
	fixture_settle(&w->fx);
	assert_int_equal(listing_in_flight(w->listing), w->n_sent - w->n_ended);
}

/*
 * `n_keys` were listed before, `n_left_of_m` of them up to the key "m", where it
 * is cut; 0: there is no cut; and at `n_more` keys behind it.
 */
static void
init(struct world *w, enum list_manner manner, int64_t n_keys,
     int64_t n_left_of_m, size_t n_more)
{
	static const struct listing_events events = {
		on_range,	on_page, on_range_end,
		on_request_end, on_end,	 may_send_ahead,
	};

	*w = (struct world){ .has_slots = true };
	fixture_init(&w->fx);
	w->memory.n_keys = n_keys;
	w->memory.cuts = xcalloc(1 + n_more, sizeof(w->memory.cuts[0]));
	for (size_t i = 0; n_left_of_m && i <= n_more; i++) {
		char later[] = { 'q', (char)('a' + i), '\0' };
		const char *key = i == 0 ? "m" : later;

		w->memory.cuts[w->memory.n_cuts++] =
			(struct list_cut){ xstrdup(key), strlen(key),
					   i == 0 ? n_left_of_m : 1 };
	}
	w->listing =
		listing_new(&(struct listing_options){ .s3 = w->fx.s3,
						       .bucket = FIXTURE_BUCKET,
						       .memory = &w->memory,
						       .events = &events,
						       .arg = w,
						       .manner = manner });
	send_all(w);
}

static void
clear(struct world *w)
{
	assert_true(listing_is_idle(w->listing));
	assert_int_equal(w->n_sent, w->n_ended);
	assert_int_equal(w->n_sent, fixture_seen(&w->fx, LIST));
	listing_free(w->listing);
	list_memory_clear(&w->memory);
	fixture_clear(&w->fx);
}

static void
stream(struct world *w, struct http_transfer *t, const char *xml)
{
	fake_http_stream(t, xml);
	fixture_settle(&w->fx);
}

static void
finish(struct world *w, struct http_transfer *t, const char *xml)
{
	fake_http_answer(t,
			 &(struct fake_answer){ .status = 200, .body = xml });
	fixture_settle(&w->fx);
	if (!w->has_end)
		send_all(w);
}

/* The ranges behind "m" have one key, if any. */
static void
finish_rest(struct world *w, const char *xml)
{
	finish(w, fixture_find(&w->fx, PAST("m")), xml);
	while (fixture_pending(&w->fx, PAST("q")))
		finish(w, fixture_find(&w->fx, PAST("q")), LAST_HEAD END);
}

/* Of a bucket that was never listed, the first two pages come alone. */
static void
test_first_listing(void **state)
{
	struct world w;

	(void)state;
	init(&w, LIST_SEQUENTIAL, 0, 0, 0);
	finish(&w, fixture_find(&w.fx, LIST), HEAD("t1") OBJECT("a") END);
	finish(&w, fixture_find(&w.fx, AFTER("t1")),
	       HEAD("t2") OBJECT("b") END);
	assert_int_equal(w.n_ahead, 0);
	stream(&w, fixture_find(&w.fx, AFTER("t2")), HEAD("t3"));
	assert_int_equal(w.n_ahead, 1);
	assert_int_equal(listing_in_flight(w.listing), 2);
	finish(&w, fixture_find(&w.fx, AFTER("t3")), LAST_HEAD END);
	finish(&w, fixture_find(&w.fx, AFTER("t2")), OBJECT("c") END);
	assert_true(w.has_end);
	assert_int_equal(w.code, 0);
	assert_string_equal(w.keys, "abc");
	assert_int_equal(w.n_sent, 4);
	clear(&w);
}

/* Without an end, one page follows another. */
static void
test_open_end(void **state)
{
	struct world w;
	struct http_transfer *t;

	(void)state;
	init(&w, LIST_SEQUENTIAL, 2, 0, 0);
	w.has_slots = false;
	t = fixture_find(&w.fx, LIST);
	stream(&w, t, HEAD("t1"));
	assert_int_equal(fixture_pending(&w.fx, LIST), 1);
	w.has_slots = true;
	stream(&w, t, OBJECT("a"));
	assert_int_equal(fixture_pending(&w.fx, LIST), 2);
	assert_false(listing_can_send(w.listing));
	finish(&w, t, END);
	assert_int_equal(listing_in_flight(w.listing), 1);
	finish(&w, fixture_find(&w.fx, LIST), LAST_HEAD END);
	assert_true(w.has_end);
	clear(&w);
}

/* So it is in the last of many ranges, however little was expected of it. */
static void
test_last_range(void **state)
{
	struct world w;

	(void)state;
	init(&w, LIST_PARALLEL, 22, 1, N_MORE);
	stream(&w, fixture_find(&w.fx, PAST("qu")), HEAD("t1"));
	assert_int_equal(w.n_ahead, 1);
	listing_stop(w.listing);
	fixture_settle(&w.fx);
	clear(&w);
}

/* Up to "m": its first page says that keys are left, as the memory does. */
static struct http_transfer *
begin_second_page(struct world *w, const char *object)
{
	struct http_transfer *t = fixture_find(&w->fx, LIST);

	stream(w, t, HEAD("t1"));
	assert_int_equal(w->n_ahead, 0);
	finish(w, t, object);
	t = fixture_find(&w->fx, AFTER("t1"));
	stream(w, t, HEAD("t2"));
	return t;
}

/* As far as the memory is sure that more than the page under way is left. */
static void
test_remembered_end(void **state)
{
	struct world w;
	struct http_transfer *t;

	(void)state;
	init(&w, LIST_PARALLEL, 20000, 1002, N_MORE);
	t = begin_second_page(&w, OBJECT("a") END);
	assert_int_equal(w.n_ahead, 1);
	finish(&w, t, OBJECT("b") END);
	stream(&w, fixture_find(&w.fx, AFTER("t2")), HEAD("t3"));
	assert_int_equal(w.n_ahead, 1);
	finish_rest(&w, LAST_HEAD OBJECT("n") END);
	finish(&w, fixture_find(&w.fx, AFTER("t2")), OBJECT("n") END);
	assert_true(w.has_end);
	assert_int_equal(w.code, 0);
	assert_string_equal(w.keys, "abn");
	clear(&w);
}

/* It was wrong: the listing is complete when the page in vain has ended. */
static void
test_in_vain(void **state)
{
	struct world w;
	struct http_transfer *t;

	(void)state;
	init(&w, LIST_PARALLEL, 50000, 3000, N_MORE);
	t = begin_second_page(&w, OBJECT("a") END);
	assert_int_equal(w.n_ahead, 1);
	finish_rest(&w, LAST_HEAD OBJECT("n") END);
	finish(&w, t, OBJECT("b") OBJECT("n") END);
	assert_true(w.has_end);
	assert_int_equal(w.code, 0);
	assert_string_equal(w.keys, "anb");
	assert_int_equal(w.n_ended, 4 + N_MORE);
	clear(&w);
}

/* What there is of the last range meanwhile. */
enum other { QUIET, AHEAD, TURN_HAS_COME, HAS_FAILED };

static void
do_other(struct world *w, size_t n_more, enum other other)
{
	char start[] = "start-after=qa";
	struct http_transfer *t;

	start[13] = (char)(start[13] + n_more);
	t = fixture_find(&w->fx, "GET", start);
	if (other == QUIET)
		return;
	stream(w, t, HEAD("u1"));
	fixture_find(&w->fx, AFTER("u1"));
	if (other == TURN_HAS_COME)
		finish(w, t, OBJECT("z") END);
	if (other == HAS_FAILED)
		fixture_refuse(&w->fx, AFTER("u1"), 500);
}

/* Nobody knows: only if one more request may come to nothing. */
static void
test_guessed_end(void **state)
{
	static const struct {
		size_t n_more;
		enum other other;
		unsigned n_ahead;
	} cases[] = { { N_MORE, QUIET, 0 },	{ 14, QUIET, 1 },
		      { 14, AHEAD, 0 },		{ 13, TURN_HAS_COME, 1 },
		      { 14, TURN_HAS_COME, 0 }, { 13, HAS_FAILED, 1 },
		      { 14, HAS_FAILED, 0 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct world w;
		struct http_transfer *t;

		init(&w, LIST_PARALLEL, 20000, 1, cases[i].n_more);
		t = fixture_find(&w.fx, LIST);
		finish(&w, t, HEAD("t1") OBJECT("a") END);
		assert_int_equal(w.n_ahead, 0); /* one key was left */
		do_other(&w, cases[i].n_more, cases[i].other);
		w.n_ahead = 0;
		stream(&w, fixture_find(&w.fx, AFTER("t1")), HEAD("t2"));
		assert_int_equal(w.n_ahead, cases[i].n_ahead);
		listing_stop(w.listing);
		fixture_settle(&w.fx);
		clear(&w);
	}
}

/* So it is where it was cut since: the memory knows nothing of that place. */
static void
test_cut_range(void **state)
{
	struct world w;

	(void)state;
	init(&w, LIST_PARALLEL, 20000, 0, 0);
	w.has_slots = false;
	finish(&w, fixture_find(&w.fx, LIST), HEAD("t1") OBJECT("b") END);
	finish(&w, fixture_find(&w.fx, AFTER("t1")),
	       HEAD("t2") OBJECT("c") END);
	assert_true(fixture_pending(&w.fx, PAST("")) > 0); /* it is cut */
	for (int i = 2; i < 30; i++) { /* these cost more than they bring */
		char token[64], xml[512];

		sprintf(token, "continuation-token=t%d", i);
		sprintf(xml, HEAD("t%d") OBJECT("ca%02d") END, i + 1, i);
		finish(&w, fixture_find(&w.fx, "GET", token), xml);
	}
	w.has_slots = true;
	stream(&w, fixture_find(&w.fx, AFTER("t30")), HEAD("t31"));
	assert_int_equal(w.n_ahead, 0);
	listing_stop(w.listing);
	fixture_settle(&w.fx);
	clear(&w);
}

/* The owner has enough of it: all that was sent ends, and nothing is told. */
static void
test_stop(void **state)
{
	struct world w;

	(void)state;
	init(&w, LIST_SEQUENTIAL, 2, 0, 0);
	stream(&w, fixture_find(&w.fx, LIST), HEAD("t1"));
	listing_stop(w.listing);
	assert_false(listing_is_idle(w.listing));
	fixture_settle(&w.fx);
	assert_int_equal(w.n_ended, 2);
	assert_false(w.has_end);
	clear(&w);
}

/* Another range fails. */
static void
test_failure(void **state)
{
	struct world w;

	(void)state;
	init(&w, LIST_PARALLEL, 50000, 3000, N_MORE);
	begin_second_page(&w, OBJECT("a") END);
	assert_int_equal(w.n_ahead, 1);
	finish(&w, fixture_find(&w.fx, PAST("m")), "no XML");
	assert_true(w.has_end);
	assert_int_equal(w.code, EIO);
	assert_int_equal(w.n_ended, 4 + N_MORE);
	clear(&w);
}

/* --- with HEADs --- */

static void
on_step(void *arg, const struct err *err)
{
	(void)arg, (void)err;
}

/* While too many HEADs wait the listing pauses, pages ahead included. */
static void
test_heads_wait(void **state)
{
	struct fixture fx;
	struct walk w = { .heads = WALK_HOLD, .on_step = on_step };
	struct http_transfer *t;
	char object[128];

	(void)state;
	fixture_init(&fx);
	fx.bucket->list_memory.n_keys = 10000;
	w.s3 = fx.s3;
	w.slots = &fx.slots;
	w.bucket = fx.bucket;
	walk_init(&w);
	walk_begin(&w, MODE_DETAILED);
	fixture_settle(&fx);
	t = fixture_find(&fx, LIST);
	fake_http_stream(t, HEAD("t1"));
	fixture_settle(&fx);
	assert_int_equal(fx.slots.n_running, 2);
	for (int i = 0; i < 4000; i++) {
		snprintf(object, sizeof(object), OBJECT("%04d.delta"), i);
		fake_http_stream(t, object);
	}
	fake_http_answer(t,
			 &(struct fake_answer){ .status = 200, .body = END });
	fixture_settle(&fx);
	assert_int_equal(fx.slots.n_running, 1);
	fake_http_stream(fixture_find(&fx, AFTER("t1")), HEAD("t2"));
	fixture_settle(&fx);
	assert_int_equal(fixture_seen(&fx, LIST), 2);
	walk_stop(&w);
	fixture_settle(&fx);
	assert_true(walk_is_idle(&w));
	walk_clear(&w);
	fixture_clear(&fx);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_listing),
		cmocka_unit_test(test_open_end),
		cmocka_unit_test(test_last_range),
		cmocka_unit_test(test_remembered_end),
		cmocka_unit_test(test_in_vain),
		cmocka_unit_test(test_guessed_end),
		cmocka_unit_test(test_cut_range),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_failure),
		cmocka_unit_test(test_heads_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
