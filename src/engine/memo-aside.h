/* SPDX-License-Identifier: MIT */
/*
 * What HEADs have told blocks, in case that it can't be put: then this mount remembers
 * it itself (bucket-memo.h), as long as that is not more than it remembers anyway.
 * It goes from the sweep to the index that is put, and is forgotten when that lies
 * there.  Net thread only.
 */
#ifndef ENGINE_MEMO_ASIDE_H
#define ENGINE_MEMO_ASIDE_H

#include "engine/bucket-memo.h"

struct memo_aside {
	struct memo_file records; /* in no order */
	unsigned renewal; /* as that of struct memo_user */
	bool is_full; /* too many to be remembered: it has none */
};

/* The memo of that bucket; NULL: it has none. */
void memo_aside_init(struct memo_aside *a, const struct bucket_memo *b);
void memo_aside_clear(struct memo_aside *a); /* empty, and usable again */

/* What is asked for from now on counts; what was, too, but for a refresh since. */
void memo_aside_go_on(struct memo_aside *a, const struct bucket_memo *b);

/* A HEAD says so. */
void memo_aside_learn(struct memo_aside *a, const struct object *o,
		      struct sha256 *hash, int64_t original);

/* It goes there, and `a` is empty. */
void memo_aside_move(struct memo_aside *a, struct memo_aside *to);

/* It is not put: of that epoch; NULL: there is nobody to remember it. */
void memo_aside_keep(struct memo_aside *a, struct bucket_memo *b,
		     uint64_t epoch);

#endif
