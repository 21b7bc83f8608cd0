/* SPDX-License-Identifier: MIT */
/*
 * A request that is waited for: see fetch.h.  Any thread that may block; it is the net
 * thread of an http of its own.
 */
#include "config.h"

#include "net/fetch.h"

#include <errno.h>
#include <strings.h>

#include "net/http.h"

#define ERROR_BODY_MAX (64 * 1024)

struct waiting {
	struct http_transfer *transfer; /* NULL once it has ended */
	struct timer limit;
	bool is_late;
	int status;
	struct buf *body;
	struct err err;
};

static void
on_limit(void *arg)
{
	struct waiting *w = arg;

	w->is_late = true;
	if (w->transfer)
		http_cancel(w->transfer);
}

/* Into the caller's buf at once: there may be a secret in it. */
static int
on_data(void *arg, const char *data, size_t len)
{
	struct waiting *w = arg;

	return buf_add(w->body, data, len);
}

/* Begin again: the connection that was tried first was dead. */
static int
on_head(void *arg, const struct http_answer *answer)
{
	struct waiting *w = arg;

	(void)answer;
	buf_clear(w->body);
	return 0;
}

static void
on_done(void *arg, const struct http_answer *answer)
{
	struct waiting *w = arg;

	w->transfer = NULL;
	w->status = answer->status;
	w->err = answer->err;
	if (answer->err.code == 0 && answer->status != 200 &&
	    buf_add(w->body, buf_str(&answer->body), answer->body.len) != 0)
		err_set(&w->err, EFBIG, "answer of more than %zu bytes",
			w->body->max);
}

static int
load_trust(struct trust **trust, const struct fetch *f, struct err *err)
{
	int rc;

	if (strncasecmp(f->url, "https:", 6) != 0)
		return trust_load(trust, NULL, NULL, NULL, err);
	rc = http_load_trust(trust, f->ca_bundle, err);
	return rc || !f->client_cert ? rc
				     : trust_identify(*trust, f->client_cert,
						      f->client_key, err);
}

static void
run(struct http *h, struct timers *timers, struct waiting *w,
    const struct fetch *f)
{
	timer_init(&w->limit, on_limit, w);
	timer_arm(timers, &w->limit, f->total_ms);
	w->transfer = http_submit(
		h, &(struct http_request){ .method = f->method,
					   .url = f->url,
					   .headers = f->headers,
					   .body = f->body ? f->body : "",
					   .body_len = f->body ? strlen(f->body)
							       : 0,
					   .body_max = ERROR_BODY_MAX,
					   .on_head = on_head,
					   .on_data = on_data,
					   .on_done = on_done,
					   .arg = w });
	while (w->transfer) {
		timers_run(timers);
		http_poll(h, timers_wait_ms(timers));
	}
	timer_disarm(timers, &w->limit);
}

int
fetch_now(const struct fetch *f, int *status, struct buf *body, struct err *err)
{
	const struct limits limits = { .connect_timeout_ms = f->connect_ms,
				       .request_timeout_ms = f->total_ms,
				       .connections = 1 };
	CLEANUP_FREE char *user_agent = xasprintf(
		"%s/%s", program_invocation_short_name, PACKAGE_VERSION);
	struct timers timers = { .first = NULL };
	struct waiting w = { .body = body, .err = ERR_INIT };
	struct trust *trust = NULL;
	struct http *h = NULL;
	int rc = load_trust(&trust, f, err);

	if (rc == 0)
		rc = http_new(
			&h,
			&(struct http_options){ .trust = trust,
						.user_agent = user_agent,
						.limits = &limits,
						.max_connections = 1,
						.is_direct = f->is_direct },
			&timers, err);
	trust_unref(trust);
	if (rc)
		return rc;
	run(h, &timers, &w, f);
	http_free(h);
	*status = w.status;
	if (w.is_late && w.err.code)
		return err_set(err, ETIMEDOUT, "no answer within %lld ms",
			       (long long)f->total_ms);
	return w.err.code ? err_copy(err, &w.err) : 0;
}
