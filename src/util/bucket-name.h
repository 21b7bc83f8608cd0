/* SPDX-License-Identifier: MIT */
/*
 * Which names a bucket can have: nothing else is asked about or shown.  Any
 * thread.
 */
#ifndef UTIL_BUCKET_NAME_H
#define UTIL_BUCKET_NAME_H

#include "util/base.h"

#define BUCKET_NAME_MIN 3
#define BUCKET_NAME_MAX                                                        \
	255 /* of a directory entry, and of the oldest buckets */

/*
 * More than Amazon allows today: old buckets of theirs have up to 255
 * characters, upper case and "_".  Each of them can be a directory.
 */
static inline bool
bucket_name_is_possible(const char *name)
{
	size_t len = strlen(name);

	if (len < BUCKET_NAME_MIN || len > BUCKET_NAME_MAX || name[0] == '.')
		return false;
	return strspn(name, "abcdefghijklmnopqrstuvwxyz"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "0123456789._-") == len;
}

#endif
