/* SPDX-License-Identifier: MIT */
/*
 * The size of a delta's original, where it is not known, or there is none.
 */
#ifndef STATS_ORIGINAL_H
#define STATS_ORIGINAL_H

#include "util/base.h"

#define ORIGINAL_UNKNOWN ((int64_t)-1)

#endif
