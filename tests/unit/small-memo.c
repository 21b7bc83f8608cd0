/* SPDX-License-Identifier: MIT */
/* Fewer records than there are deltas: wins over the archive's stats/memo.o. */
#include "../../src/stats/memo.c"
