/* SPDX-License-Identifier: MIT */
/*
 * What an answer is to the request that it is of: see answer.h.  Net thread only.
 */
#include "config.h"

#include "s3/answer.h"

#include <errno.h>
#include <string.h>

#include "s3/s3-errno.h"

static bool
is_write(const struct s3_request *r)
{
	return strcmp(r->method, "PUT") == 0 ||
	       strcmp(r->method, "DELETE") == 0;
}

/* --- a success, a refusal, or neither --- */

/*
 * What the store refused: status, code, request id, and the region where it
 * says that the bucket is elsewhere.  Not its <Message>: some echo there what
 * they were sent, signature and token included.
 */
static void
set_refusal(const struct s3_try *t, struct s3_answer *answer, int code)
{
	struct s3_error *e = &answer->error;

	/* of a bucket it means nothing: it has not gone */
	if (!t->r->key && strcmp(e->code, "NoSuchKey") == 0)
		code = EIO;
	if (!e->request_id[0])
		http_copy_header(answer->http, "x-amz-request-id",
				 e->request_id, sizeof(e->request_id));
	if (!e->region[0] &&
	    (answer->status / 100 == 3 || answer->status == 400))
		http_copy_header(answer->http, "x-amz-bucket-region", e->region,
				 sizeof(e->region));
	if (answer->status == 400 && e->region[0] &&
	    strcmp(e->region, t->region) != 0)
		code = EIO; /* the keys are right, the region is not */
	err_set(&answer->err, code, "HTTP status %d%s%s%s%s%s%s%s",
		answer->status,
		answer->status == 407
			? ", the proxy wants a user and a password"
			: "",
		e->code[0] ? ", " : "", e->code,
		e->request_id[0] ? ", request id " : "", e->request_id,
		e->region[0] ? ", it is in region " : "", e->region);
	err_set_remote(&answer->err, answer->status, e->code, e->request_id);
}

/* Nothing but the status that belongs to the operation is a success. */
static bool
is_success(const struct s3_try *t, int status)
{
	if (is_write(t->r) && (status == 201 || status == 204))
		return true;
	return status == 200 || (status == 206 && t->r->wants_part);
}

/* It may be another request's: ask once more, or it has failed. */
static bool
refuse_stray(struct s3_try *t, struct s3_answer *answer)
{
	if (answer->err.code == 0)
		err_set(&answer->err, EIO, "the answer is of something else");
	t->asks_again = !t->is_repeat;
	return false;
}

/* A head that on_head did not accept. */
static bool
evaluate_head(struct s3_try *t, struct s3_answer *answer)
{
	answer->err = t->head_err;
	if (t->head_rc == S3_ASK_AGAIN)
		return refuse_stray(t, answer);
	return true;
}

/* A body that came whole, or was refused half-way: what is it? */
static bool
evaluate_body(struct s3_try *t, struct s3_answer *answer)
{
	bool may_pass = false;
	int code;

	code = t->r->on_end(t->r->arg, &answer->error, &answer->err);
	if (code == S3_ASK_AGAIN)
		return refuse_stray(t, answer);
	if (code == 0)
		return false;
	if (!answer->error.code[0])
		return answer->http->was_ended_by_close &&
		       !answer->http->was_refused;
	/* not malformed: an <Error> */
	code = s3_errno(0, answer->error.code, false, &may_pass);
	set_refusal(t, answer, code);
	return may_pass;
}

/* A body that nobody has looked at yet: may it be a part of one? */
static bool
evaluate_end(const struct s3_try *t, struct s3_answer *answer)
{
	const struct http_answer *http = answer->http;

	if (!http->was_ended_by_close || !t->r->is_whole ||
	    t->r->is_whole(buf_str(&http->body), http->body.len))
		return false;
	err_set(&answer->err, EIO, "the connection ended within the answer");
	return true;
}

/*
 * The status of a refusal is all there is, and the rest may have been cut, with
 * a code that makes another thing of it.  But what a key's 404 says is clear.
 */
static bool
may_lack_code(const struct s3_try *t, const struct s3_answer *answer)
{
	return answer->http->was_ended_by_close && !answer->error.code[0] &&
	       !(answer->status == 404 && t->r->key);
}

bool
s3_try_judge(struct s3_try *t, struct s3_answer *answer)
{
	const struct http_answer *http = answer->http;
	bool may_pass = false;
	bool is_good = is_success(t, http->status);
	int code;

	answer->status = http->status;
	if (t->head_rc)
		return evaluate_head(t, answer);
	if (is_good && t->r->on_end &&
	    (http->err.code == 0 || http->was_refused))
		return evaluate_body(t, answer);
	/* of an endless error page the status is enough */
	if (http->err.code && (is_good || http->err.code != EFBIG)) {
		answer->err = http->err;
		return http->is_retryable;
	}
	if (is_good)
		return evaluate_end(t, answer);
	s3_error_parse(&answer->error, buf_str(&http->body), http->body.len);
	code = s3_errno(http->status, answer->error.code,
			s3_request_is_head(t->r), &may_pass);
	set_refusal(t, answer, code);
	return may_pass || may_lack_code(t, answer);
}

/* EIO: no errno of ours but this one comes of a store that has too much to do. */
enum pace_answer
s3_answer_load(const struct s3_answer *answer, bool may_pass)
{
	if (may_pass && answer->err.code == EIO)
		return PACE_PUSHED_BACK;
	return answer->http->err.code ? PACE_NONE : PACE_CLEAN;
}

/* --- for the meter --- */

enum meter_operation
s3_meter_operation(const struct s3_request *r)
{
	bool is_list = strcmp(s3_request_operation(r), "LIST") == 0;

	if (!r->bucket)
		return METER_BUCKETS;
	if (!r->key)
		return is_list ? METER_LIST : METER_BUCKET;
	if (is_write(r))
		return METER_PUT;
	return s3_request_is_head(r) ? METER_HEAD : METER_GET;
}

enum meter_outcome
s3_meter_outcome(const struct s3_answer *answer, enum pace_answer load,
		 bool is_cancelled)
{
	if (answer->err.code == 0)
		return METER_OK;
	if (is_cancelled || answer->err.code == ECANCELED)
		return METER_CANCELLED;
	if (answer->status == 404)
		return METER_MISSING;
	if (answer->status < 300)
		return METER_BROKEN;
	return load == PACE_PUSHED_BACK ? METER_PUSHED_BACK : METER_REFUSED;
}
