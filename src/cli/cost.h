/* SPDX-License-Identifier: MIT */
/*
 * How an answer was got, why not from the cache, and what it has cost: one line.
 * Pure, but for the stream.
 */
#ifndef CLI_COST_H
#define CLI_COST_H

#include <stdio.h>

#include "engine/result.h"

/* What it has cost in money, too, if the prices are known. */
void cost_print(FILE *f, const char *bucket, const struct result *r,
		const struct prices *prices);

#endif
