/* SPDX-License-Identifier: MIT */
/*
 * A sweep by blocks that has small packs, as the program that links it wants them: wins
 * over the archive's engine/block-sweep.o.
 */
#include "../../src/engine/block-sweep.c"
