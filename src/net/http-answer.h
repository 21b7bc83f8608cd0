/* SPDX-License-Identifier: MIT */
/*
 * What comes of an HTTP request.  Plain data.
 */
#ifndef NET_HTTP_ANSWER_H
#define NET_HTTP_ANSWER_H

#include "util/buf.h"
#include "util/err.h"

#define HTTP_HEAD_MAX (64 * 1024) /* bytes of header fields in an answer */

struct http_answer {
	struct err err; /* of the transport; 0: an HTTP answer came whole */
	bool is_retryable; /* err is of a kind that may pass */
	bool was_refused; /* by on_head or on_data */
	/*
	 * The end of the connection is all that ended the body, so it may be a
	 * part: only who reads it can tell.
	 */
	bool was_ended_by_close;
	int status; /* 0 if no whole head came */
	struct buf head; /* status line and fields, unfolded */
	struct buf body; /* what on_data did not take */
};

#endif
