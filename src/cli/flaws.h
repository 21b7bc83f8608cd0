/* SPDX-License-Identifier: MIT */
/*
 * What is wrong with the deltas of a bucket, as text for people, and as JSON: the
 * member "integrity" of status.json, with all deltaspaces that are known and whole
 * keys; and in both the keys of all objects that are known, in their order.  Pure, but for the stream.
 */
#ifndef CLI_FLAWS_H
#define CLI_FLAWS_H

#include <stdio.h>

#include "engine/result.h"
#include "stats/mode.h"

void flaws_show(FILE *f, const char *bucket, const struct integrity *in);

/* Of a result of that mode.  0, or as buf_add(): then it is not whole. */
int flaws_show_json(FILE *f, const char *bucket, struct result *r,
		    enum mode mode);

#endif
