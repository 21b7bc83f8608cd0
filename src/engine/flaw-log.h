/* SPDX-License-Identifier: MIT */
/*
 * The line that tells what is wrong with a bucket's deltas: once an hour for a result
 * that knows of something, and at once when a flaw appears, or twice as many objects
 * have it as were told of.  So one that has a few more or less at each look, in a
 * bucket that changes all the time, does not fill the log.  Net thread only.
 */
#ifndef ENGINE_FLAW_LOG_H
#define ENGINE_FLAW_LOG_H

#include "stats/integrity.h"

/* What was told of a bucket last, by any mode; {0} at the start. */
struct flaw_log {
	int64_t n_told[N_FLAWS]; /* 0 again when there are none */
	int64_t until_ms; /* by date_mono_ms(): before that, only news */
};

void flaw_log_result(struct flaw_log *log, const char *bucket,
		     const struct integrity *in);

#endif
