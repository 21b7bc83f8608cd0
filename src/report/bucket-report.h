/* SPDX-License-Identifier: MIT */
/*
 * What is told of a bucket: status.json and metrics.prom of its directory.  From
 * what is published, so it waits for nobody.  Any thread.
 *
 * Why is it made when somebody asks?  What is told changes with each page and HEAD,
 * and with time alone; few ever look.  So the net thread publishes numbers, which
 * it does anyway, and who looks pays for the text: about what any open(2), read(2) and
 * close(2) of the mount take (`make bench-status`).
 */
#ifndef REPORT_BUCKET_REPORT_H
#define REPORT_BUCKET_REPORT_H

#include "report/subject.h"
#include "util/buf.h"

#define REPORT_MAX                                                             \
	(63 * 1024) /* some agents take no file of more than 64 KiB */

/* 0, or as buf_add(). */
int bucket_status(const struct subject *s, struct buf *out);
int bucket_metrics(const struct subject *s, struct buf *out);

/* The metrics of all buckets that have a result or a failure, without an end. */
int buckets_metrics(const struct subject *s, struct buf *out);

#endif
