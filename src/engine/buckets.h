/* SPDX-License-Identifier: MIT */
/*
 * What the mount knows of buckets: which exist, as far as the store said within
 * bucket_ttl, and for each the state of its control files and of its last
 * documents.  The FUSE thread answers from it at once; the net thread fills it.
 *
 * Any thread, but for what struct bucket says of its fields.  A struct bucket
 * lives as long as the registry: names that the store never confirmed get none.
 */
#ifndef ENGINE_BUCKETS_H
#define ENGINE_BUCKETS_H

#include <pthread.h>
#include <stdatomic.h>

#include "engine/flaw-log.h"
#include "engine/published.h"
#include "engine/scan-queue.h"
#include "list/memory.h"
#include "stats/mode.h"
#include "util/bucket-name.h"

struct block_memo;
struct bucket_memo;
struct flight;
struct kept;

#define BUCKET_FILES_MAX 15 /* in its directory */

/* What a file of it says of itself; by its row in the table of fs/.  Any thread. */
struct file_state {
	_Atomic(int64_t) changed_at; /* seconds since 1970 */
	_Atomic(int64_t) length; /* shown so far; 0: none yet */
};

struct bucket {
	const char *name; /* immutable, as index */
	unsigned index; /* 0, 1, 2, …: what inode numbers are made of */

	/* control files; any thread */
	atomic_bool nocache;
	/* How often it was written: what began before is not what was asked for. */
	atomic_uint nocache_writes;
	/* refresh: a generation number, not a flag; marked != done: pending */
	atomic_uint marked[N_DOCUMENTS];
	atomic_uint done[N_DOCUMENTS];
	struct file_state files[BUCKET_FILES_MAX];

	/* net thread only */
	struct flight *flights[N_DOCUMENTS];
	unsigned asked_anew
		[N_DOCUMENTS]; /* the last refresh that has asked for all */
	struct kept *kept; /* see keeper.h */
	struct bucket_memo *memo; /* see bucket-memo.h; NULL: none yet */
	struct block_memo *block_memo; /* likewise */
	struct list_memory list_memory;
	struct scan_queue scans[N_SCAN_LANES];
	int64_t index_unread_until_ms; /* see index-read.h */
	int64_t missing_said_until_ms[N_DOCUMENTS]; /* see walk.c */
	struct flaw_log flaw_log;

	/* under the registry's lock */
	bool is_listed; /* by ListBuckets, or named by -o bucket= */
	bool is_reached; /* by HeadBucket or LIST */
	int64_t fresh_until_ms; /* when that is to be asked again */

	struct published published; /* any thread */
};

struct buckets;

/* With `names` the mount is confined to these. */
struct buckets *buckets_new(int64_t ttl_ms, char *const *names, size_t n_names);
void buckets_free(struct buckets *b);

enum bucket_answer {
	BUCKET_IS_THERE,
	BUCKET_IS_NOT, /* the store said so less than ttl ago */
	BUCKET_IS_DENIED, /* likewise */
	BUCKET_IS_UNKNOWN, /* ask the store, which has not said so for ttl */
};

/*
 * What is known of `name`.  *out is set if it is there, or was when the store was
 * asked last, NULL otherwise.
 */
enum bucket_answer buckets_find(struct buckets *b, const char *name,
				struct bucket **out);

/* The bucket with that index, NULL if there is none. */
struct bucket *buckets_get(struct buckets *b, unsigned index);
unsigned buckets_count(struct buckets *b); /* indices in use */

bool buckets_any(struct buckets *b); /* whether one is there */

/*
 * Names of those that are there, or were when the store was asked last, sorted;
 * the caller frees each and the array.
 */
char **buckets_names(struct buckets *b, size_t *n);

/* Likewise of those to be asked for again that no ListBuckets tells of. */
char **buckets_stale_names(struct buckets *b, size_t *n);

/* Likewise of those that the mount is confined to and that are not there. */
char **buckets_missing_names(struct buckets *b, size_t *n);

/*
 * Whether ListBuckets answered less than ttl ago, and all that it does not tell of
 * were asked for since; *denied: with a refusal.
 */
bool buckets_list_is_fresh(struct buckets *b, bool *denied);
bool buckets_is_confined(const struct buckets *b);

/* What the store said just now; net thread. */
void buckets_set_list(struct buckets *b, char *const *names, size_t n);
void buckets_set_list_denied(struct buckets *b);
void buckets_set_there(struct buckets *b, const char *name);
void buckets_set_not_there(struct buckets *b, const char *name,
			   enum bucket_answer answer);

/* It says nothing: for a moment, or until it does, what it said before counts. */
void buckets_set_silent(struct buckets *b);

#endif
