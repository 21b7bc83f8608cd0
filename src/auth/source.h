/* SPDX-License-Identifier: MIT */
/*
 * A source of keys: a file source-NAME.c with one of these, and a row in the table of
 * creds.c, which asks them one after the other on the auth thread.
 */
#ifndef AUTH_SOURCE_H
#define AUTH_SOURCE_H

#include "auth/aws-files.h"
#include "auth/keys.h"
#include "util/aws-host.h"

/* What an err says where somebody has to log in again. */
#define SOURCE_WORD_LOGIN "LoginExpired"

/* What is configured. */
struct creds_options {
	bool is_anonymous; /* no_sign_request: never sign */
	bool skip_environment; /* profile= was given: it wins, as with the AWS CLI */
	const char *profile; /* never NULL: "default" */
	const char *config_path; /* NULL: none */
	const char *credentials_path;
	const char *sso_cache_path; /* the folder of cached logins; or NULL */
	int64_t wait_ms; /* how long somebody waits who has no keys */
	/*
	 * Sources that run a program or ask a service may be asked, for so long
	 * each; 0: they are not.
	 */
	int64_t fetch_ms;
	const char *ca_bundle; /* whom they trust; NULL: as the system does */
	const char *client_cert, *client_key; /* for STS; see sts.h */
	const char *home; /* what "~" is; NULL: nothing */
	const char
		*region; /* of STS; NULL: as the profile says, or us-east-1 */
	struct aws_variant variant; /* of its hosts */
	bool ignores_endpoints; /* URLs of the environment and of profiles */
	struct profiles *profiles; /* the chain's */
	struct children *children; /* likewise: programs are run among these */
	const struct secret_variables *variables; /* likewise */
};

struct source {
	const char *name; /* in messages */
	/*
	 * What it needs of the options and of the environment, copied: the source
	 * itself.  NULL: it is not to be asked.  Main thread, while there is no
	 * other.
	 */
	void *(*prepare)(const struct creds_options *o);
	/*
	 * Plain code, which may block as long as it likes: no reader waits for
	 * it who has keys.  One call at a time.  `must_look`: see
	 * keys.h.
	 *
	 * 0: a reference in *found.  -ENOENT: it has none, and the message is
	 * where it has looked, maybe nothing; the next source is asked.  -EACCES: what is there
	 * is wrong, and nothing else is asked.  Another -errno: nobody knows what
	 * is there; the keys from before, if there are any, go on.
	 */
	int (*ask)(void *source, enum must_look must_look, struct keys **found,
		   struct err *err);
	/*
	 * Of one that looks into profiles: the keys of another profile, `name`, that
	 * is the source of a role's, fetched now.  As `ask`; NULL: no such source.
	 */
	int (*of_profile)(void *source, const struct aws_profile *profile,
			  const char *name, struct keys **found,
			  struct err *err);
	/*
	 * Of one that runs a program or asks a service: whether it is configured,
	 * as far as is known without asking.  NULL: of none of these.  Before there
	 * is the auth thread it is asked nothing else.
	 */
	bool (*is_configured)(void *source);
	/*
	 * Of one that asks a service: the URL that it asks, on the heap.  After ask().
	 * NULL: of no other.
	 */
	char *(*dup_url)(void *source);
	/* When it wants to be asked by itself, see renewal.h; NULL: never. */
	int64_t (*due_ms)(void *source);
	void (*free)(void *source);
};

extern const struct source source_environment;
extern const struct source source_files; /* reads them for those below */
extern const struct source source_role;
extern const struct source source_web_identity;
extern const struct source source_sso;
extern const struct source source_credentials_file;
extern const struct source source_login;
extern const struct source source_process;
extern const struct source source_config_file;
extern const struct source source_credential_file; /* of EC2's first tools */
extern const struct source source_boto;
extern const struct source source_container;
extern const struct source source_imds;

#endif
