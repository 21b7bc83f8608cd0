/* SPDX-License-Identifier: MIT */
/*
 * The line that tells what is wrong with a bucket's deltas: for a result that knows
 * of something, at most once an hour as long as it is the same.  Net thread only.
 */
#ifndef ENGINE_FLAW_LOG_H
#define ENGINE_FLAW_LOG_H

#include "stats/integrity.h"

/* What was seen of a bucket last, by any mode; {0} at the start. */
struct flaw_log {
	int64_t n[N_FLAWS];
	int64_t until_ms; /* by date_mono_ms(): the same is not said again */
};

void flaw_log_result(struct flaw_log *log, const char *bucket,
		     const struct integrity *in);

#endif
