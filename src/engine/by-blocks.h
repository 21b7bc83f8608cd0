/* SPDX-License-Identifier: MIT */
/*
 * Whether a walk goes by blocks (block-sweep.h), and when HEADs are sent then.  Net
 * thread only.
 *
 * By blocks HEADs wait for the end of the LIST, if there is an index.  The listing shows
 * whether there is one, mostly with its first page; so those of a new bucket begin as
 * early as without a memo.  The index is asked for all the same, since a proxy may hide
 * what is ours: then all begins again.
 *
 * But for a refresh HEADs wait for what sampled has asked for, too, if that lies there and is
 * worth it (memo-sight.h).
 */
#ifndef ENGINE_BY_BLOCKS_H
#define ENGINE_BY_BLOCKS_H

#include "engine/block-sweep.h"
#include "engine/memo-sight.h"

/* When a listing by blocks asks for HEADs. */
enum blocks_order {
	BLOCKS_OPEN, /* it is not known yet whether there is an index: they wait */
	BLOCKS_AT_ONCE, /* there is none: as without a memo */
	BLOCKS_LATER, /* there is one: when the LIST is complete */
};

struct by_blocks {
	/* set by the owner */
	struct block_sweep sweep; /* but for its events; is_anew: a refresh */
	struct bucket *bucket;
	struct bucket_memo *bucket_memo;
	/* All is to be listed again; not from inside by_blocks_begin() or of a page. */
	void (*on_again)(void *arg);
	/* A request has ended, as that of struct walk. */
	void (*on_step)(void *arg, const struct err *err);
	void *arg;
	bool may_send; /* HEADs: at any time */

	/* of this listing */
	bool is_on; /* it goes by blocks */
	enum blocks_order order; /* of it */
	struct tally *tally;
	struct index_read *read; /* borrowed; NULL: none */
	enum index_sight index; /* so far */
	struct memo_sight sight; /* so far */
	uint64_t n_deltas; /* so far */
	bool is_told; /* it tells metadata: there is no need for blocks */
	void *first_range; /* of keys, until its first page comes */
	bool is_ordered; /* as struct listing_events has it */
	bool is_outdated; /* it is, when its HEADs are answered */
	bool is_listed; /* it is complete */
	bool is_asked; /* and so are the questions for originals */
	/* of all */
	bool is_off; /* none goes by blocks, from now on */
	bool is_hidden; /* the index is there, and no listing shows it */
	unsigned n_outdated;
};

/* `b` has its first fields set. */
void by_blocks_init(struct by_blocks *b);

/* A listing is wanted: what there was of one before is void. */
void by_blocks_rest(struct by_blocks *b);

/* It begins. */
struct by_blocks_listing {
	enum mode mode;
	struct tally *tally;
	struct index_read *read; /* NULL: none */
	bool is_later; /* no HEADs are wanted so far */
};

void by_blocks_begin(struct by_blocks *b, const struct by_blocks_listing *l);

/* A range of it; NULL: the first one. */
void by_blocks_begin_range(struct by_blocks *b, void *range, const char *after,
			   bool is_ordered);

/* Of a page: before its deltas, each of them, and behind them. */
void by_blocks_begin_page(struct by_blocks *b, void *range,
			  const struct list_page *page);
void by_blocks_see(struct by_blocks *b, const struct object *delta);
void by_blocks_end_page(struct by_blocks *b);

/* The listing is complete. */
void by_blocks_end_listing(struct by_blocks *b);

/* It goes by blocks, in that order. */
bool by_blocks_is(const struct by_blocks *b, enum blocks_order order);

/* No HEADs are wanted before the end of the LIST. */
void by_blocks_ask_later(struct by_blocks *b);

/* A page, or the listing, has ended, or HEADs may be sent. */
void by_blocks_go_on(struct by_blocks *b);

/*
 * Something has ended, successfully: all may have to begin again.  `is_asked`: all was
 * asked for, by blocks or not.
 */
void by_blocks_step(struct by_blocks *b, bool is_asked);

/*
 * All original sizes of the bucket are told: write what is worth it; if that is nothing,
 * after a refresh, an index that knows nothing.
 */
void by_blocks_write(struct by_blocks *b);

#endif
