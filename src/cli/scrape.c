/* SPDX-License-Identifier: MIT */
/*
 * Reports over HTTP: see scrape.h.  Main thread.
 *
 * Ready is who has something to tell: of each bucket that was found there is a result
 * or a failure in each mode, and there is a result of one at least, or no bucket.  What
 * was ready once stays so: a bucket that is new, or a store that hangs, is no reason to
 * keep Prometheus from the metrics, which tell of that.
 */
#include "config.h"

#include "cli/scrape.h"

#include "cli/web.h"
#include "report/mount-report.h"
#include "util/date.h"

enum { HTTP_OK = 200, HTTP_UNAVAILABLE = 503 };

struct scrape {
	const struct scrape_options *o;
	struct subject subject;
	bool is_ready;
};

static int
make_metrics(void *arg, struct buf *out)
{
	const struct scrape *s = arg;
	int rc = mount_metrics_of_all(&s->subject, out);

	return rc ? rc : HTTP_OK;
}

static int
make_status(void *arg, struct buf *out)
{
	const struct scrape *s = arg;
	int rc = mount_status(&s->subject, out);

	return rc ? rc : HTTP_OK;
}

static int
make_healthy(void *arg, struct buf *out)
{
	int rc = buf_add_str(out, "dgstat is healthy\n");

	(void)arg;
	return rc ? rc : HTTP_OK;
}

/* Its first round is over; *any: and has brought something. */
static bool
has_round(const struct scrape *s, struct bucket *b, bool *any)
{
	bool is_over = true;

	for (int mode = 0; mode < N_MODES; mode++) {
		struct mode_state state;

		if (!(s->o->modes & 1u << mode))
			continue;
		published_get(&b->published, (enum mode)mode, &state);
		*any = *any || state.result;
		is_over = is_over && (state.result || state.failure.at);
		result_unref(state.result);
	}
	return is_over;
}

/* The first rounds of so many buckets are over, of *n; *any as above. */
static unsigned
count_rounds(const struct scrape *s, unsigned *n, bool *any)
{
	unsigned n_over = 0;

	*n = buckets_count(s->o->buckets);
	*any = false;
	for (unsigned i = 0; i < *n; i++)
		if (has_round(s, buckets_get(s->o->buckets, i), any))
			n_over++;
	return n_over;
}

static int
make_ready(void *arg, struct buf *out)
{
	struct scrape *s = arg;
	bool any, is_denied;
	unsigned n, n_over = count_rounds(s, &n, &any);
	int rc;

	if (n_over == n)
		s->is_ready =
			s->is_ready || any ||
			(n == 0 &&
			 buckets_list_is_fresh(s->o->buckets, &is_denied) &&
			 !is_denied);
	rc = s->is_ready
		     ? buf_add_str(out, "dgstat is ready\n")
		     : buf_printf(out,
				  "not ready: %u of %u buckets were read%s\n",
				  n_over, n, any ? "" : ", and no result");
	if (rc)
		return rc;
	return s->is_ready ? HTTP_OK : HTTP_UNAVAILABLE;
}

static const struct web_page pages[] = {
	{ "/metrics", "text/plain; version=0.0.4; charset=utf-8",
	  make_metrics },
	{ "/status", "application/json", make_status },
	{ "/-/healthy", "text/plain; charset=utf-8", make_healthy },
	{ "/-/ready", "text/plain; charset=utf-8", make_ready },
};

int
scrape_serve(const struct scrape_options *o, struct err *err)
{
	struct scrape s = {
		.o = o,
		.subject = { .buckets = o->buckets,
			     .meter = o->meter,
			     .mounted_at = date_now() },
	};

	return web_serve(&(struct web_options){ .pages = pages,
						.n_pages = ARRAY_SIZE(pages),
						.text_max = REPORT_OF_ALL_MAX,
						.arg = &s,
						.listen_fd = o->listen_fd,
						.end_fd = o->end_fd },
			 err);
}
