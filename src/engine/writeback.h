/* SPDX-License-Identifier: MIT */
/*
 * Whether and when the documents of one bucket and mode are PUT into the
 * bucket.  The PUT is unconditional: the last writer wins, safely, since every
 * reader validates.  Net thread only.
 *
 * One at a time: of our own documents the newest must be the last, however long
 * the PUT of an older one is tried.  The newest waits for it to end; those in
 * between are dropped.
 *
 * Never: with cache=ro or off, or where the GET said neither "absent" nor
 * "rejected" (then we do not know what we would overwrite).  At most once an
 * hour: while PUT is refused, and over a document of another program, or of a mount
 * with other settings.
 */
#ifndef ENGINE_WRITEBACK_H
#define ENGINE_WRITEBACK_H

#include "engine/buckets.h"
#include "engine/cache.h"
#include "util/limits.h"
#include "util/timer.h"

/* What those of all buckets share; it outlives them. */
struct writeback_env {
	struct s3 *s3;
	struct timers *timers;
	enum cache_policy policy;
	const char *sse, *sse_kms_key_id; /* as in struct cache_put */
	const struct limits
		*limits; /* timeout_ms: of a PUT with all its tries */
	atomic_uint
		n_running; /* PUTs under way, of memos too; any thread may look */
};

struct writeback {
	/* set by the owner */
	struct writeback_env *env;
	const char *bucket;
	enum mode mode;
	/* The newest document given to writeback_put() is put, or was given up. */
	void (*on_done)(void *arg);
	void *arg;
	/* The mount's own last document is known to be there; the owner's too. */
	bool is_stored;

	struct text *running, *waiting; /* documents; NULL: none */
	enum cache_verdict waiting_over;
	struct s3_call *call; /* of running */
	struct traffic traffic; /* of its tries */
	bool is_late; /* running has reached its limit */
	unsigned n_failed; /* ever */
	bool was_bad_request; /* the last one that was answered ended with 400 */
	struct timer limit;
	int64_t refused_until_ms, foreign_until_ms;
	int64_t warned_until_ms[CACHE_FAILED + 1];
};

void writeback_init(struct writeback *w, struct writeback_env *env,
		    const char *bucket, enum mode mode);

/*
 * What is ours may be put into this bucket at all, be it a document or of a memo: by
 * configuration, and since nocache is off by now.
 */
bool writeback_is_wanted(const struct writeback_env *env,
			 const struct bucket *bucket);

/* What a GET found: one warning an hour for each thing that is wrong. */
void writeback_saw(struct writeback *w, enum cache_verdict verdict,
		   const struct err *err);

/* Whether a document may be put now, where `verdict` is what lies there. */
bool writeback_may(const struct writeback *w, enum cache_verdict verdict);

/*
 * Put it, now or when the PUT of an older one has ended.  `over`: what is
 * overwritten (CACHE_NOT_ASKED after a refresh, which does not wait for the
 * hour to pass).  on_done follows, never from inside.
 */
void writeback_put(struct writeback *w, struct text *doc,
		   enum cache_verdict over);

/* The mount ends: cancel what is under way.  on_done may still come. */
void writeback_stop(struct writeback *w);

#endif
