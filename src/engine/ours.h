/* SPDX-License-Identifier: MIT */
/*
 * The names of our objects in a bucket: a document for each mode, and the files of the
 * memo.  Each of them has a row in shelf_rows[], too; packs, of which there may be many,
 * have one together.
 */
#ifndef ENGINE_OURS_H
#define ENGINE_OURS_H

#include "stats/fingerprint.h"

#define OURS_QUICK INTERNAL_PREFIX "stats_quick.json"
#define OURS_SAMPLED INTERNAL_PREFIX "stats_sampled.json"
#define OURS_DETAILED INTERNAL_PREFIX "stats_detailed.json"
#define OURS_PREFIXES INTERNAL_PREFIX "prefixes.json"
#define OURS_MEMO_INDEX INTERNAL_PREFIX "originals_index.bin"
#define OURS_MEMO_PACK INTERNAL_PREFIX "originals_%03u.bin" /* its slot */
#define OURS_MEMO_PACKS INTERNAL_PREFIX "originals_NNN.bin" /* to be shown */
#define OURS_MEMO_BASE INTERNAL_PREFIX "originals_base.bin"
#define OURS_MEMO_RECENT INTERNAL_PREFIX "originals_recent.bin"

#endif
