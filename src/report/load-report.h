/* SPDX-License-Identifier: MIT */
/*
 * The requests of a bucket that are under way: the values, and the table that names
 * them.  Pure; any thread.
 */
#ifndef REPORT_LOAD_REPORT_H
#define REPORT_LOAD_REPORT_H

#include "report/member.h"
#include "s3/meter.h"

/* Each value has 8 bytes, as member.h wants it. */
struct load_report {
	struct meter_load load;
	int64_t limit;
};

extern const struct members load_members;

void load_report_fill(struct load_report *out, struct meter *meter,
		      const char *bucket);

#endif
