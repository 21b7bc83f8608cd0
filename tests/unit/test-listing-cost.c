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

#include "fake-lister.h"
#include "formula.h"
#include "s3/listing.h"

#define CONNECTIONS 256

static const char *const shapes[] = { "dated", "hex", "flat", "skew",
				      "unicode" };

struct run {
	struct s3 s3;
	struct formula formula;
	struct listing *listing;
	struct list_memory memory;
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

/* All requests of a round are answered before any that was sent in it. */
static void
list(struct run *run)
{
	static const struct listing_events events = { on_range, on_page,
						      on_range_end,
						      on_request_end, on_end };

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
}

/* --- rounds --- */

/*
 * On one connection it would be 1000.  The first listing knows nothing, the
 * second where to cut.
 */
static void
test_rounds(void **state)
{
	static const unsigned n_dirs[] = { 100, 1000, 10000, 100000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(n_dirs); k++) {
			struct run run;

			run_init(&run, shapes[i], 1000000, n_dirs[k]);
			list(&run);
			print_message("%-8s %6u directories: %3u rounds, "
				      "%u requests, %u ranges; ",
				      shapes[i], run.formula.n_dirs,
				      run.n_rounds, run.n_requests,
				      run.n_ranges);
			assert_in_range(run.n_requests, 1000, 1120);
			assert_in_range(run.n_rounds, 1, 100);
			list(&run);
			print_message("then %2u rounds, %u requests\n",
				      run.n_rounds, run.n_requests);
			assert_in_range(run.n_requests, 1000, 1120);
			assert_in_range(run.n_rounds, 1, 30);
			run_clear(&run);
		}
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
