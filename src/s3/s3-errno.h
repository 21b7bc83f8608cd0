/* SPDX-License-Identifier: MIT */
/*
 * What a failure is to the user, to the next try, and to how a store is asked.
 * Pure.
 */
#ifndef S3_S3_ERRNO_H
#define S3_S3_ERRNO_H

#include "s3/request.h"
#include "util/date.h"

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
#define S3_REFUSED_MS HOUR_MS
bool s3_remember_refusal(int64_t *until_ms, int64_t now_ms);

#endif
