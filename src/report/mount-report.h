/* SPDX-License-Identifier: MIT */
/*
 * What is told of the mount itself, in the directory .dgstatfs of its root: the
 * values, the table that names them, and the files.  From memory, any thread.
 */
#ifndef REPORT_MOUNT_REPORT_H
#define REPORT_MOUNT_REPORT_H

#include "report/member.h"
#include "report/subject.h"
#include "util/buf.h"

struct mount_report {
	const char *version;
	int64_t one; /* the value of what has all it tells in labels */
	int64_t mounted_at;
	struct meter_counts counts;
	int64_t price;
	struct member_histogram seconds[N_METER_OPERATIONS];
};

extern const struct members mount_members;

/* `counts` of it is filled; the rest is made of that. */
void mount_report_fill(struct mount_report *out, int64_t mounted_at,
		       const struct prices *prices);

/* What all buckets say together may be long. */
#define REPORT_OF_ALL_MAX (64 * 1024 * 1024)

/* Each as file_render() wants it: status.json, metrics.prom and metrics_all. */
int mount_status(const struct subject *s, struct buf *out);
int mount_metrics(const struct subject *s, struct buf *out);
int mount_metrics_of_all(const struct subject *s, struct buf *out);

#endif
