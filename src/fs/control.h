/* SPDX-License-Identifier: MIT */
/*
 * The commands that are written to control files.  Pure.
 *
 * One write is one command.  Blanks (space, tab, newline, carriage return)
 * separate words; at both ends they are ignored.
 */
#ifndef FS_CONTROL_H
#define FS_CONTROL_H

#include "util/err.h"

#define CONTROL_MAX 4096 /* bytes of a command */

/*
 * refresh: mode names, or "all", "1" or nothing for all of them.  *modes gets
 * bit 1 << mode for each.  -EINVAL, naming the word, for anything else.
 */
int control_parse_refresh(const char *text, size_t len, unsigned *modes,
			  struct err *err);

/* nocache: one of 1 y yes on true, 0 n no off false. */
int control_parse_nocache(const char *text, size_t len, bool *is_on,
			  struct err *err);

#endif
