/* SPDX-License-Identifier: MIT */
/*
 * What is cached in buckets, and what was deleted of it, as text.  Pure, but for the
 * stream.
 */
#ifndef CLI_CACHED_H
#define CLI_CACHED_H

#include <stdio.h>

#include "cli/ask.h"
#include "cli/show.h"

/*
 * A line for each object that there could be, and one for all packs of a memo; the
 * answers are of ASK_CACHE.
 */
void cached_show(FILE *f, const struct answer *answers, size_t n,
		 int64_t ttl_ms, const struct show_style *style);
void cached_show_json(FILE *f, const struct answer *answers, size_t n,
		      int64_t ttl_ms);

/*
 * A line for each of those that are gone; as JSON also what came of the others that were
 * to be.  The answers are of ASK_REMOVAL.
 */
void cached_show_removed(FILE *f, const struct answer *answers, size_t n);
void cached_show_removed_json(FILE *f, const struct answer *answers, size_t n);

#endif
