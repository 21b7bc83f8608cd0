/* SPDX-License-Identifier: MIT */
/*
 * The configuration: command line, -o options, environment and the profile of
 * the shared AWS files, in this order of precedence, from one table of options
 * in options.c that also prints --help.  Main thread, before the fork: what is
 * wrong is said on the terminal.
 */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include "s3/endpoint.h"
#include "util/err.h"
#include "util/limits.h"
#include "util/log.h"

enum conf_cache { CACHE_RW, CACHE_RO, CACHE_OFF };

struct conf {
	/* what to mount, and where */
	char *source; /* as given, for /proc/mounts; "s3://" if it was not */
	char *mountpoint;
	char **buckets; /* bucket=, SOURCE s3://NAME; NULL: all */
	size_t n_buckets;

	/* the store */
	char *endpoint_url; /* NULL: AWS */
	char *region; /* NULL: us-east-1 */
	enum addressing style; /* AUTO unless force_path_style says more */
	char *ca_bundle; /* NULL: the system's */
	bool no_sign_request;
	char *profile; /* never NULL after conf_load() */
	bool is_profile_explicit; /* by option: wins over keys in the environment */
	char *config_path; /* NULL if there is no home */
	char *credentials_path;

	struct limits limits;

	/* the mount */
	enum conf_cache cache;
	char *sse; /* how the store encrypts documents; NULL: as it likes */
	char *sse_kms_key_id; /* NULL: the store's own */
	bool allow_other;
	bool is_eagain_wanted; /* nonblock=eagain */
	bool is_read_only; /* -o ro: control files can't be written */
	int64_t uid, gid, umask; /* -1: the caller's own; umask: 022 */
	char *mount_options; /* others for libfuse, "nosuid,nodev,…", or NULL */
	enum log_level log_level;
	char *log_file; /* NULL: stderr with -f, else syslog */
	bool foreground;
	bool debug; /* -d: libfuse's own trace */
	bool show_help;
	bool show_version;
};

/*
 * Read everything.  `env` is like environ(7).  -EINVAL and the like with a
 * message that names the option.  conf_clear() is needed in any case.  With
 * --help or --version nothing else is looked at.
 * A named profile (option or AWS_PROFILE) or file (ca_bundle,
 * AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE) that is not there is an error.
 */
int conf_load(struct conf *c, int argc, char *const argv[], char *const env[],
	      struct err *err);
void conf_clear(struct conf *c);

/* --help: only what is built. */
void conf_print_help(FILE *f);

#endif
