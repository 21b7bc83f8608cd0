/* SPDX-License-Identifier: MIT */
/*
 * Requests to an S3 store: addressed, signed, sent, tried again, and their
 * failures turned into an errno and a sentence.  The operations are in
 * bucket-check.h, s3-bucket.h, s3-object.h and list/call.h.  Net thread only.
 *
 * A call has exactly one completion, never from inside s3_start() or
 * s3_cancel(); after it the call is gone.
 */
#ifndef S3_S3_H
#define S3_S3_H

#include "auth/creds.h"
#include "auth/sigv4.h"
#include "net/http.h"
#include "s3/endpoint.h"
#include "s3/error-doc.h"
#include "s3/pace.h"
#include "util/uri.h"

struct s3;
struct s3_call;
struct head_habits;

/* How one try ended; valid during the completion. */
struct s3_answer {
	struct err err; /* code 0: a 2xx answer came whole */
	int status; /* of HTTP; 0 if no answer came */
	struct s3_error error; /* what the store said of its refusal */
	const struct http_answer
		*http; /* NULL if none came (cancelled early) */
};

typedef void s3_done_fn(void *arg, const struct s3_answer *answer);

typedef bool s3_whole_fn(const char *body, size_t len);

/*
 * What on_head and on_end of a request return for an answer that seems to be
 * another request's: what came was not believed, its connection is not used any
 * more, and the request is sent once more, over a new one.  That is no try of
 * those that are counted.
 */
#define S3_ASK_AGAIN 1

/*
 * The head of an answer with status 200, and to a HEAD with 404: 0;
 * S3_ASK_AGAIN; or -errno, with `err` set, for what is no answer of a store: a
 * failure of the transport.  `is_again`: it was asked again, and this came over a
 * new connection; S3_ASK_AGAIN is EIO then.
 */
typedef int s3_head_fn(void *arg, const struct http_answer *head, bool is_again,
		       struct err *err);

struct s3_request {
	const char *method;
	const char *operation; /* in messages; NULL: the method */
	const char *bucket; /* NULL: the service */
	const char *key; /* any bytes; NULL: the bucket */
	size_t key_len;
	const struct uri_param *params;
	size_t n_params;
	const struct sigv4_header *headers; /* besides those of signing */
	size_t n_headers;
	const void *body; /* must live until the completion */
	size_t body_len;
	size_t body_max; /* cap of the answer */
	/*
	 * Whether these bytes are a whole body; asked only if nothing but the end
	 * of the connection told where the body of a 200 ended, and there is no
	 * on_end.  If not, it is tried again.  NULL: any body will do.
	 */
	s3_whole_fn *is_whole;
	bool is_urgent; /* as http.h says */
	s3_head_fn *on_head; /* NULL: any head will do */
	/*
	 * Streaming: on_data gets the bytes of a body with status 200, or returns
	 * HTTP_PAUSE until s3_resume(); they begin anew after on_retry.  on_end
	 * is asked when they have ended, or when on_data refused one: it returns
	 * 0, or sets `err` to what is wrong with the body, and `error` too if
	 * the body was an <Error>; S3_ASK_AGAIN, with `err` set, as on_head does.
	 * A body that nothing but the end of the connection ended, and with
	 * which something is wrong, may have been cut: it is tried again.
	 */
	http_data_fn *on_data;
	void (*on_retry)(void *arg);
	int (*on_end)(void *arg, struct s3_error *error, struct err *err);
	s3_done_fn *on_done;
	void *arg;
};

/*
 * Takes what it is made of: all of it stays the caller's and must outlive it.
 * `pace` is told of each try; to ask it before a request is up to who begins
 * one.  `retries`: tries after the first.
 */
struct s3 *s3_new(struct http *http, struct timers *timers,
		  const struct endpoint *endpoint, struct creds_chain *creds,
		  struct pace *pace, int retries);
void s3_free(struct s3 *s3); /* no call may be under way */

/* Where its HEADs do not say what its listings do. */
struct head_habits *s3_head_habits(struct s3 *s3);

/* What it refuses of questions about buckets; {0} at the start. */
struct bucket_habits {
	bool has_head_worked; /* HeadBucket has found one */
	int64_t head_refused_until_ms, paging_refused_until_ms;
};

struct bucket_habits *s3_bucket_habits(struct s3 *s3);

/* Copies the request, but for its body. */
struct s3_call *s3_start(struct s3 *s3, const struct s3_request *r);

/* End it soon, with ECANCELED. */
void s3_cancel(struct s3_call *call);

/* on_data has returned HTTP_PAUSE, and could take the bytes now. */
void s3_resume(struct s3_call *call);

/*
 * The one place where HTTP status and S3 code become an errno (the table in
 * dgstatfs(1), ERRORS).  *is_retryable: it may pass.
 */
int s3_errno(int status, const char *code, bool is_head, bool *is_retryable);

/*
 * What we ask for speed or comfort, and a store does not know, it refuses in
 * many ways: 400, 403, 404 with NoSuchKey or a page of HTML, 405, 501, and 500
 * however often it is asked.  Whether a call that has failed, retries included,
 * may have failed so, and is to be asked in the plain way.  Not what is said of
 * keys or of a bucket that there is not; 408, 429 and 503 are weather.
 */
bool s3_is_refusal(const struct s3_answer *a);

/*
 * The plain way has worked: what was refused is not asked before `*until_ms`.  True
 * if that is news, for one warning.
 */
#define S3_REFUSED_MS ((int64_t)3600 * 1000)
bool s3_remember_refusal(int64_t *until_ms, int64_t now_ms);

#endif
