/* SPDX-License-Identifier: MIT */
/*
 * What a report is about.  Plain data; all of it outlives who has it.
 */
#ifndef REPORT_SUBJECT_H
#define REPORT_SUBJECT_H

#include "engine/buckets.h"
#include "s3/meter.h"

struct subject {
	struct bucket *bucket; /* NULL: the mount itself */
	struct buckets *buckets;
	struct meter *meter;
	struct file_state *states; /* of its files, by their rows */
	int64_t mounted_at; /* seconds since 1970 */
};

#endif
