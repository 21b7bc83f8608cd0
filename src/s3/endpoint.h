/* SPDX-License-Identifier: MIT */
/*
 * Where a bucket is: the host and the path of its requests.  Pure; any thread.
 */
#ifndef S3_ENDPOINT_H
#define S3_ENDPOINT_H

#include "util/aws-host.h"
#include "util/buf.h"
#include "util/err.h"

enum addressing { ADDRESSING_AUTO, ADDRESSING_PATH, ADDRESSING_VIRTUAL };

struct endpoint;

struct endpoint_options {
	const char *url; /* "http[s]://host[:port][/path]"; NULL: AWS's own */
	const char *region; /* NULL: us-east-1 */
	enum addressing style; /* AUTO: virtual hosts on AWS, paths elsewhere */
	/* of AWS alone */
	struct aws_variant variant;
	bool is_regional; /* us-east-1 is asked at its own host, not the global one */
};

/*
 * A URL has no user, query or fragment.  -EINVAL with a message for what is no such
 * URL or region, and for a variant that the region has not.
 */
int endpoint_new(struct endpoint **out, const struct endpoint_options *o,
		 struct err *err);
void endpoint_free(struct endpoint *e); /* NULL is fine */

/*
 * The same store in another region, of which it told: on AWS the host of that
 * region, in the same domain; elsewhere the same host, with signatures for that
 * region.  -EINVAL for what is no such region.
 */
int endpoint_new_in_region(struct endpoint **out, const struct endpoint *home,
			   const char *region, struct err *err);

/* `url` for messages, on the heap: without user and password. */
char *endpoint_dup_shown(const char *url);

bool endpoint_is_aws(const struct endpoint *e); /* no URL was given */
const char *endpoint_scheme(const struct endpoint *e); /* "http" or "https" */
const char *endpoint_region(const struct endpoint *e);

/*
 * What the path of the URL may have been meant for: a bucket, whose name it is and
 * nothing more.  NULL: nothing of the kind.
 */
const char *endpoint_bucket_in_path(const struct endpoint *e);

/*
 * Append the value of the Host header (port only where it is not the
 * scheme's own) and the encoded path of `key` in `bucket` (NULL: the
 * service itself; key NULL: the bucket itself).  Names that can't be a host
 * label (dots under TLS, upper case, "_") get path style whatever was asked.
 */
int endpoint_address(const struct endpoint *e, const char *bucket,
		     const char *key, size_t key_len, struct buf *host,
		     struct buf *path);

#endif
