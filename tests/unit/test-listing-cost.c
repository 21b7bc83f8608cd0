/* SPDX-License-Identifier: MIT */
/*
 * What a listing costs: requests, and rounds, that is how long it takes in units
 * of the store's latency.  On buckets of all shapes, with and without memory.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "brief.h"
#include "fake-lister.h"
#include "formula.h"
#include "list/listing.h"

#define CONNECTIONS 256

static const char *const shapes[] = { "dated", "hex", "flat", "skew",
				      "unicode" };

struct run {
	struct s3 s3;
	struct formula formula;
	struct listing *listing;
	struct list_memory memory, index;
	int64_t n_expected; /* keys, as a document says; 0: there is none */
	unsigned n_rounds_of_index; /* 1: it was asked for; 2: it is there */
	uint32_t n_keys; /* delivered */
	unsigned n_requests, n_rounds, n_ranges;
	bool is_ended;
};

static unsigned
find_key(const void *bucket, uint32_t i, char out[FAKE_KEY_SIZE])
{
	return formula_key(bucket, i, out);
}

static void *
on_range(void *arg, const char *after, size_t after_len, bool is_ordered)
{
	struct run *run = arg;

	(void)after, (void)after_len, (void)is_ordered;
	run->n_ranges++;
	return run;
}

static void
on_page(void *arg, void *range, const struct list_page *page)
{
	struct run *run = arg;

	(void)range;
	run->n_keys += (uint32_t)page->n_objects;
}

static void
on_range_end(void *arg, void *range)
{
	(void)arg, (void)range;
}

static void
on_request_end(void *arg)
{
	(void)arg;
}

static void
on_end(void *arg, const struct listing_end *end)
{
	struct run *run = arg;

	assert_int_equal(end->err->code, 0);
	run->is_ended = true;
}

/* As many as may be under way. */
static void
send(struct run *run)
{
	while (listing_in_flight(run->listing) < CONNECTIONS &&
	       listing_can_send(run->listing)) {
		listing_send(run->listing);
		run->n_requests++;
	}
}

/* --- what the index of a memo knows --- */

/*
 * The first `nth` of each `of` keys up to `end` are deltas, in blocks of about a
 * thousand.
 */
static void
make_index(struct run *run, unsigned nth, unsigned of, unsigned end)
{
	struct list_marks marks = { 0 };
	char key[FAKE_KEY_SIZE];
	unsigned random = 1;

	for (unsigned i = 0, n = 0; i < end; i++) {
		random = random * 1103515245 + 12345;
		n += i % of < nth;
		if (i % of >= nth || (random >> 16) % 1024)
			continue;
		list_marks_add_key(&marks, key, find_key(&run->formula, i, key),
				   n);
		n = 0;
	}
	list_memory_remember(&run->index, &marks);
	list_marks_clear(&marks);
}

/* It is asked for in a round, and comes in the next. */
static void
read_index(struct run *run)
{
	if (run->index.n_cuts == 0 || run->n_rounds_of_index == 2)
		return;
	if (run->n_rounds_of_index++ == 1)
		listing_cut_at(run->listing, run->index.cuts,
			       run->index.n_cuts);
	else if (!listing_wants_cuts(run->listing, run->n_expected))
		run->n_rounds_of_index = 0;
	send(run);
}

/* All requests of a round are answered before any that was sent in it. */
static void
list(struct run *run)
{
	static const struct listing_events events = {
		on_range, on_page, on_range_end, on_request_end, on_end,
	};

	run->n_keys = run->n_requests = run->n_rounds = run->n_ranges = 0;
	run->is_ended = false;
	run->listing =
		listing_new(&(struct listing_options){ .s3 = &run->s3,
						       .bucket = "b",
						       .memory = &run->memory,
						       .events = &events,
						       .arg = run });
	send(run);
	while (!run->is_ended) {
		unsigned n = listing_in_flight(run->listing);

		assert_true(n > 0);
		run->n_rounds++;
		while (n-- > 0) {
			assert_true(fake_lister_answer(&run->s3));
			send(run);
		}
		read_index(run);
	}
	assert_true(listing_is_idle(run->listing));
	listing_free(run->listing);
	assert_int_equal(run->n_keys, run->s3.n_keys);
}

static void
run_init(struct run *run, const char *shape, unsigned n_keys, unsigned n_dirs)
{
	char bucket[64];

	*run = (struct run){ .n_keys = 0 };
	if (strcmp(shape, "flat") == 0)
		n_dirs = 1;
	snprintf(bucket, sizeof(bucket), "%s-n%u-d%u-s%u", shape, n_keys,
		 n_keys / 2, n_dirs);
	assert_true(formula_parse(&run->formula, bucket));
	run->s3 = (struct s3){ .n_keys = n_keys,
			       .key = find_key,
			       .bucket = &run->formula };
}

static void
run_clear(struct run *run)
{
	list_memory_clear(&run->memory);
	list_memory_clear(&run->index);
}

/* --- rounds --- */

static const unsigned dirs[] = { 100, 1000, 10000, 100000 };

/* At most, with so many directories: it is the same each time, and may vary. */
static const unsigned rounds[][ARRAY_SIZE(dirs)] = {
	{ 55, 55, 45, 50 }, /* dated */
	{ 70, 40, 35, 35 }, /* hex */
	{ 40, 40, 40, 40 }, /* flat */
	{ 65, 50, 45, 50 }, /* skew */
	{ 55, 55, 45, 45 }, /* unicode */
};

static void
list_and_show(struct run *run, unsigned most, unsigned most_requests)
{
	list(run);
	print_message("%3u rounds, %u requests, %u ranges; ", run->n_rounds,
		      run->n_requests, run->n_ranges);
	assert_in_range(run->n_requests, 1000, most_requests);
	assert_in_range(run->n_rounds, 1, most);
}

/*
 * On one connection it would be 1000.  The first listing knows nothing, the
 * second where to cut.
 */
static void
test_rounds(void **state)
{
	(void)state;
	for (size_t i = 0; i < brief(ARRAY_SIZE(shapes)); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(dirs); k++) {
			struct run run;

			run_init(&run, shapes[i], 1000000, dirs[k]);
			print_message("%-8s %6u directories: ", shapes[i],
				      run.formula.n_dirs);
			list_and_show(&run, rounds[i][k], 1120);
			list_and_show(&run, 12, 1120);
			print_message("\n");
			run_clear(&run);
		}
	}
}

/*
 * What is a delta of the million, and at most how many rounds it takes: some for two
 * pages and the index; then where nothing else is there, it is as if all were known.
 */
static const struct {
	unsigned nth, of, end;
	unsigned rounds;
} deltas[] = {
	{ 1, 1, 1000000, 14 },	{ 3, 4, 1000000, 16 }, { 1, 2, 1000000, 18 },
	{ 1, 50, 1000000, 30 }, { 1, 1, 333333, 34 },
};

/* A document says how many keys there are: the second page need not be waited for. */
static void
list_as_told(struct run *run, unsigned most)
{
	list_memory_clear(&run->memory);
	run->n_rounds_of_index = 0;
	run->n_expected = run->s3.n_keys;
	list_and_show(run, most, 1180);
}

static void
test_rounds_with_index(void **state)
{
	(void)state;
	for (size_t i = 0; i < brief(ARRAY_SIZE(shapes)); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(deltas); k++) {
			struct run run;

			run_init(&run, shapes[i], 1000000, 1000);
			make_index(&run, deltas[k].nth, deltas[k].of,
				   deltas[k].end);
			print_message(
				"%-8s %u of %u deltas up to %u: ", shapes[i],
				deltas[k].nth, deltas[k].of, deltas[k].end);
			list_and_show(&run, deltas[k].rounds, 1180);
			list_as_told(&run, deltas[k].rounds - (k < 3));
			print_message("\n");
			run_clear(&run);
		}
	}
}

/* --- requests --- */

static unsigned
list_pages_of(unsigned n_keys)
{
	return n_keys > 0 ? (n_keys + LIST_PAGE_KEYS - 1) / LIST_PAGE_KEYS : 1;
}

/* A tenth more than there are pages, and a few; first and repeated. */
static void
test_requests(void **state)
{
	static const unsigned sizes[] = { 2001,	 2500,	5000,	12345,
					  20000, 50000, 123456, 200000 };

	(void)state;
	for (size_t i = 0; i < brief(ARRAY_SIZE(shapes)); i++) {
		for (size_t k = 0; k < 3 * ARRAY_SIZE(sizes); k++) {
			unsigned n = sizes[k / 3], most = n / 10000 + 20;
			struct run run;

			most += list_pages_of(n);
			run_init(&run, shapes[i], n,
				 k % 3 == 0   ? 4
				 : k % 3 == 1 ? n / 1000
					      : n / 20);
			list(&run);
			assert_in_range(run.n_requests, list_pages_of(n), most);
			list(&run);
			assert_in_range(run.n_requests, list_pages_of(n), most);
			run_clear(&run);
		}
	}
}

/* A small bucket costs no request more than one connection would ask. */
static void
test_small(void **state)
{
	static const unsigned sizes[] = { 1, 999, 1000, 1001, 1999, 2000 };

	(void)state;
	for (size_t i = 0; i < brief(ARRAY_SIZE(shapes)); i++) {
		struct run run;

		for (size_t k = 0; k < ARRAY_SIZE(sizes); k++) {
			run_init(&run, shapes[i], sizes[k], 1);
			for (int n = 0; n < 3; n++) {
				list(&run);
				assert_int_equal(run.n_requests,
						 list_pages_of(sizes[k]));
			}
			run_clear(&run);
		}
		run_init(&run, shapes[i], 2500, 1);
		list(&run);
		list(&run);
		assert_int_equal(run.n_requests, 3);
		run_clear(&run);
	}
}

/* A bucket that has shrunk, or has grown, since it was cut. */
static void
test_changed_size(void **state)
{
	static const unsigned sizes[] = {
		200000, 1000, 150000, 0, 3000, 90000
	};

	(void)state;
	for (size_t i = 0; i < brief(ARRAY_SIZE(shapes)); i++) {
		struct list_memory memory = { .n_keys = 0 };
		unsigned before = 0;

		for (size_t k = 0; k < ARRAY_SIZE(sizes); k++) {
			unsigned n = sizes[k], allowed;
			struct run run;

			allowed = (unsigned)list_ranges_allowed(
				n > before ? n : before);
			run_init(&run, shapes[i], n ? n : 1, 1);
			run.s3.n_keys = n;
			run.memory = memory;
			list(&run);
			assert_in_range(run.n_requests, list_pages_of(n),
					list_pages_of(n) + allowed);
			memory = run.memory;
			before = n;
		}
		list_memory_clear(&memory);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rounds),
		cmocka_unit_test(test_rounds_with_index),
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_small),
		cmocka_unit_test(test_changed_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
