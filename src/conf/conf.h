/* SPDX-License-Identifier: MIT */
/*
 * The configuration, as load.h reads it.  Plain data; the main thread's, until
 * there are others: then nobody changes it.
 */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include "s3/endpoint.h"
#include "s3/traffic.h"
#include "util/err.h"
#include "util/limits.h"
#include "util/log.h"

/*
 * Who is configured: dgstatfs mounts, dgstat and the plugin check_dgstat have no mount
 * and know no option of it.
 */
enum conf_program { CONF_DGSTATFS = 1, CONF_DGSTAT = 2, CONF_CHECK = 4 };

/* Bits: which documents. */
enum conf_modes { CONF_QUICK = 1, CONF_SAMPLED = 2, CONF_DETAILED = 4 };

enum conf_cache { CACHE_RW, CACHE_RO, CACHE_OFF };
enum conf_memo {
	CONF_MEMO_AUTO,
	CONF_MEMO_BUCKET,
	CONF_MEMO_MEMORY,
	CONF_MEMO_OFF
};

/* Which store, as whom, and what is kept there. */
struct conf_store {
	char *endpoint_url; /* NULL: AWS */
	char *region; /* NULL: us-east-1 */
	enum addressing style; /* AUTO unless force_path_style says more */
	struct aws_variant variant; /* of AWS's hosts, as the next two are */
	bool is_dualstack_alone; /* S3's host, and no other */
	bool wants_acceleration; /* of a profile: it is not built */
	bool is_regional; /* us_east_1_regional_endpoint */
	bool ignores_endpoints; /* ignore_configured_endpoint_urls */
	char *ca_bundle; /* NULL: the system's */
	char *client_cert; /* NULL: none */
	char *client_key; /* NULL: in client_cert's file */
	char **buckets; /* bucket=, SOURCE s3://NAME; NULL: all */
	size_t n_buckets;

	bool no_sign_request;
	char *profile; /* never NULL after conf_load() */
	bool is_profile_explicit; /* by option: wins over keys in the environment */
	char *config_path; /* NULL if there is no home */
	char *credentials_path;
	char *sso_cache_path;
	char *home; /* NULL: none */

	bool is_requester_paying;
	char *expected_bucket_owner; /* NULL: whoever's */

	enum conf_cache cache;
	enum conf_memo memo;
	struct prices prices;
	char *sse; /* how the store encrypts documents; NULL: as it likes */
	char *sse_kms_key_id; /* NULL: the store's own */
};

/* What endpoint_new() is to know of it: the members of its options. */
#define CONF_ENDPOINT(store)                                                   \
	.url = (store)->endpoint_url, .region = (store)->region,               \
	.style = (store)->style, .variant = (store)->variant,                  \
	.is_regional = (store)->is_regional

/* What dgstatfs alone has. */
struct conf_mount {
	char *source; /* as given, for /proc/mounts; "s3://" if it was not */
	char *mountpoint;
	bool allow_other;
	bool is_eagain_wanted; /* nonblock=eagain */
	bool is_df_by_bucket; /* df=bucket */
	bool is_detailed_on_refresh; /* detailed=on_refresh */
	bool is_read_only; /* -o ro: control files can't be written */
	int64_t uid, gid, umask; /* -1: the caller's own; umask: 022 */
	char *mount_options; /* others for libfuse, "nosuid,nodev,…", or NULL */
	bool foreground;
	bool debug; /* -d: libfuse's own trace */
};

/* What dgstat prints. */
enum conf_sort {
	SORT_AS_GIVEN,
	SORT_NAME,
	SORT_OBJECTS,
	SORT_ORIGINAL,
	SORT_STORED,
	SORT_SAVED,
	SORT_RATIO,
};

/* Where to listen: numbers or names, for getaddrinfo(3). */
struct conf_address {
	char *host; /* NULL: nowhere */
	char *port;
};

/* What dgstat alone has. */
struct conf_cli {
	bool quick, sampled, detailed; /* one at most */
	bool prefixes, ncdu; /* likewise: their tree, and for whom */
	char *prefix_depth; /* of --prefixes; NULL: that of prefix_depth */
	bool refresh, no_cache; /* not both */
	bool shows_cache; /* --cache */
	bool clears_cache; /* and of what: names with commas; NULL: all */
	char *cleared;
	bool json_lines, document; /* and wants_json: one at most */
	bool bytes; /* exact ones alone */
	bool integrity; /* what is wrong, not the figures */
	enum conf_sort sort;
	bool quiet, verbose;
	struct conf_address listen;
};

/* What check_dgstat alone has, as text: its module knows what that means. */
struct conf_check {
	char *metrics, *warning, *critical; /* lists with commas; or NULL */
	int64_t limit_ms; /* of all; shorter than those of the engine */
	char *late_state; /* when that is over; or NULL */
};

/* Where the value of an option comes from. */
enum conf_from {
	CONF_FROM_DEFAULT,
	CONF_FROM_COMMAND_LINE,
	CONF_FROM_LIST, /* of a -o: typed, or mount(8) has it from fstab */
	CONF_FROM_ENVIRONMENT,
	CONF_FROM_PROFILE,
};

struct conf_origin {
	enum conf_from from;
	char *name; /* of the variable; file and profile; NULL: as `from` says */
	char *value; /* as text, "true" of a switch; NULL: it was not set */
};

#define CONF_OPTIONS_MAX 64

struct conf {
	enum conf_program program;
	struct conf_store store;
	struct limits limits;
	unsigned interval_modes; /* enum conf_modes: read by itself */
	struct conf_mount mount;
	struct conf_cli cli;
	struct conf_check check;
	enum log_level log_level;
	char *log_file; /* NULL: stderr with -f, else syslog */
	bool show_help;
	bool show_version;
	bool show_explanation; /* --explain: of all this, and no mount */
	bool wants_json; /* --json: that, and what dgstat prints */
	struct conf_origin origins[CONF_OPTIONS_MAX]; /* by row of the table */
};

#endif
