/* SPDX-License-Identifier: MIT */
/*
 * Which keys are sent as start-after: the plain ones, and those that can be sent at
 * all.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "list/start-after.h"

#define KEY(s) s, sizeof(s) - 1

static const struct {
	const char *key;
	size_t len;
	size_t plain; /* bytes at its beginning */
	bool is_possible;
} cases[] = {
	{ KEY(""), 0, false }, /* the same as none */
	{ KEY("/"), 1, true },
	{ KEY("a/B-9._~="), 9, true },
	{ KEY("0123456789"), 10, true },
	{ KEY("abcdefghijklmnopqrstuvwxyz"), 26, true },
	{ KEY("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), 26, true },
	/* decoded twice */
	{ KEY("a%2F"), 1, true },
	{ KEY("a+b"), 1, true },
	{ KEY("a b"), 1, true },
	/* echoed raw into XML */
	{ KEY("a&b"), 1, true },
	{ KEY("a<b"), 1, true },
	{ KEY("a>b"), 1, true },
	{ KEY("a\"b"), 1, true },
	{ KEY("a\x01"), 1, true },
	{ KEY("a\tb"), 1, true },
	{ KEY("a\nb"), 1, true },
	{ KEY("a\x7f"), 1, true },
	{ KEY("a\xef\xbf\xbe"), 1, true }, /* U+FFFE */
	{ KEY("a\xef\xbf\xbf"), 1, true }, /* U+FFFF */
	/* canonicalised in more than one way, or apart from that a delimiter */
	{ KEY("a!"), 1, true },
	{ KEY("a'"), 1, true },
	{ KEY("a(1)"), 1, true },
	{ KEY("a*"), 1, true },
	{ KEY("a:1"), 1, true },
	{ KEY("a;1"), 1, true },
	{ KEY("a,1"), 1, true },
	{ KEY("a?b"), 1, true },
	{ KEY("a#b"), 1, true },
	{ KEY("a@b"), 1, true },
	{ KEY("a$b"), 1, true },
	{ KEY("a\\b"), 1, true },
	{ KEY("a[b]"), 1, true },
	{ KEY("a{b}"), 1, true },
	{ KEY("a|b"), 1, true },
	{ KEY("a^b"), 1, true },
	{ KEY("a`b"), 1, true },
	/* beyond ASCII */
	{ KEY("gr\xc3\xb6\xc3\x9f"
	      "e"),
	  7, true },
	{ KEY("\xe8\xb3\x87\xe6\x96\x99/"), 7, true },
	{ KEY("\xef\xbf\xbd"), 3,
	  true }, /* U+FFFD, the last before these two */
	{ KEY("\xf0\x9f\x98\x80"), 4, true },
	{ KEY("\xf4\x8f\xbf\xbf"), 4, true }, /* U+10FFFF */
	/* not UTF-8 */
	{ KEY("a\xff"), 1, true },
	{ KEY("a\x80"), 1, true },
	{ KEY("a\xc3"), 1, true },
	{ KEY("a\xc3/"), 1, true },
	{ KEY("a\xe8\xb3"), 1, true },
	{ KEY("a\xc0\xaf"), 1, true }, /* "/", too long */
	{ KEY("a\xed\xa0\x80"), 1, true }, /* a surrogate */
	{ KEY("a\xf4\x90\x80\x80"), 1, true }, /* behind the last one */
	/* would end there */
	{ KEY("a\0b"), 1, false },
	{ KEY("\0"), 0, false },
	{ KEY("a\0"), 1, false },
};

static void
test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *key = cases[i].key;
		size_t len = cases[i].len;

		assert_int_equal(start_after_plain_length(key, len),
				 cases[i].plain);
		assert_int_equal(start_after_is_plain(key, len),
				 len > 0 && cases[i].plain == len);
		assert_int_equal(start_after_is_possible(key, len),
				 cases[i].is_possible);
	}
}

/* No other byte alone is plain; what is can be sent. */
static void
test_each_byte(void **state)
{
	unsigned n_plain = 0;

	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		char key = (char)c;

		if (!start_after_is_plain(&key, 1))
			continue;
		n_plain++;
		assert_true(start_after_is_possible(&key, 1));
	}
	assert_int_equal(n_plain, 26 + 26 + 10 + strlen("-._~/="));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_each_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
