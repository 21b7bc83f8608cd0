/* SPDX-License-Identifier: MIT */
/*
 * A command in words: the right ones are those of Python's shlex.split().
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "auth/words.h"
#include "util/buf.h"

static const struct {
	const char *text;
	const char *words; /* each in <>; NULL: refused */
} cases[] = {
	{ "", "" },
	{ " \t ", "" },
	{ "a", "<a>" },
	{ " a  b\tc ", "<a><b><c>" },
	{ "'a b' c", "<a b><c>" },
	{ "\"a b\"c", "<a bc>" },
	{ "''", "<>" },
	{ "a'' \"\"", "<a><>" },
	{ "'a\\'", "<a\\>" },
	{ "\"a\\\"b\\\\c\\d\"", "<a\"b\\c\\d>" },
	{ "a\\ b\\'c\\\\", "<a b'c\\>" },
	{ "$HOME;x|y>z", "<$HOME;x|y>z>" },
	{ "'a", NULL },
	{ "\"a", NULL },
	{ "\"a\\", NULL },
	{ "a\\", NULL },
	{ "b \"a\\\"", NULL },
};

static void
test_split(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP_BUF struct buf b = BUF_INIT(1024);
		struct words w;
		struct err err = ERR_INIT;
		int rc = words_split(&w, cases[i].text, &err);

		assert_int_equal(rc != 0, !cases[i].words);
		assert_int_equal(err.code, -rc);
		for (size_t k = 0; k < w.n; k++)
			buf_printf(&b, "<%s>", w.word[k]);
		assert_null(w.word[w.n]);
		if (cases[i].words)
			assert_string_equal(buf_str(&b), cases[i].words);
		words_clear(&w);
	}
}

static void
test_many(void **state)
{
	char text[2 * WORDS_MAX + 3] = "";
	struct words w;

	(void)state;
	for (int i = 0; i < WORDS_MAX; i++)
		strcat(text, "a ");
	assert_int_equal(words_split(&w, text, NULL), 0);
	assert_int_equal(w.n, WORDS_MAX);
	words_clear(&w);
	strcat(text, "a");
	assert_int_not_equal(words_split(&w, text, NULL), 0);
	assert_int_equal(w.n, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests_name("words", tests, NULL, NULL);
}
