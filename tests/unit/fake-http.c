/* SPDX-License-Identifier: MIT */
/*
 * HTTP without a network: see fake-http.h.
 */
#include "config.h"

#include "fake-http.h"

#include <errno.h>
#include <strings.h>

/* So that a body comes in several pieces, cut anywhere. */
#define PIECE 7

struct http {
	struct http_transfer **all; /* in order of submission */
	size_t n;
};

/* A mistake of the code under test. */
static void
check(bool is_right, const char *what)
{
	if (is_right)
		return;
	fprintf(stderr, "fake-http: %s\n", what);
	abort();
}

int
http_new(struct http **out, const struct http_options *o, struct timers *timers,
	 struct err *err)
{
	(void)o, (void)timers, (void)err;
	*out = xnew(struct http);
	return 0;
}

void
http_free(struct http *h)
{
	if (!h)
		return;
	for (size_t i = 0; i < h->n; i++) {
		struct http_transfer *t = h->all[i];

		check(t->state == TRANSFER_DELIVERED,
		      "freed while a transfer was under way");
		free(t->method);
		free(t->url);
		free(t->headers);
		free(t->body);
		free(t);
	}
	free(h->all);
	free(h);
}

struct http_transfer *
http_submit(struct http *h, const struct http_request *r)
{
	struct http_transfer *t = xnew(struct http_transfer);
	struct buf lines = BUF_INIT(1024 * 1024);

	t->http = h;
	t->method = xstrdup(r->method);
	t->url = xstrdup(r->url);
	for (size_t i = 0; r->headers[i]; i++)
		check(buf_printf(&lines, "%s\n", r->headers[i]) == 0, "buf");
	t->headers = xstrdup(buf_str(&lines));
	buf_clear(&lines);
	t->body = r->body ? xstrndup(r->body, r->body_len) : NULL;
	t->body_len = r->body_len;
	t->r = *r;
	buf_init(&t->answer.head, HTTP_HEAD_MAX);
	buf_init(&t->answer.body, r->body_max);
	buf_init(&t->streamed, 64 * 1024 * 1024);
	h->all = xrealloc(h->all, (h->n + 1) * sizeof(h->all[0]));
	h->all[h->n++] = t;
	return t;
}

void
http_cancel(struct http_transfer *t)
{
	check(t->state != TRANSFER_DELIVERED, "cancelled after completion");
	if (t->state != TRANSFER_PENDING && t->n_taken == t->streamed.len)
		return; /* no byte is left: it was just ending */
	t->is_paused = false;
	t->is_cancelled = true;
	t->state = TRANSFER_ENDED;
	err_set(&t->answer.err, ECANCELED, "cancelled");
}

void
fake_http_answer(struct http_transfer *t, const struct fake_answer *a)
{
	struct http_answer *out = &t->answer;
	bool is_streamed = t->r.on_data && a->status / 100 == 2;
	const char *body = a->body ? a->body : "";
	size_t len = a->body_len ? a->body_len : strlen(body);

	check(t && t->state == TRANSFER_PENDING,
	      "answered what is not pending");
	t->state = TRANSFER_ENDED;
	out->status = a->status;
	out->was_ended_by_close = a->was_ended_by_close;
	check(buf_add_str(&out->head, a->head ? a->head : "") == 0, "head");
	if (a->status >= 200 && t->r.on_head &&
	    t->r.on_head(t->r.arg, out) != 0) {
		out->was_refused = true;
		err_set(&out->err, EIO, "answer not accepted");
		return;
	}
	if (is_streamed) {
		check(buf_add(&t->streamed, body, len) == 0, "body");
	} else if (buf_add(&out->body, body, len)) {
		err_set(&out->err, EFBIG, "answer of more than %zu bytes",
			out->body.max);
		return;
	}
	if (a->err) {
		err_set(&out->err, a->err, "transport: %s", strerror(a->err));
		out->is_retryable = a->is_retryable;
	}
}

static void
stream(struct http_transfer *t)
{
	size_t len = t->streamed.len;
	int rc;

	while (t->n_taken < len && !t->is_paused) {
		size_t n = len - t->n_taken < PIECE ? len - t->n_taken : PIECE;

		rc = t->r.on_data(t->r.arg, t->streamed.data + t->n_taken, n);
		t->is_paused = rc == HTTP_PAUSE;
		if (t->is_paused)
			return;
		t->n_taken += n;
		if (rc == 0)
			continue;
		t->n_taken = len;
		t->state = TRANSFER_ENDED;
		t->answer.was_refused = true;
		err_set(&t->answer.err, EIO, "answer not understood");
	}
}

void
fake_http_stream(struct http_transfer *t, const char *data)
{
	check(t && t->state == TRANSFER_PENDING && t->r.on_data,
	      "bytes for what is not pending");
	t->answer.status = 200;
	check(buf_add_str(&t->streamed, data) == 0, "body");
	stream(t);
}

void
http_resume(struct http_transfer *t)
{
	t->is_paused = false;
	stream(t);
}

static void
deliver(struct http_transfer *t)
{
	if (!t->is_cancelled)
		stream(t);
	if (t->is_paused)
		return;
	t->state = TRANSFER_DELIVERED;
	t->r.on_done(t->r.arg, &t->answer);
	buf_clear(&t->answer.head);
	buf_clear(&t->answer.body);
	buf_clear(&t->streamed);
}

void
http_poll(struct http *h, int timeout_ms)
{
	(void)timeout_ms;
	for (size_t i = 0; i < h->n; i++)
		if (h->all[i]->state == TRANSFER_ENDED)
			deliver(h->all[i]);
}

/* Nothing is encrypted here. */
int
http_load_trust(struct trust **out, const char *ca_bundle, struct err *err)
{
	(void)out;
	(void)ca_bundle;
	return err_set(err, ENOSYS, "no certificates in a test");
}

void
http_set_trust(struct http *h, struct trust *trust)
{
	(void)h;
	trust_unref(trust);
}

void
http_wake(struct http *h)
{
	(void)h;
}

/* --- looking --- */

static bool
is_such(const struct http_transfer *t, const char *method, const char *part)
{
	return strcmp(t->method, method) == 0 && strstr(t->url, part);
}

struct http_transfer *
fake_http_find(struct http *h, const char *method, const char *part)
{
	for (size_t i = 0; i < h->n; i++)
		if (h->all[i]->state == TRANSFER_PENDING &&
		    is_such(h->all[i], method, part))
			return h->all[i];
	return NULL;
}

unsigned
fake_http_pending(struct http *h, const char *method, const char *part)
{
	unsigned n = 0;

	for (size_t i = 0; i < h->n; i++)
		n += h->all[i]->state == TRANSFER_PENDING &&
		     is_such(h->all[i], method, part);
	return n;
}

unsigned
fake_http_seen(struct http *h, const char *method, const char *part)
{
	unsigned n = 0;

	for (size_t i = 0; i < h->n; i++)
		n += is_such(h->all[i], method, part);
	return n;
}

bool
fake_http_has_ended(const struct http *h)
{
	for (size_t i = 0; i < h->n; i++)
		if (h->all[i]->state == TRANSFER_ENDED && !h->all[i]->is_paused)
			return true;
	return false;
}

struct http_transfer *
fake_http_get(struct http *h, size_t i)
{
	return i < h->n ? h->all[i] : NULL;
}

char *
fake_http_dup_header(const struct http_transfer *t, const char *name)
{
	size_t n = strlen(name);

	for (const char *line = t->headers; *line;
	     line = strchr(line, '\n') + 1) {
		if (strncasecmp(line, name, n) == 0 &&
		    strncmp(line + n, ": ", 2) == 0)
			return xstrndup(line + n + 2,
					strcspn(line + n + 2, "\n"));
	}
	return NULL;
}
