/* SPDX-License-Identifier: MIT */
/*
 * Ranges as plugins of Nagios, Icinga and others take them for -w and -c.  Pure; any
 * thread.
 *
 *     10       below 0 or above 10 is an alert
 *     10:      below 10
 *     ~:10     above 10
 *     10:20    below 10 or above 20
 *     @10:20   from 10 to 20
 *
 * Source: Monitoring Plugins Development Guidelines, "Threshold and Ranges".
 */
#ifndef CLI_THRESHOLD_H
#define CLI_THRESHOLD_H

#include "util/base.h"

/* What is measured, which decides about suffixes and how it is printed. */
enum unit {
	UNIT_COUNT, /* no suffix */
	UNIT_BYTES, /* K, KiB: 1024; KB: 1000; and so on */
	UNIT_SECONDS, /* s, m, h, d, w */
	UNIT_RATIO, /* a fraction; percent with "%", or if it is above 1 */
	N_UNITS
};

struct range {
	double start, end; /* both belong to it; -INFINITY, INFINITY: none */
	bool is_alert_inside; /* @ */
};

/* False if it is none, or ends before it starts. */
bool range_parse(struct range *out, const char *text, enum unit unit);

bool range_is_alert(const struct range *r, double value);

/* As in perfdata: without suffixes; a ratio in percent. */
#define RANGE_TEXT_LEN 96
void range_print(const struct range *r, enum unit unit,
		 char out[RANGE_TEXT_LEN]);

#endif
