/* SPDX-License-Identifier: MIT */
/*
 * HTTP status and S3 code to errno.  Pure.  Source of the codes: Amazon S3 API
 * Reference, "Error responses"; which of them pass: AWS SDKs and Tools
 * Reference Guide, "Retry behavior".
 */
#include "config.h"

#include "s3/s3.h"

#include <errno.h>

static const struct {
	const char *code;
	int error;
	bool is_retryable;
} codes[] = {
	{ "NoSuchBucket", ENOENT, false },
	{ "NoSuchKey", ENOENT, false },
	{ "AccessDenied", EACCES, false },
	{ "AccountProblem", EACCES, false },
	{ "AllAccessDisabled", EACCES, false },
	{ "ExpiredToken", EACCES, false },
	{ "InvalidAccessKeyId", EACCES, false },
	{ "InvalidSecurity", EACCES, false },
	{ "InvalidToken", EACCES, false },
	{ "NotSignedUp", EACCES, false },
	{ "RequestTimeTooSkewed", EACCES, false },
	{ "SignatureDoesNotMatch", EACCES, false },
	{ "TokenRefreshRequired", EACCES, false },
	{ "InternalError", EIO, true },
	{ "RequestTimeout", EIO, true },
	{ "ServiceUnavailable", EIO, true },
	{ "SlowDown", EIO, true },
	{ "Throttling", EIO, true },
	{ "ThrottlingException", EIO, true },
};

static const struct {
	int status;
	int error;
	bool is_retryable;
} statuses[] = {
	{ 401, EACCES, false }, { 403, EACCES, false }, { 429, EIO, true },
	{ 500, EIO, true },	{ 502, EIO, true },	{ 503, EIO, true },
	{ 504, EIO, true },
};

int
s3_errno(int status, const char *code, bool is_head, bool *is_retryable)
{
	*is_retryable = false;
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		if (strcmp(code, codes[i].code) == 0) {
			*is_retryable = codes[i].is_retryable;
			return codes[i].error;
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
		if (status == statuses[i].status) {
			*is_retryable = statuses[i].is_retryable;
			return statuses[i].error;
		}
	}
	/* a HEAD has no body, so its 404 can't say what is missing */
	return status == 404 && is_head ? ENOENT : EIO;
}
