/* SPDX-License-Identifier: MIT */
/*
 * The three modes in which statistics are computed.  Any thread.
 */
#ifndef STATS_MODE_H
#define STATS_MODE_H

#include "util/base.h"

enum mode {
	MODE_QUICK, /* LIST only */
	MODE_SAMPLED, /* one HEAD per deltaspace */
	MODE_DETAILED, /* one HEAD per delta */
	N_MODES
};

static const char *const mode_names[N_MODES] = { "quick", "sampled",
						 "detailed" };

#endif
