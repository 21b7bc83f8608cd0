/* SPDX-License-Identifier: MIT */
/*
 * The Security Token Service: keys of a role, for keys or for the token of an identity
 * provider.  Blocks; the auth thread.
 *
 * Source: AWS Security Token Service API Reference.
 */
#ifndef AUTH_STS_H
#define AUTH_STS_H

#include "auth/keys.h"
#include "util/aws-host.h"

/* Where it is. */
struct sts {
	const char *url; /* NULL: AWS's own, of the region */
	bool lacks_services; /* `url` would be in a section that is not there */
	const char *region; /* NULL: us-east-1, at the host for all regions */
	struct aws_variant variant;
	/* "legacy": that host for regions that are as old as it, too; NULL: "regional" */
	const char *regional;
	const char *ca_bundle; /* NULL: what the system trusts */
	/* What to show to who is at `url`, not to AWS; NULL: nothing, in the same file */
	const char *client_cert, *client_key;
	int64_t limit_ms;
};

/* Where that is, on the heap; NULL: nowhere, and sts_assume() says why. */
char *sts_dup_url(const struct sts *sts);

/* What is asked; what is NULL or 0 is left out. */
struct sts_role {
	const char *arn;
	const char *session_name; /* NULL: one of our own */
	const char *external_id;
	int64_t duration_s;
	const char
		*web_token; /* AssumeRoleWithWebIdentity, which is not signed */
	const struct keys *keys; /* else: who signs */
};

/* Keys of `source`.  -EACCES with what STS said. */
int sts_assume(const struct sts *sts, const struct sts_role *role,
	       const char *source, struct keys **out, struct err *err);

#endif
