/* SPDX-License-Identifier: MIT */
/*
 * Ranges of monitoring plugins.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/threshold.h"

/* Each range, what is printed of it, and what is an alert: '!' of these values. */
static void
test_alerts(void **state)
{
	static const double values[] = { -11, -1, 0, 5, 10, 15, 20, 21 };
	static const struct {
		const char *text, *printed, *alerts;
	} cases[] = {
		{ "10", "10", "!!...!!!" },
		{ "0", "0", "!!.!!!!!" },
		{ ":10", "10", "!!...!!!" },
		{ "0:10", "10", "!!...!!!" },
		{ "10:", "10:", "!!!!...." },
		{ "0:", "0:", "!!......" },
		{ "~:10", "~:10", ".....!!!" },
		{ "~:", "~:", "........" },
		{ "~:0", "~:0", "...!!!!!" },
		{ "10:20", "10:20", "!!!!...!" },
		{ "10:10", "10:10", "!!!!.!!!" },
		{ "@10:20", "@10:20", "....!!!." },
		{ "@10", "@10", "..!!!..." },
		{ "@10:", "@10:", "....!!!!" },
		{ "@~:10", "@~:10", "!!!!!..." },
		{ "@~:", "@~:", "!!!!!!!!" },
		{ "-10:5", "-10:5", "!...!!!!" },
		{ "-10:-1", "-10:-1", "!.!!!!!!" },
		{ "~:-1", "~:-1", "..!!!!!!" },
		{ "-1:", "-1:", "!......." },
		{ "4.5:5.5", "4.5:5.5", "!!!.!!!!" },
		{ ".5:5.", "0.5:5", "!!!.!!!!" },
	};
	char text[RANGE_TEXT_LEN];
	struct range r;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (!range_parse(&r, cases[i].text, UNIT_COUNT))
			fail_msg("%s", cases[i].text);
		range_print(&r, UNIT_COUNT, text);
		assert_string_equal(text, cases[i].printed);
		for (size_t k = 0; k < ARRAY_SIZE(values); k++)
			if (range_is_alert(&r, values[k]) !=
			    (cases[i].alerts[k] == '!'))
				fail_msg("%s: %g", cases[i].text, values[k]);
	}
}

static void
test_bad(void **state)
{
	static const char *const bad[] = {
		"",
		"@",
		":",
		"@:",
		"~",
		"20:10",
		"10:~",
		"~:~",
		"1:2:3",
		"x",
		"1x",
		"1 ",
		" 1",
		"1,5",
		"--1",
		"-5",
		"0x10",
		"1e3",
		"inf",
		"nan:",
		"+5",
		"@@5",
		"5@",
		"1..2",
		".",
		"-",
		"-:",
		":-1",
		"5%",
		"5s",
		"1K",
		"10:5:",
		"~10",
		"\xd9\xa1",
		"10:\n",
		"10-20",
		"1111111111111111111111111111111",
	};
	struct range r;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (range_parse(&r, bad[i], UNIT_COUNT))
			fail_msg("\"%s\"", bad[i]);
}

static void
test_suffixes(void **state)
{
	static const struct {
		enum unit unit;
		const char *text, *printed; /* NULL: it is none */
	} cases[] = {
		{ UNIT_BYTES, "10", "10" },
		{ UNIT_BYTES, "10B:", "10:" },
		{ UNIT_BYTES, "~:1K", "~:1024" },
		{ UNIT_BYTES, "1k:1Ki", "1024:1024" },
		{ UNIT_BYTES, "1KB:1kb", "1000:1000" },
		{ UNIT_BYTES, "1.5KiB", "1536" },
		{ UNIT_BYTES, "1M:", "1048576:" },
		{ UNIT_BYTES, "1MB:", "1000000:" },
		{ UNIT_BYTES, "@1G:2GiB", "@1073741824:2147483648" },
		{ UNIT_BYTES, "3TB", "3000000000000" },
		{ UNIT_BYTES, "3T", "3298534883328" },
		{ UNIT_BYTES, "1P", "1.12589990684262e+15" },
		{ UNIT_BYTES, "1PB", "1e+15" },
		{ UNIT_BYTES, "1E", "1.15292150460685e+18" },
		{ UNIT_BYTES, "5s", NULL },
		{ UNIT_BYTES, "5%", NULL },
		{ UNIT_BYTES, "5 K", NULL },
		{ UNIT_BYTES, "5KK", NULL },
		{ UNIT_SECONDS, "90", "90" },
		{ UNIT_SECONDS, "90s:", "90:" },
		{ UNIT_SECONDS, "500ms", "0.5" },
		{ UNIT_SECONDS, "5m:10min", "300:600" },
		{ UNIT_SECONDS, "1.5h", "5400" },
		{ UNIT_SECONDS, "~:2d", "~:172800" },
		{ UNIT_SECONDS, "1w", "604800" },
		{ UNIT_SECONDS, "1K", NULL },
		{ UNIT_SECONDS, "1y", NULL },
		{ UNIT_RATIO, "0.9:", "90:" },
		{ UNIT_RATIO, "90%:", "90:" },
		{ UNIT_RATIO, "90:", "90:" },
		{ UNIT_RATIO, "1:", "100:" },
		{ UNIT_RATIO, "1%:", "1:" },
		{ UNIT_RATIO, "0.5%:1", "0.5:100" },
		{ UNIT_RATIO, "~:97.53%", "~:97.53" },
		{ UNIT_RATIO, "1:50", NULL }, /* all to a half */
		{ UNIT_RATIO, "5s", NULL },
		{ UNIT_RATIO, "5%%", NULL },
		{ UNIT_COUNT, "%", NULL },
	};
	char text[RANGE_TEXT_LEN];
	struct range r;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (range_parse(&r, cases[i].text, cases[i].unit) !=
		    (cases[i].printed != NULL))
			fail_msg("%s", cases[i].text);
		if (!cases[i].printed)
			continue;
		range_print(&r, cases[i].unit, text);
		assert_string_equal(text, cases[i].printed);
	}
}

/* What is at the end of a range belongs to it. */
static void
test_ratio_at_its_end(void **state)
{
	static const struct {
		const char *text;
		double ratio;
		bool is_alert;
	} cases[] = {
		{ "90%:", 0.9, false },	  { "0.9:", 0.9, false },
		{ "90:", 0.9, false },	  { "90%:", 0.8999999, true },
		{ "~:35%", 0.35, false }, { "~:35%", 0.3500001, true },
		{ "1:", 1, false },
	};
	struct range r;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_true(range_parse(&r, cases[i].text, UNIT_RATIO));
		if (range_is_alert(&r, cases[i].ratio) != cases[i].is_alert)
			fail_msg("%s: %g", cases[i].text, cases[i].ratio);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alerts),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_suffixes),
		cmocka_unit_test(test_ratio_at_its_end),
	};

	return cmocka_run_group_tests_name("threshold", tests, NULL, NULL);
}
