/* SPDX-License-Identifier: MIT */
/*
 * Blocks of eight deltas, so that a bucket of a hundred has many: wins over the archive's
 * stats/blocks.o.
 */
#define BLOCK_DELTAS 8

#include "../../src/stats/blocks.c"
