/* SPDX-License-Identifier: MIT */
/* Curl's errors: see curl-error.h.  Any thread. */
#include "config.h"

#include "net/curl-error.h"

#include <errno.h>

#include <curl/curl.h>

enum retry {
	RETRY,
	NO_RETRY,
	/*
	 * On a used connection, what is no answer may be the rest of the one
	 * before, as of a store that sends a body with a HEAD.
	 */
	RETRY_IF_REUSED,
};

/* What is not here is EIO, to be tried again. */
static const struct {
	CURLcode code;
	int error;
	enum retry retry;
} errors[] = {
	{ CURLE_COULDNT_RESOLVE_HOST, EHOSTUNREACH, RETRY },
	{ CURLE_COULDNT_RESOLVE_PROXY, EHOSTUNREACH, RETRY },
	{ CURLE_COULDNT_CONNECT, EHOSTUNREACH, RETRY },
	{ CURLE_OPERATION_TIMEDOUT, ETIMEDOUT, RETRY },
	{ CURLE_PEER_FAILED_VERIFICATION, EPROTO, NO_RETRY },
	{ CURLE_SSL_CONNECT_ERROR, EPROTO, NO_RETRY },
	{ CURLE_SSL_CACERT_BADFILE, EPROTO, NO_RETRY },
	{ CURLE_OUT_OF_MEMORY, ENOMEM, RETRY },
	{ CURLE_URL_MALFORMAT, EIO, NO_RETRY },
	{ CURLE_WEIRD_SERVER_REPLY, EIO, RETRY_IF_REUSED },
	{ CURLE_UNSUPPORTED_PROTOCOL, EIO, RETRY_IF_REUSED },
};

/* What curl says; but a proxy that it can't parse it quotes, password and all. */
static const char *
message(int code, const char *msg)
{
	return msg[0] && !strchr(msg, '@') ? msg
					   : curl_easy_strerror((CURLcode)code);
}

void
curl_error(struct http_answer *a, int code, bool was_reused, const char *msg)
{
	enum retry retry = RETRY;
	int error = EIO;

	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		if ((int)errors[i].code == code) {
			error = errors[i].error;
			retry = errors[i].retry;
		}
	}
	a->is_retryable =
		retry == RETRY || (retry == RETRY_IF_REUSED && was_reused);
	/* curl's word for a field that is too long for it, as well */
	if (code == CURLE_OUT_OF_MEMORY && a->head.len > 0) {
		error = EIO;
		msg = "a header field that is too long, or out of memory";
	}
	err_set(&a->err, error, "%s", message(code, msg));
}
