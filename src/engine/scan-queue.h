/* SPDX-License-Identifier: MIT */
/*
 * What a bucket has of its scans: see scan.h.  Net thread only.
 */
#ifndef ENGINE_SCAN_QUEUE_H
#define ENGINE_SCAN_QUEUE_H

#include "util/base.h"

struct scan;

enum scan_lane {
	SCAN_SHARED,
	SCAN_SLOW,
	N_SCAN_LANES,
};

/* Those in one lane of a bucket; {0} at the start. */
struct scan_queue {
	struct scan *running, *next; /* NULL: none */
	bool has_run; /* one has, ever */
	int64_t progress_ms; /* when something there last went on */
};

#endif
