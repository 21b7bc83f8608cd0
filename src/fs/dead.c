/* SPDX-License-Identifier: MIT */
/*
 * Cleaning up behind a dgstatfs that was killed: see dead.h.  Main thread,
 * before the fork.
 */
#include "config.h"

#include "fs/dead.h"

#include <errno.h>
#include <mntent.h>
#include <sys/stat.h>

#include "fs/unmount.h"
#include "util/log.h"

#define FS_TYPE "fuse.dgstatfs"
#define LINE_LEN_MAX (64 * 1024) /* of the table; the rest of a line is cut */

static bool
is_dead(const char *path)
{
	struct stat st;

	return stat(path, &st) != 0 && errno == ENOTCONN;
}

/* The type of what is mounted there, on top of all else; "" if nothing is. */
static char *
dup_type(const char *path)
{
	CLEANUP_FREE char *line = xmalloc(LINE_LEN_MAX);
	char *type = xstrdup("");
	FILE *table = setmntent("/proc/self/mounts", "re");
	struct mntent entry;

	if (!table)
		return type;
	while (getmntent_r(table, &entry, line, LINE_LEN_MAX)) {
		if (strcmp(entry.mnt_dir, path) != 0)
			continue;
		free(type); /* a later line is a mount on top */
		type = xstrdup(entry.mnt_type);
	}
	endmntent(table);
	return type;
}

static int
remove_top(const char *mountpoint, struct err *err)
{
	CLEANUP_FREE char *type = dup_type(mountpoint);

	if (strcmp(type, FS_TYPE) != 0)
		return err_set(err, ENOTCONN,
			       "mount point %s: a dead mount of type %s is "
			       "still there (fusermount3 -u %s)",
			       mountpoint, type, mountpoint);
	if (!unmount_lazily(mountpoint))
		return err_set(err, ENOTCONN,
			       "mount point %s: the dead mount of an earlier "
			       "dgstatfs can't be removed",
			       mountpoint);
	log_warn("mount point %s: removed the dead mount of a killed dgstatfs",
		 mountpoint);
	return 0;
}

int
dead_mount_remove(const char *mountpoint, struct err *err)
{
	int rc = 0;

	while (rc == 0 && is_dead(mountpoint)) /* one may lie on another */
		rc = remove_top(mountpoint, err);
	return rc;
}
