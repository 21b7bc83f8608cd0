/* SPDX-License-Identifier: MIT */
/*
 * Runs of more than one block where few have changed: wins over the archive's
 * stats/memo-run.o.
 */
#define RUNS_WANTED 4

#include "../../src/stats/memo-run.c"
