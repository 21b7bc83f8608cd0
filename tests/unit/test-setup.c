/* SPDX-License-Identifier: MIT */
/*
 * A program that has no mount: set up, started and stopped, without libfuse.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dlfcn.h>

#include "conf/load.h"
#include "setup.h"

/* It is linked with all of the core, see Makefile.am. */
static void
test_no_libfuse(void **state)
{
	(void)state;
	assert_non_null(dlsym(RTLD_DEFAULT, "curl_easy_init"));
	assert_null(dlsym(RTLD_DEFAULT, "fuse_version"));
}

static void
test_start_and_stop(void **state)
{
	char *argv[] = { (char *)"test-setup",
			 (char *)"-o",
			 (char *)"no_sign_request,connections=7",
			 (char *)"--endpoint-url=http://127.0.0.1:1",
			 (char *)"releases",
			 NULL };
	char *env[] = { (char *)"HOME=/nonexistent", NULL };
	CLEANUP(conf_clear) struct conf c;
	CLEANUP(setup_clear) struct setup s = { .conf = NULL };
	struct err err = ERR_INIT;

	(void)state;
	if (conf_load(&c, CONF_DGSTAT, ARRAY_SIZE(argv) - 1, argv, env, &err) ||
	    setup_prepare(&s, &c, &err) || setup_start(&s, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(s.limits.connections, 7);
	assert_non_null(s.engine);
	setup_stop(&s);
	assert_null(s.engine);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_libfuse),
		cmocka_unit_test(test_start_and_stop),
	};

	return cmocka_run_group_tests_name("setup", tests, NULL, NULL);
}
