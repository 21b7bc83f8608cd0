/* SPDX-License-Identifier: MIT */
/*
 * The three modes in which statistics are computed, and what is asked for, computed,
 * cached and told of in the same way, though it is none.  Any thread.
 */
#ifndef STATS_MODE_H
#define STATS_MODE_H

#include "util/base.h"

enum mode {
	MODE_QUICK, /* LIST only */
	MODE_SAMPLED, /* one HEAD per deltaspace */
	MODE_DETAILED, /* one HEAD per delta */
	N_MODES,
	MODE_PREFIXES =
		N_MODES, /* LIST only: quick's figures, and their tree */
	N_DOCUMENTS
};

static const char *const mode_names[N_DOCUMENTS] = { "quick", "sampled",
						     "detailed", "prefixes" };

/* Whether it has HEADs to send. */
static inline bool
mode_has_heads(enum mode mode)
{
	return mode == MODE_SAMPLED || mode == MODE_DETAILED;
}

#endif
