/* SPDX-License-Identifier: MIT */
/*
 * The memo of a bucket that knows deltas one by one (stats/memo.h; by blocks it is
 * block-memo.h), as long as sweeps need it: read when the first
 * of them has something to ask, written after one that was complete, forgotten but
 * for what was not written when the last one is over.  Net thread only.
 *
 * Nobody needs it: what can't be read in time, or is damaged, is as if it were not
 * there, which is said once an hour.  What can't be read is not overwritten either, and
 * a refused PUT is not tried again for an hour, as with documents (writeback.h).
 * Nobody waits for the PUT; the end of the mount does, for a moment.  Before it puts
 * something it looks whether what was read still lies there: so it is put over nothing that
 * was put meanwhile, but in the time of a request, or where the store tells no ETag.  What a
 * refresh has found is put over whatever lies there; if that is another base, as a base.
 *
 * After a refresh what lies there is in doubt (doubt.h) until what it has learned is put:
 * who comes until then is told only what this mount has learned since, as far as it
 * remembers.  And who has begun before it teaches nothing any more.
 */
#ifndef ENGINE_BUCKET_MEMO_H
#define ENGINE_BUCKET_MEMO_H

#include "engine/buckets.h"
#include "engine/doubt.h"
#include "engine/writeback.h"
#include "stats/memo.h"
#include "util/log.h"

enum memo_place {
	MEMO_WHERE_IT_PAYS, /* in the bucket, if that has MEMO_DELTAS_MIN */
	MEMO_IN_BUCKET,
	MEMO_IN_MEMORY,
	MEMO_NOWHERE
};

/*
 * HEADs that are all under way at once, by default: with fewer, reading the memo and
 * listing a changed block again takes longer than to ask for all, and its requests,
 * two PUTs or LISTs and a GET, cost nearly as much as 30 HEADs.
 */
#define MEMO_DELTAS_MIN 256

/* What those of all buckets share; it outlives them. */
struct memo_env {
	struct writeback_env *writebacks; /* it counts our PUTs as well */
	enum memo_place place;
	unsigned n_gets; /* under way */
};

/*
 * So many HEADs are wanted by who asks the memo: as long as they are fewer, they wait
 * for the end of the LIST, and are then sent without it.
 */
unsigned memo_heads_min(const struct memo_env *env);

/* What is damaged is a warning; what can't be read or written, for who wants a memo. */
enum log_level memo_log_level(const struct memo_env *env,
			      const struct err *err);

/*
 * A PUT has failed, or `is_late`; after a refresh that is a warning, whether somebody
 * wants a memo or not.
 */
void memo_log_unwritten(const struct memo_env *env, const struct bucket *bucket,
			const struct doubt *d, bool is_late,
			const struct err *err);

/* A PUT has succeeded. */
void memo_log_written(const struct bucket *bucket, const char *key,
		      size_t n_bytes);

/* Nothing is put: it would be over what another one has put meanwhile. */
void memo_log_other(const struct bucket *bucket);

struct bucket_memo;

/* A sweep that asks it. */
struct memo_user {
	/* It is ready now; once, and not from inside bucket_memo_join(). */
	void (*on_ready)(void *arg);
	void *arg;
	bool is_anew; /* it asks nothing, and learns all: nothing is believed */
	bool is_told;
	unsigned renewal; /* it has begun after so many of them */
	unsigned doubt; /* of the memo, that what it writes settles */
	bool is_settled; /* what is known is of this epoch */
	uint64_t epoch;
	bool is_alone; /* it may not be that of the bucket */
	struct memo_user *prev, *next;
};

/* The memo of that bucket; NULL: it has none, by configuration. */
struct bucket_memo *bucket_memo_get(struct memo_env *env,
				    struct bucket *bucket);

/* It is to be asked: on_ready follows. */
void bucket_memo_join(struct bucket_memo *b, struct memo_user *u);
void bucket_memo_leave(struct bucket_memo *b, struct memo_user *u);

/*
 * It is ready, and that is the epoch (stats/memo.h): what is of another one is forgotten.
 * `is_alone`: that of the bucket is not known, and that is the one of the last refresh by
 * this mount, 0 if there was none; so nothing is believed but what has been learned here
 * since, and nothing is written but by a refresh.  False: what is of another one is being put; nothing may
 * be asked.
 */
bool bucket_memo_settle(struct bucket_memo *b, struct memo_user *u,
			uint64_t epoch, bool is_alone);

/* A HEAD of that user's says so; in vain, if it is from before a refresh. */
void bucket_memo_learn(struct bucket_memo *b, const struct memo_user *u,
		       const struct object *o, int64_t original);

/* Likewise blocks that were read, which others have asked for. */
void bucket_memo_borrow(struct bucket_memo *b, const struct memo_user *u,
			const struct object *o, int64_t original);

/* So many refreshes have begun, of all modes at once; NULL: none. */
unsigned bucket_memo_renewals(const struct bucket_memo *b);

/*
 * What HEADs have told others, which can't put it: of that epoch, and in vain if it is from
 * before a refresh.  As many as there is room for; the file is empty afterwards.
 */
void bucket_memo_keep(struct bucket_memo *b, struct memo_file *records,
		      unsigned renewal, uint64_t epoch);

/* A refresh begins, which neither asks nor tells it. */
void bucket_memo_doubt(struct bucket_memo *b);
bool bucket_memo_is_doubted(const struct bucket_memo *b);

const struct memo_env *bucket_memo_env(const struct bucket_memo *b);

/* What it knows; to be asked when it is ready and settled. */
struct memo *bucket_memo(struct bucket_memo *b);

/* When what was read was written; 0: there was nothing. */
int64_t bucket_memo_written_at(const struct bucket_memo *b);

struct memo_end {
	bool is_of_all; /* as in struct memo_sweep */
	bool is_whole; /* each HEAD has told the memo something */
};

/*
 * A sweep of that user is complete: write what is worth it.  While another one learns
 * anew, it is that one's to write.  What the PUT costs, as it is begun.
 */
struct traffic bucket_memo_end_sweep(struct bucket_memo *b,
				     const struct memo_user *u,
				     const struct memo_end *end);

/* What reading it has cost so far. */
struct traffic bucket_memo_traffic(const struct bucket_memo *b);

/* The mount ends: no GET goes on, and a PUT not for long. */
void bucket_memo_stop(struct bucket_memo *b);
void bucket_memo_free(struct bucket_memo *b); /* NULL is fine */

#endif
