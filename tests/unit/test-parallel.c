/* SPDX-License-Identifier: MIT */
/*
 * Which libfuse is helped with several questions about a directory at a time.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fs/session.h"

/* Those up to 3.16.2 need it; 3.16.3 can't be told from them, and bears it. */
static void
test_version(void **state)
{
	(void)state;
	assert_true(parallel_is_forgotten(314));
	assert_true(parallel_is_forgotten(316));
	assert_false(parallel_is_forgotten(317));
	assert_false(parallel_is_forgotten(318));
	assert_false(parallel_is_forgotten(400));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
