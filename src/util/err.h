/* SPDX-License-Identifier: MIT */
/*
 * An error: the errno that the FUSE caller gets and the sentence that the
 * operator gets.  A plain value, copied between threads, never allocated: there
 * is no failure while reporting a failure.
 *
 * A function that can fail returns 0 or -errno and takes `struct err *` last.
 * It sets it exactly once, where the failure is detected, and leaves it alone
 * on success.  `err` may be NULL when the caller does not care.
 *
 * Messages: lower case, no full stop, name the object, no advice.  Foreign
 * bytes in the arguments of %s are escaped here, so a message is always one
 * printable line.
 */
#ifndef UTIL_ERR_H
#define UTIL_ERR_H

#include "util/base.h"

struct err {
	int code; /* positive errno; 0: no error */
	/*
	 * What the other end has said of it, where it has: the status, its own
	 * word, and its number of the request.
	 */
	int status;
	char word[64], request_id[80];
	char msg[512]; /* two paths fit; what is longer ends with "..." */
};

#define ERR_INIT                                                               \
	{                                                                      \
		.code = 0, .msg = ""                                           \
	}

/* Set `err` and return -code, so that a failure is one line. */
int err_set(struct err *err, int code, const char *fmt, ...) PRINTF(3, 4);

/* Add what the other end has said, as a refusal of HTTP is told. */
void err_set_remote(struct err *err, int status, const char *word,
		    const char *request_id);

/* Put "context: " before the message; returns -err->code. */
int err_wrap(struct err *err, const char *fmt, ...) PRINTF(2, 3);

/* Copy `from` to `to` (which may be NULL); returns -from->code. */
int err_copy(struct err *to, const struct err *from);

#endif
