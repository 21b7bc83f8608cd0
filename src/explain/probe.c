/* SPDX-License-Identifier: MIT */
/*
 * Single requests: see probe.h.  One thread.
 */
#include "config.h"

#include "explain/probe.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

#include "list/page.h"
#include "s3/buckets-page.h"
#include "s3/s3.h"
#include "util/date.h"
#include "util/hash.h"

#define BODY_MAX (32 * 1024 * 1024)
#define DOCUMENT_MAX (64 * 1024)
#define CONNECTIONS 4
#define SIGNALS_MS 20 /* between two looks for one */

struct probe {
	const struct limits *limits;
	struct http *http;
	struct timers timers;
	struct pace *pace;
	struct s3 *s3;
	struct creds_chain *creds;
	int signal; /* that has ended it; 0: none */
};

/* A request under way. */
struct question {
	struct probe *probe;
	struct probe_answer *out;
	/* What the body of a good answer is: `found`, or why it is none. */
	int (*read)(struct question *q, const struct buf *body,
		    struct err *err);
	struct s3_call *call; /* NULL once it has ended */
	struct timer limit;
	bool is_late;
	bool wants_metadata;
	bool is_refusal; /* maybe of that alone */
	bool is_ours; /* an object that says that a mount has put it */
	struct buf *body; /* where to keep it; or NULL */
};

int
probe_new(struct probe **out, const struct probe_options *o, struct err *err)
{
	struct probe *p = xnew(struct probe);
	int rc = http_new(
		&p->http,
		&(struct http_options){ .trust = o->trust,
					.user_agent = o->user_agent,
					.limits = o->limits,
					.max_connections = CONNECTIONS },
		&p->timers, err);

	p->limits = o->limits;
	p->creds = o->creds;
	if (rc == 0) {
		p->pace = pace_new(1);
		p->s3 = s3_new(p->http, &p->timers, o->endpoint, o->creds,
			       p->pace, 0);
		s3_set_terms(p->s3, &o->terms);
		*out = p;
	} else {
		free(p);
	}
	return rc;
}

void
probe_free(struct probe *p)
{
	if (!p)
		return;
	s3_free(p->s3);
	pace_free(p->pace);
	http_free(p->http);
	free(p);
}

static int
min_wait(int64_t a, int64_t b)
{
	return (int)(b < 0 || (a >= 0 && a < b) ? a : b);
}

/* A signal that was blocked for this: what runs is to be ended in due form. */
static void
look_for_signals(struct probe *p)
{
	const struct timespec none = { .tv_sec = 0 };
	sigset_t set;
	int signal;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	signal = sigtimedwait(&set, NULL, &none);
	if (signal > 0)
		p->signal = signal;
}

int
probe_signal(const struct probe *p)
{
	return p->signal;
}

static void
turn(struct probe *p, int64_t wait_ms)
{
	look_for_signals(p);
	s3_unpark(p->s3);
	timers_run(&p->timers);
	wait_ms = min_wait(wait_ms, timers_wait_ms(&p->timers));
	http_poll(p->http, min_wait(wait_ms, SIGNALS_MS));
}

/* With news of them, the poll ends. */
int
probe_keys(struct probe *p, struct keys **out, struct err *err)
{
	struct creds_wait wait = { .is_begun = false };
	int rc;

	while ((rc = creds_get(p->creds, &wait, NULL, out, err)) == -EAGAIN &&
	       !p->signal)
		turn(p, wait.again_in_ms);
	return rc == -EAGAIN ? err_set(err, EINTR, "interrupted") : rc;
}

const char *
probe_region(struct probe *p, const char *bucket)
{
	return endpoint_region(s3_endpoint(p->s3, bucket));
}

/* --- one request --- */

static void
on_limit(void *arg)
{
	struct question *q = arg;

	q->is_late = true;
	s3_cancel(q->call);
}

static void
read_head(struct probe_answer *out, const struct http_answer *http)
{
	char date[64];
	int64_t when;

	http_copy_header(http, "server", out->server, sizeof(out->server));
	http_copy_header(http, "date", date, sizeof(date));
	out->has_clock = date_parse_http(date, &when);
	if (out->has_clock)
		out->clock_s = when - date_now();
}

static bool
has_our_mark(const struct http_answer *http)
{
	char mark[8];

	http_copy_header(http, "x-amz-meta-x-deltaglider-cache", mark,
			 sizeof(mark));
	return strcmp(mark, "true") == 0;
}

static void
on_done(void *arg, const struct s3_answer *answer)
{
	struct question *q = arg;
	struct probe_answer *out = q->out;

	q->call = NULL;
	out->err = answer->err;
	q->is_refusal = s3_is_refusal(answer);
	if (answer->http) {
		read_head(out, answer->http);
		q->is_ours = has_our_mark(answer->http);
	}
	if (q->is_late)
		err_set(&out->err, ETIMEDOUT, "no end within %lld ms",
			(long long)q->probe->limits->timeout_ms);
	else if (out->err.code == 0)
		q->read(q, &answer->http->body, &out->err);
}

/* Ask, and wait for the answer. */
static void
ask(struct question *q, struct s3_request *r)
{
	struct probe *p = q->probe;
	int64_t since = date_mono_ms();

	*q->out = (struct probe_answer){ .err = ERR_INIT };
	if (!r->method)
		r->method = "GET";
	r->body_max = BODY_MAX;
	r->on_done = on_done;
	r->arg = q;
	timer_init(&q->limit, on_limit, q);
	timer_arm(&p->timers, &q->limit, p->limits->timeout_ms);
	q->call = s3_start(p->s3, r);
	while (q->call) {
		turn(p, -1);
		if (p->signal && q->call)
			s3_cancel(q->call);
	}
	timer_disarm(&p->timers, &q->limit);
	q->out->ms = date_mono_ms() - since;
}

static int
read_buckets(struct question *q, const struct buf *body, struct err *err)
{
	struct buckets_page page CLEANUP(buckets_page_clear) = { .names =
									 NULL };
	struct probe_answer *out = q->out;

	if (buckets_page_parse(&page, buf_str(body), body->len, err) != 0)
		return err_wrap(err, "ListBuckets");
	for (size_t i = 0; i < page.n_names; i++)
		if (page.regions[i])
			s3_learn_region(q->probe->s3, page.names[i],
					page.regions[i]);
	snprintf(out->found, sizeof(out->found), "%zu bucket%s%s", page.n_names,
		 page.n_names == 1 ? "" : "s",
		 page.next_token ? ", and there are more" : "");
	return 0;
}

void
probe_list_buckets(struct probe *p, struct probe_answer *out)
{
	struct question q = { .probe = p, .out = out, .read = read_buckets };

	ask(&q, &(struct s3_request){ .operation = "ListBuckets" });
}

static int
parse_page(struct list_parser *parser, const struct buf *body,
	   const struct list_page **page, struct err *err)
{
	int rc = list_parser_feed(parser, buf_str(body), body->len, err);
	const struct s3_error *error;

	if (rc == 0)
		rc = list_parser_end(parser, page, err);
	error = list_parser_error(parser);
	if (rc == 0 && error)
		rc = err_set(err, EIO, "an error with status 200: %s",
			     error->code);
	return rc;
}

static const char *
word_of_metadata(const struct question *q, const struct list_page *page)
{
	if (!q->wants_metadata)
		return "refused";
	if (page->has_metadata)
		return "yes";
	return page->n_objects ? "none in this page" : "not known: no object";
}

static int
read_page(struct question *q, const struct buf *body, struct err *err)
{
	static const char *const names[] = { "dg-file-size" };
	struct list_parser *parser = list_parser_new();
	const struct list_page *page = NULL;
	struct probe_answer *out = q->out;
	int rc;

	list_parser_want(parser, names, q->wants_metadata);
	rc = parse_page(parser, body, &page, err);
	if (rc == 0)
		out->metadata = word_of_metadata(q, page);
	if (rc == 0)
		snprintf(out->found, sizeof(out->found),
			 "first page: %zu object%s, in %sorder%s",
			 page->n_objects, page->n_objects == 1 ? "" : "s",
			 page->is_ordered ? "" : "no ",
			 page->is_truncated ? ", and there are more" : "");
	else
		err_wrap(err, "LIST");
	list_parser_free(parser);
	return rc;
}

void
probe_list(struct probe *p, const char *bucket, struct probe_answer *out)
{
	static const struct uri_param params[] = {
		{ "list-type", "2" },
		{ "encoding-type", "url" },
		{ "metadata", "true" }, /* the last one */
	};
	struct question q = { .probe = p,
			      .out = out,
			      .read = read_page,
			      .wants_metadata = true };
	struct s3_request r = { .operation = "LIST",
				.bucket = bucket,
				.params = params,
				.n_params = ARRAY_SIZE(params) };

	ask(&q, &r);
	if (!q.is_refusal || p->signal)
		return;
	q.wants_metadata = false;
	r.n_params--;
	ask(&q, &r);
}

/* --- conditions --- */

static int
keep_body(struct question *q, const struct buf *body, struct err *err)
{
	if (buf_add(q->body, buf_str(body), body->len) != 0)
		return err_set(err, EFBIG, "that is not what a mount writes");
	return 0;
}

static int
say_ignored(struct question *q, const struct buf *body, struct err *err)
{
	(void)body;
	(void)err;
	strcpy(q->out->found, "ignored");
	return 0;
}

/* The store has looked at the condition, or at the field's name. */
static bool
is_about_condition(struct probe_answer *out)
{
	const char *word = out->err.status == 412   ? "yes"
			   : out->err.status == 501 ? "refused"
						    : NULL;

	if (!word)
		return false;
	strcpy(out->found, word);
	out->err = (struct err)ERR_INIT;
	return true;
}

static void
put_again(struct probe *p, const struct probe_document *d,
	  const struct buf *body, struct probe_answer *out)
{
	struct question q = { .probe = p, .out = out, .read = say_ignored };
	char md5[SHA256_BASE64_LEN];
	const struct sigv4_header all[] = {
		{ "content-type", "application/json" },
		{ "if-none-match", "*" },
		{ "x-amz-meta-dg-no-delta", "true" },
		{ "x-amz-meta-x-deltaglider-cache", "true" },
		{ "content-md5",
		  md5_base64(buf_str(body), body->len, md5) ? md5 : NULL },
		{ "x-amz-server-side-encryption", d->sse },
		{ "x-amz-server-side-encryption-aws-kms-key-id",
		  d->sse_kms_key_id },
	};
	struct sigv4_header headers[ARRAY_SIZE(all)];
	struct s3_request r = { .method = "PUT",
				.bucket = d->bucket,
				.key = d->key,
				.key_len = strlen(d->key),
				.headers = headers,
				.body = buf_str(body),
				.body_len = body->len };

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (all[i].value)
			headers[r.n_headers++] = all[i];
	ask(&q, &r);
	is_about_condition(out);
}

void
probe_condition(struct probe *p, const struct probe_document *d,
		struct probe_answer *out)
{
	struct buf body CLEANUP_BUF = BUF_INIT(DOCUMENT_MAX);
	struct question q = {
		.probe = p, .out = out, .read = keep_body, .body = &body
	};

	ask(&q, &(struct s3_request){ .bucket = d->bucket,
				      .key = d->key,
				      .key_len = strlen(d->key) });
	if (out->err.code == 0 && !q.is_ours)
		err_set(&out->err, EEXIST,
			"what is there was not put by a mount");
	if (out->err.code == 0 && !p->signal)
		put_again(p, d, &body, out);
}
