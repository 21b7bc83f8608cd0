/* SPDX-License-Identifier: MIT */
/*
 * The mount: the FUSE session from mount to unmount.  Only the files of this
 * folder know FUSE.  Main thread.
 */
#ifndef FS_FS_H
#define FS_FS_H

#include "fs/options.h"
#include "util/err.h"

struct engine;
struct fs;

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
