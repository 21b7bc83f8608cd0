/* SPDX-License-Identifier: MIT */
/*
 * A request to a store, and how it ended.  Plain data.
 */
#ifndef S3_REQUEST_H
#define S3_REQUEST_H

#include "auth/sigv4.h"
#include "net/http.h"
#include "s3/error-doc.h"
#include "s3/traffic.h"
#include "util/uri.h"

/* What is said with each request about a bucket.  The strings outlive all of them. */
struct s3_terms {
	bool is_requester_paying;
	const char *bucket_owner; /* its account; NULL: whoever's */
};

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
 * failure of the transport.  `is_repeat`: it was asked again, and this came over a
 * new connection; S3_ASK_AGAIN is EIO then.
 */
typedef int s3_head_fn(void *arg, const struct http_answer *head,
		       bool is_repeat, struct err *err);

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
	bool wants_part; /* status 206 is a success, too */
	bool is_urgent; /* as http.h says */
	/* Each try is added to it as it goes; outlives the call; NULL: nobody asks. */
	struct traffic *traffic;
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

#endif
