/* SPDX-License-Identifier: MIT */
/*
 * Taking a mount away by name.  Main thread.
 */
#ifndef FS_UNMOUNT_H
#define FS_UNMOUNT_H

#include "util/base.h"

/*
 * What is mounted there, on top: lazily, since handles may still be open.  Who is
 * not root needs a program for that: fusermount3, or umount(8) on a system without
 * /etc/mtab, where fusermount3 refuses.  That one says itself what is wrong.  They get
 * none of our variables.
 */
bool unmount_lazily(const char *path);

#endif
