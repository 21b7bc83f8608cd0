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

/* The proxy's own refusal of a tunnel: its status; 0: it is none. */
static int
status_of_proxy(const char *msg)
{
	static const char start[] = "CONNECT tunnel failed, response ";
	const char *found = strstr(msg, start);

	return found ? atoi(found + strlen(start)) : 0;
}

static void
refuse_tunnel(struct http_answer *a, int status)
{
	a->is_retryable = status == 408 || status == 429 || status >= 500;
	err_set(&a->err, EIO, "the proxy refuses: HTTP status %d%s", status,
		status == 407 ? ", it wants a user and a password" : "");
	err_set_remote(&a->err, status, "", "");
}

/* TLS 1.3 says so after the handshake, when our request is under way. */
static bool
is_refused_certificate(int code, const char *msg)
{
	return (code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR ||
		code == CURLE_SSL_CONNECT_ERROR) &&
	       strstr(msg, "alert") &&
	       (strstr(msg, "certificate") || strstr(msg, "unknown ca"));
}

static void
refuse_certificate(struct http_answer *a, const char *msg)
{
	bool is_missing = strstr(msg, "certificate required");

	a->is_retryable = false;
	err_set(&a->err, EPROTO, "the store %s (%s)",
		is_missing ? "wants a client certificate"
			   : "does not accept the client certificate",
		msg);
}

void
curl_error(struct http_answer *a, int code, int os_errno, const char *msg)
{
	int error = EIO, proxy = status_of_proxy(msg);

	if (proxy) {
		refuse_tunnel(a, proxy);
		return;
	}
	if (is_refused_certificate(code, msg)) {
		refuse_certificate(a, msg);
		return;
	}
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
