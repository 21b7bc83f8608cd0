/* SPDX-License-Identifier: MIT */
/*
 * Fewer runs at a time than there are, so that one begins after others have ended: wins
 * over the archive's engine/relist.o.
 */
#define RELIST_RUNS_MAX 3
#define RELIST_RECORDS_MAX 100000

#include "../../src/engine/relist.c"
