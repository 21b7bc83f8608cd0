/* SPDX-License-Identifier: MIT */
/*
 * One computation of the statistics of a bucket in a mode: LIST, the cached
 * document, HEADs, result.  Net thread only.
 *
 * A job has exactly one completion: on_done, never from inside job_new(), or
 * none after job_stop().  What it still has under way then is cancelled, and it
 * frees itself when that has ended.
 */
#ifndef ENGINE_JOB_H
#define ENGINE_JOB_H

#include "engine/bucket-memo.h"
#include "engine/cache.h"
#include "engine/scan.h"
#include "util/limits.h"
#include "util/timer.h"

/* What all jobs share; it outlives them. */
struct job_env {
	struct s3 *s3;
	struct timers *timers;
	struct scan_env *scans;
	struct memo_env *memos; /* NULL: there are none */
	unsigned n_jobs; /* not freed yet */
	const struct limits *limits;
};

enum job_kind {
	JOB_COMPUTE, /* the cached document if it is valid, else new figures */
	JOB_PROBE, /* LIST only: the result is a validation */
	JOB_RECALL, /* GET only: the cached document, valid or not; else ENODATA */
};

struct job;

struct job_result {
	struct result
		*result; /* borrowed; NULL after an error, and of a probe */
	struct listed listed; /* the LIST behind it */
	enum cache_verdict verdict; /* what lay in the bucket */
	struct err cache_err; /* why it is not CACHE_GOOD */
};

struct job_options {
	struct job_env *env;
	enum job_kind kind;
	struct bucket *bucket;
	enum mode mode;
	bool read_cache; /* ask for the cached document */
	enum result_why why_unread; /* if not, why */
	bool is_anew; /* and no memo is believed, either */
	/*
	 * The mount's own last result, or NULL.  Called when the verdict on the
	 * cached document is known; returns whether `last` may serve.
	 */
	struct result *last;
	bool is_last_fresher; /* as in choice.h */
	bool (*may_use_last)(void *arg, enum cache_verdict verdict);
	/*
	 * The LIST of the result has ended, and HEADs go on: job_validation()
	 * is good from now on.  Called once, or not at all.
	 */
	void (*on_listed)(void *arg);
	/*
	 * A LIST begins, maybe not the first: the result will be right for all
	 * who have come.  Not called any more after on_listed.
	 */
	void (*on_list_begins)(void *arg);
	/* err->code 0: success.  Both are valid during the call. */
	void (*on_done)(void *arg, const struct job_result *r,
			const struct err *err);
	void *arg;
};

struct job *job_new(const struct job_options *o);

/* Give up; on_done is not called any more. */
void job_stop(struct job *job);

/*
 * What LIST gave, or NULL while one is waited for.  The same validation means
 * that the result will be right for whoever asks now.
 */
const struct validation *job_validation(const struct job *job);

#endif
