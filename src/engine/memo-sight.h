/* SPDX-License-Identifier: MIT */
/*
 * What the bucket's own listing shows of the files of the memo: whether a sweep by blocks
 * asks that of sampled as well (stats/memo.h), before it sends HEADs, and which packs it
 * may write over (stats/memo-pack.h).  Net thread only.
 *
 * What sampled has asked for lies there, and all of it that was known when the index was
 * written is in the index, too: who wrote that has asked the same.  So it is of use if it
 * is not older than the index, or if there is none.  Two GETs cost as much as two HEADs;
 * and so that they are no more bytes than HEADs are worth elsewhere, at most
 * SPOT_BYTES_PER_HEAD for each.  It is held while the blocks are, and so at most
 * MEMO_SIGHT_BYTES_MAX are read: what 65,000 deltaspaces have left.
 *
 * Of dates and sizes nothing has to be right, nor the clock here: what is not asked, or in
 * vain, or written over, costs requests.
 */
#ifndef ENGINE_MEMO_SIGHT_H
#define ENGINE_MEMO_SIGHT_H

#include "stats/memo-pack.h"

struct list_page;

#define MEMO_SIGHT_DATE_MAX 40
#define MEMO_SIGHT_BYTES_MAX (1024 * 1024)

struct memo_sight {
	bool has_base; /* without one there is nothing */
	int64_t bytes; /* of base and recent file */
	/* When they were put, as listed; "": not seen, or no such date. */
	char date[MEMO_SIGHT_DATE_MAX]; /* the later one */
	char index_date[MEMO_SIGHT_DATE_MAX];
	int64_t now; /* set by the owner: seconds since 1970 */
	struct slots_old old;
};

/* A page of a listing, which may be in no order; each once. */
void memo_sight_see(struct memo_sight *m, const struct list_page *page,
		    bool is_ordered);

/* So many HEADs are worth asking it; 0: none are. */
unsigned memo_sight_heads(const struct memo_sight *m);

#endif
