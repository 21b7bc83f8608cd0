/* SPDX-License-Identifier: MIT */
/*
 * When keys are fetched again: ahead of their end, later and later where it fails, and
 * not for each refusal.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "auth/renewal.h"
#include "fake-clock.h"
#include "util/date.h"

/* What is fetched: keys that live so long (0: without end), or nothing. */
struct service {
	struct renewal r;
	int64_t life_s;
	bool fails;
	unsigned n_fetched;
};

static int
fetch(void *source, struct keys **found, struct err *err)
{
	struct service *s = source;
	char name[16];

	s->n_fetched++;
	if (s->fails)
		return err_set(err, EACCES, "no");
	snprintf(name, sizeof(name), "%u", s->n_fetched);
	return keys_new(
		found,
		&(struct keys){ .access_key = name,
				.secret_key = "s",
				.source = "test",
				.expires_at = s->life_s ? date_now() + s->life_s
							: 0 },
		err);
}

/* The number of the fetch that the keys are of; 0: there are none. */
static int
ask(struct service *s, enum must_look must_look)
{
	struct keys *k = NULL;
	struct err err = ERR_INIT;
	int rc = renewal_ask(&s->r, must_look, fetch, s, &k, &err), n = 0;

	assert_int_equal(rc, k ? 0 : -EACCES);
	assert_int_equal(err.code, -rc);
	if (k)
		n = atoi(k->access_key);
	keys_unref(k);
	return n;
}

static void
test_without_end(void **state)
{
	struct service s = { .life_s = 0 };

	(void)state;
	fake_clock_reset();
	assert_int_equal(ask(&s, LOOK_IF_CHANGED), 1);
	fake_clock_advance(HOUR_MS);
	assert_int_equal(ask(&s, LOOK_IF_CHANGED), 1);
	assert_int_equal(s.r.due_ms, 0);
	renewal_clear(&s.r);
}

/* From three to five quarters of a quarter of what is left. */
static void
test_ahead(void **state)
{
	static const int64_t lives_s[] = { 2, 60, 900, 3600, 43200 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lives_s); i++) {
		int64_t life = lives_s[i] * 1000, ahead = life / 4;
		struct service s = { .life_s = lives_s[i] };
		int64_t began;

		fake_clock_reset();
		if (ahead > 15 * MINUTE_MS)
			ahead = 15 * MINUTE_MS;
		fake_clock_advance(i % 2 ? 900 : 0);
		began = date_mono_ms();
		assert_int_equal(ask(&s, LOOK_IF_CHANGED), 1);
		assert_true(s.r.due_ms < began + life - (i % 2 ? 900 : 0));
		/* a second less than they live, since nobody knows which part is gone */
		assert_in_range(s.r.due_ms - began,
				life - 1000 - ahead * 5 / 4 - 1,
				life - 1000 - (ahead - 250) * 3 / 4 + 1);
		fake_clock_advance(s.r.due_ms - began - 1);
		assert_int_equal(ask(&s, LOOK_IF_CHANGED), 1);
		fake_clock_advance(1);
		assert_int_equal(ask(&s, LOOK_IF_CHANGED), 2);
		renewal_clear(&s.r);
	}
}

static void
test_failing(void **state)
{
	struct service s = { .life_s = 3600 };
	unsigned before;

	(void)state;
	fake_clock_reset();
	assert_int_equal(ask(&s, LOOK_IF_CHANGED), 1);
	s.fails = true;
	fake_clock_advance(s.r.due_ms - date_mono_ms());
	assert_int_equal(ask(&s, LOOK_IF_CHANGED), 1); /* the old ones */
	assert_int_equal(ask(&s, LOOK_IF_CHANGED), 1);
	assert_int_equal(s.n_fetched, 2); /* not at once again */
	while (s.r.keys) {
		assert_in_range(s.r.due_ms - date_mono_ms(), 1,
				MINUTE_MS * 5 / 4);
		fake_clock_advance(s.r.due_ms - date_mono_ms());
		ask(&s, LOOK_IF_CHANGED);
	}
	assert_in_range(s.n_fetched, 12, 40); /* in a quarter of an hour */
	assert_int_equal(ask(&s, LOOK_IF_CHANGED), 0);
	before = s.n_fetched;
	for (int i = 0; i < 60; i++) {
		fake_clock_advance(1000);
		assert_int_equal(ask(&s, LOOK_IF_CHANGED), 0);
	}
	assert_in_range(s.n_fetched - before, 6, 20);
	s.fails = false; /* it heals within seconds */
	fake_clock_advance(10 * 1000);
	assert_int_not_equal(ask(&s, LOOK_IF_CHANGED), 0);
	renewal_clear(&s.r);
}

/* A refusal may be one of rights: a fetch for each would be too many. */
static void
test_anew(void **state)
{
	struct service s = { .life_s = 0 };
	int before;

	(void)state;
	fake_clock_reset();
	assert_int_equal(ask(&s, LOOK_IF_CHANGED), 1);
	assert_int_equal(ask(&s, LOOK_REFUSED), 1);
	fake_clock_advance(1000);
	assert_int_equal(ask(&s, LOOK_REFUSED), 2);
	for (int i = 0; i < 600; i++) {
		fake_clock_advance(1000);
		ask(&s, LOOK_REFUSED);
	}
	assert_in_range(s.n_fetched, 8, 20);
	/* who tells us is not to wait for that */
	before = (int)s.n_fetched;
	assert_int_equal(ask(&s, LOOK_TOLD), before + 1);
	assert_int_equal(ask(&s, LOOK_TOLD), before + 2);
	renewal_clear(&s.r);
}

static void
test_expired_when_fetched(void **state)
{
	struct service s = { .life_s = -3600 };
	struct keys *k = NULL;
	struct err err = ERR_INIT;

	(void)state;
	fake_clock_reset();
	assert_int_equal(renewal_ask(&s.r, false, fetch, &s, &k, &err),
			 -EACCES);
	assert_non_null(strstr(err.msg, "test: its keys have expired at "));
	assert_null(k);
	renewal_clear(&s.r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_end),
		cmocka_unit_test(test_ahead),
		cmocka_unit_test(test_failing),
		cmocka_unit_test(test_anew),
		cmocka_unit_test(test_expired_when_fetched),
	};

	return cmocka_run_group_tests_name("renewal", tests, NULL, NULL);
}
