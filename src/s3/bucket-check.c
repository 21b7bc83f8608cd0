/* SPDX-License-Identifier: MIT */
/*
 * Whether there is such a bucket: see bucket-check.h.  Net thread only.
 */
#include "config.h"

#include "s3/bucket-check.h"

#include <errno.h>

#include "util/date.h"
#include "util/log.h"

#define BODY_MAX (64 * 1024) /* the object that is listed, and its key */

/* How it is asked; the next way is for who refuses the one before. */
enum way { WAY_HEAD, WAY_LOCATION, WAY_LIST, N_WAYS };

struct bucket_check {
	struct s3 *s3;
	char *bucket;
	enum way way;
	int head_status; /* how HeadBucket was refused, just now; 0: it was not */
	bool is_stopped;
	struct s3_call *call;
	s3_done_fn *on_done;
	void *arg;
};

static void
remember(const struct bucket_check *c)
{
	struct bucket_habits *h = s3_bucket_habits(c->s3);

	if (c->way == WAY_HEAD)
		h->has_head_worked = true;
	if (!c->head_status)
		return;
	if (s3_remember_refusal(&h->head_refused_until_ms, date_mono_ms()))
		log_warn("the store refuses HeadBucket: buckets are looked up "
			 "by a listing of one key for an hour");
	h->has_head_worked = false;
}

/* What HeadBucket says of a bucket, where it is a store's word. */
static bool
is_no(int status)
{
	return status == 403 || status == 404;
}

/*
 * Whether the answer may be to what was asked, not to the question.  Some stores
 * tell the location of buckets that there are not.
 */
static bool
is_refused(const struct bucket_check *c, const struct s3_answer *answer)
{
	if (c->is_stopped || c->way + 1 == N_WAYS)
		return false;
	if (c->way == WAY_LOCATION && answer->err.code == 0)
		return is_no(c->head_status);
	if (!s3_is_refusal(answer))
		return false;
	return c->way != WAY_HEAD || !is_no(answer->status) ||
	       !s3_bucket_habits(c->s3)->has_head_worked;
}

/* A 404 in all ways, of a store that sends no codes, is clear as well. */
static void
finish(struct bucket_check *c, const struct s3_answer *answer)
{
	struct s3_answer clear = *answer;

	if (c->head_status == 404 && answer->status == 404 &&
	    !answer->error.code[0] && clear.err.code == EIO)
		clear.err.code = ENOENT;
	c->on_done(c->arg, &clear);
	free(c->bucket);
	free(c);
}

static void ask(struct bucket_check *c);

static void
on_answer(void *arg, const struct s3_answer *answer)
{
	struct bucket_check *c = arg;

	if (is_refused(c, answer)) {
		if (c->way == WAY_HEAD)
			c->head_status = answer->status;
		c->way++;
		ask(c);
		return;
	}
	if (answer->err.code == 0)
		remember(c);
	finish(c, answer);
}

static void
ask(struct bucket_check *c)
{
	static const struct uri_param location[] = { { "location", "" } };
	static const struct uri_param list[] = { { "list-type", "2" },
						 { "max-keys", "1" } };
	static const struct s3_request requests[N_WAYS] = {
		[WAY_HEAD] = { .method = "HEAD" },
		[WAY_LOCATION] = { .method = "GET",
				   .operation = "GetBucketLocation",
				   .params = location,
				   .n_params = ARRAY_SIZE(location) },
		[WAY_LIST] = { .method = "GET",
			       .operation = "LIST",
			       .params = list,
			       .n_params = ARRAY_SIZE(list) },
	};
	struct s3_request r = requests[c->way];

	r.bucket = c->bucket;
	r.body_max = BODY_MAX;
	r.is_urgent = true;
	r.on_done = on_answer;
	r.arg = c;
	c->call = s3_start(c->s3, &r);
}

struct bucket_check *
bucket_check_start(struct s3 *s3, const char *bucket, s3_done_fn *on_done,
		   void *arg)
{
	struct bucket_check *c = xnew(struct bucket_check);
	bool is_known =
		date_mono_ms() < s3_bucket_habits(s3)->head_refused_until_ms;

	c->s3 = s3;
	c->bucket = xstrdup(bucket);
	c->way = is_known ? WAY_LIST : WAY_HEAD;
	c->on_done = on_done;
	c->arg = arg;
	ask(c);
	return c;
}

void
bucket_check_stop(struct bucket_check *c)
{
	c->is_stopped = true;
	s3_cancel(c->call);
}
