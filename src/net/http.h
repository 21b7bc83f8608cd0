/* SPDX-License-Identifier: MIT */
/*
 * HTTP/1.1 requests, many at a time, over connections that stay open, with
 * curl.  Net thread only, but for http_wake().
 *
 * A request has exactly one completion, always from http_poll(), never from
 * inside http_submit() or http_cancel(): what follows a submit may rely on
 * nothing having happened yet.  Redirects are never followed.
 *
 * An answer counts only if it is whole: the empty line that ends its head was
 * seen, whatever the method and the status, and its body is complete by its
 * framing.  Its head must mean the same to everybody, see http_head_check().
 * What is not so is a failure of the transport, to be tried again.
 */
#ifndef NET_HTTP_H
#define NET_HTTP_H

#include "net/http-header.h"
#include "net/trust.h"
#include "util/limits.h"
#include "util/timer.h"

#define HTTP_URGENT_MAX 16 /* connections besides, for what is urgent */

struct http_options {
	struct trust *trust; /* another reference is taken */
	const char *user_agent;
	/*
	 * connect_timeout_ms: name, TCP and TLS together; connections: as many are
	 * kept open while unused.
	 */
	const struct limits *limits;
	int max_connections; /* what has none waits; see is_urgent */
	bool is_direct; /* through no proxy, whatever the environment says */
};

/*
 * Bytes of the body of an answer with status 200.  Returns 0; HTTP_PAUSE: they
 * were not taken, and come again after http_resume(); anything else gives the
 * answer up.
 */
typedef int http_data_fn(void *arg, const char *data, size_t len);
#define HTTP_PAUSE 1

/*
 * The head of the answer is there, of whatever status, and nothing of its body
 * was read.  Returns 0; anything else gives the answer up, and its connection is
 * closed: what comes next on it may be no better.
 */
typedef int http_head_fn(void *arg, const struct http_answer *answer);

/* The answer is valid during the call. */
typedef void http_done_fn(void *arg, const struct http_answer *answer);

struct http_request {
	const char *method; /* "GET", "HEAD", "PUT" or "POST" */
	const char *url; /* sent as it is, nothing normalised */
	const char *const *headers; /* "name: value", NULL at the end */
	const void *body; /* PUT, POST; must live until the completion */
	size_t body_len;
	size_t body_max; /* cap of answer.body: more is EFBIG */
	bool wants_new_connection; /* none that has served another request */
	/*
	 * A small question that others hang on: it does not wait where
	 * max_connections are busy, maybe with requests that hang.
	 */
	bool is_urgent;
	http_head_fn *on_head; /* NULL: any head will do */
	http_data_fn *on_data; /* NULL: all goes to answer.body */
	http_done_fn *on_done;
	void *arg;
};

struct http;
struct http_transfer;

/*
 * Once, before the fork and before there are threads, for all that will use curl.
 * It reads what curl and what is below it read of files, such as OpenSSL's
 * configuration: before the mount, too, which may lie over them.  It holds until the
 * end of the process: a thread that hangs may be using it yet.
 */
int http_prepare(struct err *err);

/*
 * From inside of on_done: take the body, which may be large, instead of a copy.  It is
 * const for those who only look; the transfer does not need it any more.
 */
static inline void
http_take_body(const struct http_answer *answer, struct buf *out)
{
	struct http_answer *a = (struct http_answer *)answer;

	*out = a->body;
	buf_init(&a->body, a->body.max);
}

/* After http_prepare() and the fork. */
int http_new(struct http **out, const struct http_options *o,
	     struct timers *timers, struct err *err);
void http_free(struct http *h); /* no request may be under way */

/* As trust_load() and trust_load_later(); NULL: certificates of the system. */
int http_load_trust(struct trust **out, const char *ca_bundle, struct err *err);
int http_load_trust_later(struct trust **out, const char *ca_bundle,
			  struct err *err);

/* New connections trust these from now on; takes the reference. */
void http_set_trust(struct http *h, struct trust *trust);

/* Copies the request, but for its body. */
struct http_transfer *http_submit(struct http *h, const struct http_request *r);

/* End it soon: its completion comes with ECANCELED, or as it was just ending. */
void http_cancel(struct http_transfer *t);

/* on_data has returned HTTP_PAUSE, and could take the bytes now. */
void http_resume(struct http_transfer *t);

/* Wait for at most `timeout_ms` (-1: no limit), move bytes, deliver completions. */
void http_poll(struct http *h, int timeout_ms);

/* Let a running or the next http_poll() return.  Any thread, and signals. */
void http_wake(struct http *h);

#endif
