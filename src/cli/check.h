/* SPDX-License-Identifier: MIT */
/*
 * Statistics of a bucket judged by ranges, and the line in which a monitoring plugin
 * says so.  Pure; any thread.
 *
 * Source: Monitoring Plugins Development Guidelines, "Plugin Output for Nagios".
 */
#ifndef CLI_CHECK_H
#define CLI_CHECK_H

#include "cli/threshold.h"
#include "engine/result.h"
#include "util/err.h"

/* The exit statuses of a plugin. */
enum check_state {
	CHECK_OK,
	CHECK_WARNING,
	CHECK_CRITICAL,
	CHECK_UNKNOWN,
	N_CHECK_STATES
};

extern const char *const check_state_names[N_CHECK_STATES];

/* By name, in whatever case, or number; false if it is neither. */
bool check_state_parse(const char *text, enum check_state *out);

/* What is measured. */
enum {
	METRIC_RATIO,
	METRIC_AGE,
	METRIC_STORED,
	METRIC_UNRESTORABLE,
	METRIC_ORIGINAL,
	METRIC_SAVED,
	METRIC_OBJECTS,
	METRIC_DELTAS,
	N_METRICS
};

/* When there is an alert; without a range there is none. */
struct check_rules {
	struct check_rule {
		bool is_set;
		struct range range;
	} warning[N_METRICS], critical[N_METRICS];
};

/*
 * `warning` and `critical` (NULL: none) are lists with commas of METRIC=RANGE, or of
 * ranges alone, which are in order for the metrics of the list `metrics` (NULL: the
 * ratio).
 */
int check_rules_parse(struct check_rules *out, const char *metrics,
		      const char *warning, const char *critical,
		      struct err *err);

/*
 * Print the line for a bucket whose figures are `r`, and perfdata.  `now` is in
 * seconds since 1970: age is that of the figures.
 */
enum check_state check_print(FILE *f, const struct check_rules *rules,
			     const char *bucket, const struct result *r,
			     int64_t now);

/* The line that says why there are no figures. */
void check_print_failure(FILE *f, enum check_state state, const char *why);

#endif
