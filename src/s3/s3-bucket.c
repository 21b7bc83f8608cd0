/* SPDX-License-Identifier: MIT */
/*
 * ListBuckets and HeadBucket: see s3-bucket.h.  Net thread only.
 */
#include "config.h"

#include "s3/s3-bucket.h"

#include <errno.h>

#include "net/http-header.h"
#include "s3/buckets-page.h"
#include "util/date.h"
#include "util/log.h"
#include "util/number.h"

/* AWS pages only if asked to; above 10,000 buckets it refuses not to. */
#define BUCKETS_PER_PAGE "1000"
#define BUCKETS_MAX 1000000
#define BUCKETS_PAGE_MAX (8 * 1024 * 1024)

struct bucket_lister {
	struct s3 *s3;
	struct s3_call *call;
	buckets_done_fn *on_done;
	void *arg;
	char **names;
	size_t n_names;
	char *token; /* NULL: the first page */
	bool is_paged; /* this page was asked for with max-buckets */
	bool was_refused; /* an earlier one so */
	bool is_stopped; /* nothing more is asked for */
};

static void
finish(struct bucket_lister *l, int status, const struct err *err)
{
	l->on_done(l->arg, err->code ? NULL : l->names,
		   err->code ? 0 : l->n_names, status, err);
	for (size_t i = 0; i < l->n_names; i++)
		free(l->names[i]);
	free(l->names);
	free(l->token);
	free(l);
}

/* Move the names of a page over, and its token. */
static int
take_page(struct bucket_lister *l, struct buckets_page *page, struct err *err)
{
	size_t n = l->n_names + page->n_names;

	if (n > BUCKETS_MAX)
		return err_set(err, EIO, "more than %d buckets", BUCKETS_MAX);
	if (page->next_token && l->token &&
	    strcmp(page->next_token, l->token) == 0)
		return err_set(err, EIO, "continuation token repeated");
	l->names = xrealloc(l->names, n * sizeof(l->names[0]));
	for (size_t i = 0; i < page->n_names; i++) {
		if (page->regions[i])
			s3_learn_region(l->s3, page->names[i],
					page->regions[i]);
		l->names[l->n_names++] = steal(&page->names[i]);
	}
	free(l->token);
	l->token = steal(&page->next_token);
	return 0;
}

static void ask(struct bucket_lister *l);

/* Without max-buckets the store was content. */
static void
remember_refusal(const struct bucket_lister *l)
{
	struct bucket_habits *h = s3_bucket_habits(l->s3);

	if (s3_remember_refusal(&h->paging_refused_until_ms, date_mono_ms()))
		log_warn("the store refuses ListBuckets with max-buckets: it "
			 "is asked without for an hour");
}

static void
on_page(void *arg, const struct s3_answer *answer)
{
	struct bucket_lister *l = arg;
	struct buckets_page page CLEANUP(buckets_page_clear) = { .names =
									 NULL };
	struct err err = answer->err;

	l->call = NULL;
	if (l->is_paged && !l->is_stopped && s3_is_refusal(answer)) {
		l->was_refused = true;
		ask(l);
		return;
	}
	if (err.code == EFBIG) /* the store's fault, no limit of the caller's */
		err.code = EIO;
	if (err.code == 0 &&
	    (buckets_page_parse(&page, buf_str(&answer->http->body),
				answer->http->body.len, &err) != 0 ||
	     take_page(l, &page, &err) != 0))
		err_wrap(&err, "ListBuckets");
	if (err.code == 0 && l->was_refused)
		remember_refusal(l);
	if (err.code == 0 && l->token && l->is_stopped)
		err_set(&err, ECANCELED, "cancelled");
	if (err.code == 0 && l->token)
		ask(l);
	else
		finish(l, answer->status, &err);
}

static bool
is_whole_page(const char *body, size_t len)
{
	struct buckets_page page CLEANUP(buckets_page_clear) = { .names =
									 NULL };

	return buckets_page_parse(&page, body, len, NULL) == 0;
}

static void
ask(struct bucket_lister *l)
{
	struct uri_param params[2];
	size_t n = 0;

	l->is_paged = !l->was_refused &&
		      date_mono_ms() >=
			      s3_bucket_habits(l->s3)->paging_refused_until_ms;
	if (l->is_paged)
		params[n++] =
			(struct uri_param){ "max-buckets", BUCKETS_PER_PAGE };
	if (l->token)
		params[n++] =
			(struct uri_param){ "continuation-token", l->token };
	l->call = s3_start(l->s3, &(struct s3_request){
					  .method = "GET",
					  .operation = "ListBuckets",
					  .params = params,
					  .n_params = n,
					  .body_max = BUCKETS_PAGE_MAX,
					  .is_whole = is_whole_page,
					  .is_urgent = true,
					  .on_done = on_page,
					  .arg = l,
				  });
}

struct bucket_lister *
s3_list_buckets(struct s3 *s3, buckets_done_fn *on_done, void *arg)
{
	struct bucket_lister *l = xnew(struct bucket_lister);

	l->s3 = s3;
	l->on_done = on_done;
	l->arg = arg;
	ask(l);
	return l;
}

void
bucket_lister_stop(struct bucket_lister *l)
{
	l->is_stopped = true;
	if (l->call)
		s3_cancel(l->call);
}

/* --- what is in one --- */

struct s3_call *
s3_head_bucket(struct s3 *s3, const char *bucket, s3_done_fn *on_done,
	       void *arg)
{
	return s3_start(s3, &(struct s3_request){ .method = "HEAD",
						  .bucket = bucket,
						  .on_done = on_done,
						  .arg = arg });
}

static bool
read_number(const struct s3_answer *answer, const char *field, int64_t *out)
{
	char text[32];

	http_copy_header(answer->http, field, text, sizeof(text));
	return number_parse(text, out);
}

bool
bucket_usage_read(const struct s3_answer *answer, struct bucket_usage *usage)
{
	return answer->err.code == 0 && answer->http &&
	       read_number(answer, "x-rgw-object-count", &usage->n_objects) &&
	       read_number(answer, "x-rgw-bytes-used", &usage->n_bytes);
}
