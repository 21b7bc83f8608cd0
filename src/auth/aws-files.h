/* SPDX-License-Identifier: MIT */
/*
 * The two shared files of the AWS tools, ~/.aws/config and ~/.aws/credentials
 * (AWS SDKs and Tools Reference Guide, "Shared config and credentials files"):
 * what one profile says.  Reads files, knows no network.  Any thread.
 */
#ifndef AUTH_AWS_FILES_H
#define AUTH_AWS_FILES_H

#include "util/err.h"

#define AWS_FILE_MAX (1024 * 1024) /* bytes of one file; more is EFBIG */

struct aws_profile {
	bool is_present; /* a section of that name is in one of the files */
	char *access_key; /* NULL where the profile is silent, as all below */
	char *secret_key; /* from the file that has access_key, never mixed */
	char *session_token;
	char *security_token; /* its older name, which wins: as it is read */
	bool has_keys_of_config; /* not of the credentials file, which wins */
	bool lacks_services; /* there is no section of that name */
	char *region;
	char *endpoint_url; /* of all services but those that have their own */
	char *services; /* a section of the config file: the next ones are there */
	char *s3_endpoint_url, *sts_endpoint_url, *sso_endpoint_url;
	char *ca_bundle;
	bool has_s3; /* there is a block `s3 =`, which is one value */
	char *addressing_style; /* "path", "virtual" or "auto", of s3 = */
	/* "true", in any case, or not; `s3_` is of s3 =, for S3 alone */
	char *s3_use_dualstack_endpoint, *use_dualstack_endpoint;
	char *use_fips_endpoint;
	char *use_accelerate_endpoint; /* of s3 =, as those */
	char *us_east_1_endpoint; /* "legacy" or "regional" */
	char *max_attempts;
	char *retry_mode; /* "legacy", "standard" or "adaptive" */
	char *credential_process; /* a program, and its arguments */
	char *role_arn; /* to be assumed, with the keys of one of these */
	char *source_profile;
	char *credential_source; /* Environment, EcsContainer, Ec2InstanceMetadata */
	char *web_identity_token_file;
	char *role_session_name, *external_id, *duration_seconds, *mfa_serial;
	char *login_session; /* of `aws login` */
	char *sts_regional_endpoints; /* "legacy" or "regional" */
	/* Of EC2's metadata service. */
	char *imds_endpoint, *imds_endpoint_mode, *imds_timeout, *imds_attempts;
	char *imds_v1_disabled;
	/* A cached login: of a session that has a section of its own, or without. */
	char *sso_session;
	char *sso_session_start_url, *sso_session_region; /* in that section */
	char *sso_start_url, *sso_region;
	char *sso_account_id, *sso_role_name; /* whose keys it is to give */
	char *ignore_endpoint_urls; /* "true": endpoint_url is not to be used */
};

/*
 * Read `profile` from both files ("[profile NAME]" in config, or "[default]",
 * "[NAME]" in credentials, which wins).  A path that is NULL or a file that
 * does not exist says nothing.  0; or -errno of a file that can't be read,
 * -EINVAL of one that is malformed, -EAGAIN of a FIFO, which says nothing twice,
 * with the path in the message.  What `out` held before is forgotten, not freed;
 * after a failure it is empty.
 */
int aws_profile_load(struct aws_profile *out, const char *config_path,
		     const char *credentials_path, const char *profile,
		     struct err *err);

/* The same, each file by itself; what the credentials file points to is of `config`. */
int aws_profile_load_each(struct aws_profile *config,
			  struct aws_profile *credentials,
			  const char *config_path, const char *credentials_path,
			  const char *profile, struct err *err);

/*
 * The same for the text of one file.  `wins` is what the credentials file says, for the text
 * of the config file; NULL: nothing.
 */
int aws_profile_parse(struct aws_profile *out, const char *text, size_t len,
		      bool is_config, const struct aws_profile *wins,
		      const char *profile, struct err *err);

/* Whether they say the same, keys aside. */
bool aws_profile_equal(const struct aws_profile *a,
		       const struct aws_profile *b);

void aws_profile_clear(struct aws_profile *p); /* secrets are wiped */

#endif
