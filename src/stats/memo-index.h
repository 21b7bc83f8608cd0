/* SPDX-License-Identifier: MIT */
/*
 * The memo by blocks: what is known of the original sizes of all deltas of a bucket,
 * so that a bucket that has changed costs a LIST and what changed.
 *
 * The *index* lies in the bucket and has of each block (blocks.h) its sum, by which the
 * block of a listing is known again, and the sum of its original sizes: where nothing
 * has changed, that is all there is to ask.  Of a block that is not there (a *changed*
 * one) the deltas are listed again (memo-run.h) and looked up by id in what *overlaps* it, blocks of
 * the index that have keys between the same ones: their *records* lie with them in the
 * index, or in packs (memo-pack.h), which are read by range.  What they do not know is
 * HEADed, and becomes a record that lies in the index, until there are too many: then
 * they go into a pack.
 *
 * A record says of one version of an object what it says for ever, and an extent has
 * its checksum; so whatever is lost, written over or older than the rest costs HEADs
 * and nothing else.  What must be right is the index alone: it has one checksum, and is
 * written last, of a listing that was complete.
 *
 * What is read and written, records of 16 bytes, with keys of 60 bytes of which 30 are
 * not those of the key before:
 *
 *     deltas                 10,000    1,000,000   10,000,000
 *     blocks                     10          977        9,766
 *     index                     1 KB        77 KB      770 KB    79 bytes a block
 *     all records             160 KB        16 MB      160 MB    1, 16, 153 packs
 *     one change   reads   1 + 16 KB  77 + 16 KB  770 + 16 KB
 *                  writes       1 KB        77 KB      770 KB
 *     the 100th one writes    2.6 KB        79 KB      772 KB    1.6 KB of records
 *     1,000        reads      161 KB       10 MB       16 MB     blocks: all; 63 %; 10 %
 *     evenly       writes      17 KB        93 KB      786 KB    16 KB of records
 *     1,000 in one directory writes the same, and reads one block
 *     memory, listing and index  4 KB       0.4 MB       4 MB    200 bytes twice
 *
 * While a sweep runs, there are also records that are kept (BLOCK_SWEEP_KEPT_MAX, 2 MiB),
 * packs that wait for their PUT (BLOCK_MEMO_WAITING_MAX, 4 MiB), or what is listed again
 * (RELIST_RECORDS_MAX, 5.6 MiB): 12.1 MiB in all for 10,000,000 deltas in 100,000
 * deltaspaces (tests/unit/test-memo-memory), without pages, which are those of a listing.
 * None of it stays.
 *
 * A pack is read by Range alone, without If-Match: the checksum of an extent says more,
 * and where another one has written the pack anew it may hold the same records, still.
 *
 * Why not the blocks that changed in a pack of their own?  Of 1,000 changes among a
 * million 63 % of all blocks would be written each time.
 *
 * Extents of a block add up, some of their records are of deltas that are gone, and
 * slots come to an end.  An index that is *worn* (memo_index_is_worn()) is made anew,
 * at most once a day: everything counts as changed, all records are read, and what is
 * still true goes into new packs; the slots of the old ones are free then.
 *
 * Sampled asks for one delta of each deltaspace and lists nothing again: it looks those up
 * one by one (memo-spots.h), and what it had to ask for is remembered in memo.h.  Detailed
 * asks that one before it sends HEADs, if it may know something and is worth reading
 * (engine/memo-sight.h), and the blocks learn what it says, as if a HEAD had: so it
 * is asked once.
 *
 * Bytes, all numbers big-endian, a varint in groups of 7 bits from the
 * lowest one, all but the last with the bit 0x80:
 *
 *      0   8   "DGINDEX\n"
 *      8   4   version of the format, 1
 *     12   4   number of blocks
 *     16   8   when it was written, seconds since 1970
 *     24   8   when it was made anew
 *     32   4   requests at a time that the store has taken
 *     36   8   epoch (memo.h)
 *     44       each block, in ascending order of keys:
 *                varint  bytes of its last key that are those of the block before
 *                varint  how many follow; they
 *                16      sum of the fingerprints of its deltas, modulo 2^128
 *                varint  number of deltas
 *                1       1: odd ones (odds.h) that are not told, 2: such that are,
 *                        4: not all are known
 *                varint  original sizes of those that are not odd, together
 *                varint  if there are odd ones that are told: how many bytes; they
 *                varint  number of extents, each:
 *                          varint  slot
 *                          varint  first record
 *                          varint  number of records
 *                          8       checksum: of the SHA-256 of the bucket's name,
 *                                  a NUL, and the records
 *                varint  number of records
 *                16      each, as in memo-file.h
 *          32  checksum: SHA-256 of the bucket's name, a NUL, and all before it
 *
 * Pure; one thread at a time.
 */
#ifndef STATS_MEMO_INDEX_H
#define STATS_MEMO_INDEX_H

#include "stats/blocks.h"
#include "stats/stats.h"

#define INDEX_BYTES_MAX (8 * 1024 * 1024)
#define INDEX_BYTES_PER_HEAD 4096
#define INDEX_RECORDS 4096 /* that lie in it, 64 KiB; more go into a pack */

/* When and where it was made; times in seconds since 1970. */
struct index_stamp {
	int64_t written_at;
	int64_t anew_at; /* all packs */
	unsigned at_once; /* requests that the store has taken (s3/pace.h) */
	uint64_t epoch; /* of all that the memo knows (memo.h) */
};

struct memo_index {
	struct block_list list;
	struct slots_used slots; /* that it uses */
	struct index_stamp stamp;
};

void memo_index_init(struct memo_index *x);
void memo_index_clear(struct memo_index *x); /* empty, and usable again */

/* Take what lies in `bucket`; if it is not MEMO_GOOD, the index is empty. */
enum memo_verdict memo_index_parse(struct memo_index *x, const char *data,
				   size_t len, const char *bucket,
				   struct err *err);

/*
 * What is to lie there, in the place of what `out` had.  Where there is not room for all
 * extents, each block has its first ones.  -EFBIG, -ENOMEM.
 */
int memo_index_print(const struct block_list *listed, const char *bucket,
		     const struct index_stamp *stamp, struct buf *out);

/* --- a listing --- */

struct memo_known {
	int64_t n_same; /* blocks */
	int64_t n_changed;
	int64_t n_deltas; /* of those that are the same */
	int64_t n_odds; /* of these, and not in the sum */
	int64_t n_original; /* of the others, together */
	bool is_written; /* the listing has just the blocks of the index */
};

/*
 * Mark the blocks of a listing that need not be asked for; they get what the index has
 * of them.  `is_anew`: none is to be, so that all is packed again.
 */
void memo_index_match(struct memo_index *x, struct block_list *listed,
		      bool is_anew, struct memo_known *out);

/* Count those blocks, which are marked; tally_blocks() may turn to NULL. */
void memo_index_tell(const struct memo_known *known,
		     const struct block_list *listed, struct tally *t);

/*
 * So many bytes of index are worth writing: at most INDEX_BYTES_PER_HEAD for each delta
 * that need not be asked for the next time.
 */
bool memo_index_is_worth(const struct block_list *listed, size_t bytes);

/* All is to be packed anew: not more than once a day. */
bool memo_index_is_worn(const struct memo_index *x, int64_t now);

#endif
