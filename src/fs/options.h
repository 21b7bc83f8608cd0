/* SPDX-License-Identifier: MIT */
/*
 * What a mount is made with.  Plain data.
 */
#ifndef FS_OPTIONS_H
#define FS_OPTIONS_H

#include "engine/buckets.h"

struct fs_options {
	const char *mountpoint; /* absolute */
	const char *source; /* shown in /proc/mounts */
	const char *mount_options; /* "nosuid,nodev,…", NULL: none */
	bool allow_other;
	bool is_read_only;
	bool debug; /* libfuse's trace */
	bool is_eagain_wanted; /* O_NONBLOCK means something */
	bool is_df_by_bucket; /* df(1) of a bucket tells of its bytes */
	uid_t uid; /* of everything in the mount */
	gid_t gid;
	unsigned umask;
	struct buckets *buckets; /* outlives the mount, as … */
	struct meter *meter; /* … of all requests */
};

#endif
