/* SPDX-License-Identifier: MIT */
/*
 * What the memo of original sizes has spared one computation, and what it has cost:
 * for the log, and for the result.  A plain value; all zero: it was not asked.
 */
#ifndef ENGINE_MEMO_USE_H
#define ENGINE_MEMO_USE_H

#include "s3/traffic.h"

struct memo_use {
	bool is_asked;
	int64_t n_spared; /* deltas that needed no HEAD */
	int64_t n_blocks; /* of the listing … */
	int64_t n_changed; /* … that the index does not have */
	int64_t n_records; /* that were read, in the index too */
	int64_t n_read; /* bytes */
	/* PUTs, and bytes of theirs, as they were begun: nobody waits for their end. */
	struct traffic written;
	/* What was read, in seconds since 1970; 0: there was none of use. */
	int64_t written_at;
};

/* Of two that were asked for the same. */
struct memo_use memo_use_sum(const struct memo_use *a,
			     const struct memo_use *b);

void memo_use_log(const struct memo_use *u, const char *bucket,
		  int64_t n_heads);

#endif
