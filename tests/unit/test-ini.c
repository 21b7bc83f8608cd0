/* SPDX-License-Identifier: MIT */
/*
 * The INI dialect of the AWS tools: what each text says, line by line, and
 * which texts are refused with which line number.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "util/buf.h"
#include "util/ini.h"

/* Writes what was found as "section|parent.name=value;". */
static void
on_value(void *arg, const char *section, const char *parent, const char *name,
	 const char *value)
{
	struct buf *b = arg;

	if (name)
		buf_printf(b, "%s|%s%s%s=%s;", section, parent ? parent : "",
			   parent ? "." : "", name, value);
	else
		buf_printf(b, "[%s];", section);
}

static const struct {
	const char *text;
	const char *found;
} good[] = {
	{ "", "" },
	{ "\n\n# nothing\n; here\n   # indented\n", "" },
	{ "[a]", "[a];" },
	{ "[a]\nx=1\ny = 2\n", "[a];a|x=1;a|y=2;" },
	{ "[a]\r\nx = 1\r\n\r\n[b]\r\n", "[a];a|x=1;[b];" },
	{ "  [ profile \"my name\" ]  # why\nx = 1\n",
	  "[profile \"my name\"];profile \"my name\"|x=1;" },
	{ "[a];\nX_Y = Z\n", "[a];a|x_y=Z;" },
	{ "[a]\nx: 1\n", "[a];a|x=1;" },
	{ "[a]\nurl = http://h:80/?a=b\n", "[a];a|url=http://h:80/?a=b;" },
	{ "[a]\nx = 1 # one\ny = 2\t; two\nz = a#b;c\n",
	  "[a];a|x=1;a|y=2;a|z=a#b;c;" },
	{ "[a]\nx = # none\ny =\n", "[a];a|x=;a|y=;" },
	{ "[a]\nx = 1\nx = 2\n[a]\nx = 3\n", "[a];a|x=1;a|x=2;[a];a|x=3;" },
	/* nesting */
	{ "[a]\ns3 =\n  x = 1\n\ty = 2\nz = 3\n",
	  "[a];a|s3=;a|s3.x=1;a|s3.y=2;a|z=3;" },
	{ "[a]\ns3 = # below\n\n  # comment\n  x = 1\n",
	  "[a];a|s3=;a|s3.x=1;" },
	{ "[a]\ns3 =\n  x =\n    y = 1\n", "[a];a|s3=;a|s3.x=;a|s3.y=1;" },
	{ "[a]\ns3 =\n[b]\n  x = 1\n", "[a];a|s3=;[b];b|x=1;" },
	/* a section that is indented as a whole nests nothing */
	{ "[a]\n  x =\n  y = 1\n  s3 =\n    z = 2\n",
	  "[a];a|x=;a|y=1;a|s3=;a|s3.z=2;" },
	/* the second line of a value */
	{ "[a]\nx = 1\n  and more\n  b = 2\ny = 3\n", "[a];a|x=1;a|y=3;" },
	/* longer than any fixed line buffer */
	{ "[a]\nx = "
	  "0123456789012345678901234567890123456789012345678901234567890123456"
	  "0123456789012345678901234567890123456789012345678901234567890123456"
	  "0123456789012345678901234567890123456789012345678901234567890123456"
	  "0123456789012345678901234567890123456789012345678901234567890123456",
	  "[a];a|x="
	  "0123456789012345678901234567890123456789012345678901234567890123456"
	  "0123456789012345678901234567890123456789012345678901234567890123456"
	  "0123456789012345678901234567890123456789012345678901234567890123456"
	  "0123456789012345678901234567890123456789012345678901234567890123456"
	  ";" },
};

static const struct {
	const char *text;
	const char *message;
} bad[] = {
	{ "x = 1\n", "line 1: value outside of a section" },
	{ "\n[a\n", "line 2: unclosed section name" },
	{ "[]\n", "line 1: empty section name" },
	{ "[  ]\n", "line 1: empty section name" },
	{ "[a] b\n", "line 1: text after a section name" },
	{ "[a]\nsecret\n", "line 2: neither a section, a value nor a comment" },
	{ "[a]\n = 1\n", "line 2: neither a section, a value nor a comment" },
	{ "[a]\n  secret\n",
	  "line 2: neither a section, a value nor a comment" },
	{ "[a]\nx = 1\n[a]\n  secret\n",
	  "line 4: neither a section, a value nor a comment" },
	{ "[a]\ns3 =\n  = 1\n", "line 3: nested line is not a value" },
	{ "[a]\ns3 =\n  secret\n", "line 3: nested line is not a value" },
};

static void
test_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		CLEANUP_BUF struct buf b = BUF_INIT(4096);
		struct err err = ERR_INIT;
		int rc = ini_parse(good[i].text, strlen(good[i].text), on_value,
				   &b, &err);

		if (rc)
			fail_msg("case %zu: %s", i, err.msg);
		assert_string_equal(buf_str(&b), good[i].found);
	}
}

static void
test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CLEANUP_BUF struct buf b = BUF_INIT(4096);
		struct err err = ERR_INIT;

		assert_int_equal(ini_parse(bad[i].text, strlen(bad[i].text),
					   on_value, &b, &err),
				 -EINVAL);
		assert_string_equal(err.msg, bad[i].message);
	}
}

static void
test_nul_byte(void **state)
{
	static const char text[] = "[a]\nx = 1\0 2\n";
	CLEANUP_BUF struct buf b = BUF_INIT(100);
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(ini_parse(text, sizeof(text) - 1, on_value, &b, &err),
			 -EINVAL);
	assert_string_equal(err.msg, "NUL byte");
	assert_int_equal(b.len, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_nul_byte),
	};

	return cmocka_run_group_tests_name("ini", tests, NULL, NULL);
}
