/* SPDX-License-Identifier: MIT */
/* Curl's errors: see curl-error.h.  Any thread. */
#include "config.h"

#include "net/curl-error.h"

#include <errno.h>

#include <curl/curl.h>

/* What is not here is EIO, to be tried again. */
static const struct {
	CURLcode code;
	int error;
	bool is_final; /* another try would end the same */
} errors[] = {
	{ CURLE_COULDNT_RESOLVE_HOST, EHOSTUNREACH, false },
	{ CURLE_COULDNT_RESOLVE_PROXY, EHOSTUNREACH, false },
	{ CURLE_COULDNT_CONNECT, EHOSTUNREACH, false },
	{ CURLE_OPERATION_TIMEDOUT, ETIMEDOUT, false },
	{ CURLE_PEER_FAILED_VERIFICATION, EPROTO, true },
	{ CURLE_SSL_CONNECT_ERROR, EPROTO, true },
	{ CURLE_SSL_CACERT_BADFILE, EPROTO, true },
	{ CURLE_OUT_OF_MEMORY, ENOMEM, false },
	{ CURLE_URL_MALFORMAT, EIO, true },
};

/* What curl says; but a proxy that it can't parse it quotes, password and all. */
static const char *
message(int code, const char *msg)
{
	return msg[0] && !strchr(msg, '@') ? msg
					   : curl_easy_strerror((CURLcode)code);
}

/* The connection ended while TLS began: no matter of trust. */
static bool
is_cut_handshake(int code, int os_errno, const char *msg)
{
	return code == CURLE_SSL_CONNECT_ERROR &&
	       (os_errno == ECONNRESET || os_errno == EPIPE ||
		strstr(msg, "SSL_ERROR_SYSCALL") ||
		strstr(msg, "unexpected eof"));
}

/* OpenSSL had no memory, which curl takes for a failure of TLS. */
static bool
is_out_of_memory(int error, const char *msg)
{
	return error == EPROTO &&
	       (strstr(msg, "malloc failure") || strstr(msg, "out of memory"));
}

void
curl_error(struct http_answer *a, int code, int os_errno, const char *msg)
{
	int error = EIO;

	a->is_retryable = true;
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		if ((int)errors[i].code == code &&
		    !is_cut_handshake(code, os_errno, msg)) {
			error = errors[i].error;
			a->is_retryable = !errors[i].is_final;
		}
	}
	if (is_out_of_memory(error, msg)) {
		error = ENOMEM;
		a->is_retryable = true;
	}
	if (code == CURLE_COULDNT_CONNECT &&
	    (os_errno == ECONNREFUSED || os_errno == ETIMEDOUT))
		error = os_errno;
	/* curl's word for a field that is too long for it, as well */
	if (code == CURLE_OUT_OF_MEMORY && a->head.len > 0) {
		error = EIO;
		msg = "a header field that is too long, or out of memory";
	}
	err_set(&a->err, error, "%s", message(code, msg));
}
