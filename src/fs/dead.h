/* SPDX-License-Identifier: MIT */
/*
 * A dead mount: what a dgstatfs that was killed leaves behind.  Every use of it
 * is "Transport endpoint is not connected", so nothing can be mounted there.
 * Main thread, before the fork.
 */
#ifndef FS_DEAD_H
#define FS_DEAD_H

#include "util/err.h"

/*
 * Make room at `mountpoint`, an absolute path without symbolic links: take away
 * a mount that is dead and was a dgstatfs's, and say so in the log.  What
 * lives, or was mounted by another program, is never touched.  -ENOTCONN if
 * something dead is there and stays.
 */
int dead_mount_remove(const char *mountpoint, struct err *err);

#endif
