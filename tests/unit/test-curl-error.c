/* SPDX-License-Identifier: MIT */
/*
 * What curl's errors are, where its code alone does not tell.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include <curl/curl.h>

#include "net/curl-error.h"

static const struct {
	int code, os_errno;
	const char *msg;
	int error;
	bool is_retryable;
} cases[] = {
	{ CURLE_RECV_ERROR, 0, "", EIO, true },
	{ CURLE_OPERATION_TIMEDOUT, 0, "", ETIMEDOUT, true },
	{ CURLE_COULDNT_CONNECT, 0, "", EHOSTUNREACH, true },
	{ CURLE_COULDNT_CONNECT, ECONNREFUSED, "", ECONNREFUSED, true },
	/* who can't be trusted now can't be trusted in a second */
	{ CURLE_PEER_FAILED_VERIFICATION, 0, "certificate has expired", EPROTO,
	  false },
	{ CURLE_SSL_CONNECT_ERROR, 0, "wrong version number", EPROTO, false },
	/* no matter of trust */
	{ CURLE_SSL_CONNECT_ERROR, ECONNRESET, "", EIO, true },
	{ CURLE_SSL_CONNECT_ERROR, 0, "SSL_ERROR_SYSCALL", EIO, true },
	{ CURLE_SSL_CONNECT_ERROR, 0,
	  "OpenSSL/3.0.19: error:078C0100:common libcrypto routines::malloc "
	  "failure",
	  ENOMEM, true },
	{ CURLE_PEER_FAILED_VERIFICATION, 0,
	  "SSL certificate problem: out of memory", ENOMEM, true },
	{ CURLE_OUT_OF_MEMORY, 0, "", ENOMEM, true },
	/* what the other side thinks of our certificate */
	{ CURLE_RECV_ERROR, 0,
	  "OpenSSL SSL_read: error:0A00045C:SSL routines::tlsv13 alert "
	  "certificate required, errno 0",
	  EPROTO, false },
	{ CURLE_SSL_CONNECT_ERROR, 0,
	  "error:0A000418:SSL routines::tlsv1 alert unknown ca", EPROTO,
	  false },
	{ CURLE_RECV_ERROR, 0,
	  "OpenSSL SSL_read: error:0A000126:SSL routines::unexpected eof "
	  "while reading, errno 0",
	  EIO, true },
	/* and the proxy of us */
	{ CURLE_RECV_ERROR, 0, "CONNECT tunnel failed, response 407", EIO,
	  false },
	{ CURLE_RECV_ERROR, 0, "CONNECT tunnel failed, response 403", EIO,
	  false },
	{ CURLE_RECV_ERROR, 0, "CONNECT tunnel failed, response 503", EIO,
	  true },
};

static void
test_codes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct http_answer a = { .status = 0 };

		curl_error(&a, cases[i].code, cases[i].os_errno, cases[i].msg);
		assert_int_equal(a.err.code, cases[i].error);
		assert_int_equal(a.is_retryable, cases[i].is_retryable);
		assert_true(a.err.msg[0]);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_codes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
