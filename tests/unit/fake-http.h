/* SPDX-License-Identifier: MIT */
/*
 * HTTP without a network: what is submitted is kept for the test to look at and
 * to answer.  A program that links fake-http.c has no other: it wins over
 * net/http.o of the archive.
 *
 * The contract of net/http.h is kept: one completion each, from http_poll()
 * only.  What production code must not do ends the test: cancel a transfer that
 * has completed, free the client while one is under way.
 */
#ifndef FAKE_HTTP_H
#define FAKE_HTTP_H

#include "net/http.h"

struct http_transfer {
	char *method, *url;
	char *headers; /* lines, each with its newline */
	char *body;
	size_t body_len;
	bool is_cancelled; /* http_cancel() was called before it had ended */

	/* the fake's own */
	struct http *http;
	struct http_request r; /* callbacks and cap */
	enum { TRANSFER_PENDING, TRANSFER_ENDED, TRANSFER_DELIVERED } state;
	struct http_answer answer;
	struct buf streamed; /* of a 2xx body: what on_data is to get */
	size_t n_taken; /* and has taken of it */
	bool is_paused; /* by on_data: it takes no more before http_resume() */
};

struct fake_answer {
	int status; /* 0: none came */
	const char *head; /* "name: value\r\n"…; NULL: none */
	const char *body; /* NULL: empty */
	size_t body_len; /* of what may have a NUL in it; 0: it has none */
	int err; /* errno of the transport, after head and body; 0: none */
	bool is_retryable;
	bool was_ended_by_close;
};

/* Some bytes of a 200 answer come in, before fake_http_answer() brings the rest. */
void fake_http_stream(struct http_transfer *t, const char *data);

/* End a transfer that is pending; delivered by the next http_poll(). */
void fake_http_answer(struct http_transfer *t, const struct fake_answer *a);

/* The oldest pending transfer with that method whose URL has `part`, or NULL. */
struct http_transfer *fake_http_find(struct http *h, const char *method,
				     const char *part);

/* How many are pending, and how many were submitted ever. */
unsigned fake_http_pending(struct http *h, const char *method,
			   const char *part);
unsigned fake_http_seen(struct http *h, const char *method, const char *part);

/* Whether completions wait for http_poll(), and for nothing else. */
bool fake_http_has_ended(const struct http *h);

/* The i-th transfer ever submitted, NULL beyond the last. */
struct http_transfer *fake_http_get(struct http *h, size_t i);

/* The value of a header of the request, on the heap; NULL if it has none. */
char *fake_http_dup_header(const struct http_transfer *t, const char *name);

#endif
