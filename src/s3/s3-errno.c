/* SPDX-License-Identifier: MIT */
/*
 * HTTP status and S3 code to errno.  Pure.  Source of the codes: Amazon S3 API
 * Reference, "Error responses"; which of them pass: AWS SDKs and Tools
 * Reference Guide, "Retry behavior".
 */
#include "config.h"

#include "s3/s3-errno.h"

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
	{ "ExpiredTokenException", EACCES, false },
	{ "InvalidAccessKeyId", EACCES, false },
	{ "InvalidSecurity", EACCES, false },
	{ "InvalidToken", EACCES, false },
	{ "InvalidTokenId", EACCES, false },
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

/* Every 5xx may pass, but what the store says it will never do. */
static bool
may_status_pass(int status)
{
	return status == 408 || status == 429 ||
	       (status >= 500 && status != 501 && status != 505);
}

static bool
is_code_of_plain_way(const char *code)
{
	bool may_pass;
	int error = s3_errno(0, code, false, &may_pass);

	return strcmp(code, "InternalError") == 0 ||
	       strcmp(code, "AccessDenied") == 0 ||
	       strcmp(code, "NoSuchKey") == 0 || (error == EIO && !may_pass);
}

bool
s3_is_refusal(const struct s3_answer *a)
{
	int status = a->status;

	/* 407 is the word of a proxy, not of the store */
	if (a->err.code == 0 || status == 407 ||
	    !is_code_of_plain_way(a->error.code))
		return false;
	if (status == 200) /* an <Error> all the same */
		return a->error.code[0] != '\0';
	return status / 100 == 4 ? status != 408 && status != 429
				 : status >= 500 && status != 503;
}

bool
s3_remember_refusal(int64_t *until_ms, int64_t now_ms)
{
	bool is_news = now_ms >= *until_ms;

	*until_ms = now_ms + S3_REFUSED_MS;
	return is_news;
}

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
	*is_retryable = may_status_pass(status);
	if (status == 401 || status == 403)
		return EACCES;
	/*
	 * A HEAD has no body, so its 404 can't say what is missing, and its 400
	 * is AWS's answer to a token that has expired or is malformed.
	 */
	if (is_head && status == 400)
		return EACCES;
	return is_head && status == 404 ? ENOENT : EIO;
}
