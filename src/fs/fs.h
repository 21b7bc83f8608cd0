/* SPDX-License-Identifier: MIT */
/*
 * The mount: the FUSE session from mount to unmount.  Only the files of this
 * folder know FUSE.  Main thread.
 */
#ifndef FS_FS_H
#define FS_FS_H

#include "engine/engine.h"

struct fs;

struct fs_options {
	const char *mountpoint; /* absolute */
	const char *source; /* shown in /proc/mounts */
	const char *mount_options; /* "nosuid,nodev,…", NULL: none */
	bool allow_other;
	bool is_read_only;
	bool debug; /* libfuse's trace */
	bool is_eagain_wanted; /* O_NONBLOCK means something */
	uid_t uid; /* of everything in the mount */
	gid_t gid;
	unsigned umask;
	struct buckets *buckets; /* outlives the mount */
};

/* Mount.  What is wrong is said in `err`, and by libfuse in the log. */
int fs_mount(struct fs **out, const struct fs_options *o, struct err *err);

/*
 * Serve until unmounted or told to end by a signal; returns that signal, 0
 * after an unmount, or -errno.
 */
int fs_run(struct fs *fs, struct engine *engine);

/* Unmount, if it still is mounted, and free.  NULL is fine. */
void fs_unmount(struct fs *fs);

#endif
