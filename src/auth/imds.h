/* SPDX-License-Identifier: MIT */
/*
 * What EC2's metadata service knows besides keys, which are source-imds.c's.
 */
#ifndef AUTH_IMDS_H
#define AUTH_IMDS_H

#include "util/err.h"

/*
 * The region of the instance, on the heap.  It is asked now, and may take a few seconds;
 * -ENOENT at once where there is no such service, as it seems, or it is turned off.  After
 * http_prepare().
 */
int imds_region(char **out, struct err *err);

#endif
