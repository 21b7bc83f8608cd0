/* SPDX-License-Identifier: MIT */
/*
 * An HTTP/1.1 server for the store: one thread, epoll, requests that wait for
 * their answer in a queue and not in a thread.
 *
 * Why not libmicrohttpd: see http.c.
 */
#ifndef BENCH_HTTP_H
#define BENCH_HTTP_H

#include "text.h"

struct request {
	char *method;
	char *path; /* as received, without the query */
	char *query; /* "" if there is none */
	char *headers; /* lines that end with \r\n, then a NUL */
	const char *body;
	size_t body_len;
	bool is_refused; /* on_begin() says so: the rate limit is reached */
	bool is_first; /* on its connection */
	bool is_control; /* on_begin() says so: not delayed */
};

/* Zeroed by the server before on_answer(), but for the allocations. */
struct response {
	int status;
	struct text headers; /* lines */
	struct text body[2];
	bool has_no_body; /* an answer to HEAD */
	size_t length; /* of the body that HEAD does not send */
	uint64_t rate; /* bytes a second; 0: as fast as the client takes them */
	/*
	 * As TCP begins: a window of bytes for each round trip, twice as many
	 * for the next, as long as the connection is busy; 0: no windows.
	 */
	uint64_t rtt_us;
	/* So long after the first bytes of body[1] the others come. */
	uint64_t tail_us;
};

struct http_options {
	uint16_t port;
	/* The request was read; returns the delay of its answer. */
	uint64_t (*on_begin)(void *arg, struct request *r, uint64_t now_us);
	/* It is time to answer. */
	void (*on_answer)(void *arg, struct request *r, struct response *out);
	/* The last byte was handed to the kernel, or the client has gone. */
	void (*on_end)(void *arg, const struct request *r);
	void *arg;
};

/* Serve for ever; returns only on failure to begin, after a message. */
int http_serve(const struct http_options *options);

/* The value of a header, up to \r; NULL if it is not there. */
const char *request_header(const struct request *r, const char *name,
			   size_t *len);

uint64_t clock_us(void); /* monotonic */

#endif
