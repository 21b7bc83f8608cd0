/* SPDX-License-Identifier: MIT */
/*
 * One GET of the index of a bucket's memo (stats/memo-index.h), for all who take part
 * in one scan: its keys are where the LIST can be cut into ranges, if this mount knows
 * nothing of the bucket, and detailed looks up there what it need not ask for.  It is
 * sent when the first of them wants it, and bounded in time as that of a document.
 * Net thread only.
 */
#ifndef ENGINE_INDEX_READ_H
#define ENGINE_INDEX_READ_H

#include "engine/bucket-memo.h"
#include "list/memory.h"
#include "s3/s3-object.h"
#include "stats/memo-index.h"

struct index_read;
struct list_page;

/* What a page of a listing shows of it. */
enum index_sight {
	INDEX_UNSEEN, /* its place is not on that page */
	INDEX_SHOWN,
	INDEX_ABSENT,
};

/*
 * `is_first`: the page has the first keys of the bucket.  Of a listing that is not
 * ordered it is never INDEX_ABSENT.
 */
enum index_sight index_sight(const struct list_page *page, bool is_first,
			     bool is_ordered);

/* One who wants it. */
struct index_reader {
	/* It is known what lies there; once, and not from inside index_read_join(). */
	void (*on_ready)(void *arg);
	void *arg;
	bool is_waiting;
	struct index_reader *prev, *next;
};

/* One reference, the caller's.  The last one cancels what is under way. */
struct index_read *index_read_new(struct memo_env *env, struct bucket *bucket);
struct index_read *index_read_ref(struct index_read *r);
void index_read_unref(struct index_read *r); /* NULL is fine */

/*
 * It could not be read, less than a minute ago, or was refused, less than an hour: it is
 * not asked for now.  Who joins is told so.
 */
bool index_read_is_useless(const struct index_read *r);

/* The reader is in none; it has left or been told before the read goes. */
void index_read_join(struct index_read *r, struct index_reader *u);
void index_read_leave(struct index_read *r,
		      struct index_reader *u); /* fine if it is not there */

/* What came; once it is ready. */
struct index_answer {
	unsigned status; /* of HTTP; 0: there was no answer */
	struct err err; /* code 0: success */
	bool has_etag;
	char etag[S3_ETAG_MAX]; /* if so, of what lies there: s3_etag() */
	struct buf body;
};

const struct index_answer *index_read_answer(const struct index_read *r);

/* What another one is put over, as struct cache_put has it; NULL: that is not known. */
const char *index_read_over(const struct index_read *r);

/*
 * Likewise where to cut a listing, of ranges with as many deltas each; and how many
 * requests at a time its writer says that the store has taken.  None where the index is
 * not there or not good.  Nothing is believed of it: a wrong key costs a request that is
 * answered with nothing, and a wrong number what pace.h does about too many.
 */
void index_read_cuts(const struct index_read *r, struct list_memory *out,
		     unsigned *at_once);

/* What it has cost so far; NULL: nothing. */
struct traffic index_read_traffic(const struct index_read *r);

#endif
