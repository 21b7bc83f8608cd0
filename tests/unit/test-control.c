/* SPDX-License-Identifier: MIT */
/*
 * Commands of control files: every word, and what is none.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "fs/control.h"
#include "stats/mode.h"

#define Q (1u << MODE_QUICK)
#define S (1u << MODE_SAMPLED)
#define D (1u << MODE_DETAILED)

static const struct {
	const char *text;
	unsigned modes; /* 0: refused */
} refreshes[] = {
	{ "quick", Q },
	{ "sampled\n", S },
	{ "detailed\r\n", D },
	{ " \t quick \n", Q },
	{ "quick detailed", Q | D },
	{ "detailed\tquick\nsampled", Q | S | D },
	{ "quick quick", Q },
	{ "all", Q | S | D },
	{ "all\n", Q | S | D },
	{ "1\n", Q | S | D },
	{ "", Q | S | D },
	{ "\n", Q | S | D },
	{ " \t\r\n", Q | S | D },
	{ "0", 0 },
	{ "Quick", 0 },
	{ "quic", 0 },
	{ "quickly", 0 },
	{ "quick,detailed", 0 },
	{ "quick bogus", 0 },
	{ "bogus quick", 0 },
	{ "all quick", 0 },
	{ "quick all", 0 },
	{ "all all", 0 },
	{ "1 1", 0 },
	{ "all bogus", 0 },
	{ "quick\vdetailed", 0 },
};

static void
test_refresh(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refreshes); i++) {
		unsigned modes = 99;
		struct err err = ERR_INIT;
		int rc = control_parse_refresh(refreshes[i].text,
					       strlen(refreshes[i].text),
					       &modes, &err);

		if (refreshes[i].modes) {
			assert_int_equal(rc, 0);
			assert_int_equal(modes, refreshes[i].modes);
			assert_int_equal(err.code, 0);
		} else {
			if (rc != -EINVAL)
				fail_msg("\"%s\" passed", refreshes[i].text);
			assert_int_equal(modes, 99);
			assert_int_equal(err.code, EINVAL);
		}
	}
}

static const struct {
	const char *text;
	int is_on; /* -1: refused */
} nocaches[] = {
	{ "1", 1 },	  { "y", 1 },	    { "yes", 1 },  { "on", 1 },
	{ "true", 1 },	  { "0", 0 },	    { "n", 0 },	   { "no", 0 },
	{ "off", 0 },	  { "false", 0 },   { "1\n", 1 },  { " 0 \r\n", 0 },
	{ "\n1", 1 },	  { "", -1 },	    { "\n", -1 },  { " ", -1 },
	{ "2", -1 },	  { "01", -1 },	    { "YES", -1 }, { "1 1", -1 },
	{ "1 0", -1 },	  { "on off", -1 }, { "tru", -1 }, { "trues", -1 },
	{ "enable", -1 }, { "-1", -1 },
};

static void
test_nocache(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(nocaches); i++) {
		for (int before = 0; before < 2; before++) {
			bool is_on = before;
			struct err err = ERR_INIT;
			int rc = control_parse_nocache(nocaches[i].text,
						       strlen(nocaches[i].text),
						       &is_on, &err);
			bool is_bad = nocaches[i].is_on < 0;

			assert_int_equal(rc, is_bad ? -EINVAL : 0);
			assert_int_equal(err.code, is_bad ? EINVAL : 0);
			assert_int_equal(is_on,
					 is_bad ? before : nocaches[i].is_on);
		}
	}
}

/* Bytes, not strings: NUL is no blank, and nothing is read behind the end. */
static void
test_bytes(void **state)
{
	char *exact = memcpy(xmalloc(5), "quick", 5);
	unsigned modes;
	struct err err;
	bool is_on;

	(void)state;
	assert_int_equal(control_parse_refresh(exact, 5, &modes, &err), 0);
	assert_int_equal(modes, Q);
	assert_int_equal(control_parse_refresh("quick\0", 6, &modes, &err),
			 -EINVAL);
	assert_int_equal(control_parse_nocache("1\0", 2, &is_on, &err),
			 -EINVAL);
	assert_int_equal(control_parse_refresh("\0", 1, &modes, &err), -EINVAL);
	free(exact);
}

/* The message names the word, escaped and cut. */
static void
test_message(void **state)
{
	char text[CONTROL_MAX];
	unsigned modes;
	struct err err;

	(void)state;
	control_parse_refresh("quick qick", 10, &modes, &err);
	assert_non_null(strstr(err.msg, "\"qick\""));
	assert_non_null(strstr(err.msg, "quick, sampled, detailed, all"));
	control_parse_refresh("a\x1b[1m", 5, &modes, &err);
	assert_non_null(strstr(err.msg, "a\\x1b[1m"));
	memset(text, 'x', sizeof(text));
	control_parse_refresh(text, sizeof(text), &modes, &err);
	assert_non_null(strstr(err.msg, "all"));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refresh),
		cmocka_unit_test(test_nocache),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
