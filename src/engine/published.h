/* SPDX-License-Identifier: MIT */
/*
 * What the engine tells of a bucket, for each mode: the last result, the last
 * failure, and what is under way.  The net thread publishes it, anybody reads it at
 * any time, whatever the network does: under a leaf lock, for moments only.
 */
#ifndef ENGINE_PUBLISHED_H
#define ENGINE_PUBLISHED_H

#include <pthread.h>

#include "engine/result.h"
#include "stats/mode.h"
#include "util/err.h"

/* What is being done for readers of a mode. */
enum activity {
	ACTIVITY_IDLE,
	ACTIVITY_LISTING, /* and asking for the cached document */
	ACTIVITY_HEADING, /* the LIST is over, HEADs go on */
	ACTIVITY_STORING,
};

extern const char *const activity_names[];

/* How far a job is, since its last LIST began. */
struct counts {
	uint64_t n_pages, n_objects;
	uint64_t n_heads, n_heads_wanted; /* answered, and known to be needed */
};

struct progress {
	enum activity activity;
	int64_t began_at_ms; /* the job, by date_mono_ms() */
	struct counts counts;
};

struct failure {
	int64_t at; /* seconds since 1970; 0: none yet */
	struct err err;
};

struct published {
	pthread_mutex_t lock;
	struct {
		struct result *result; /* NULL: none yet */
		struct failure failure;
		struct progress progress;
	} of[N_MODES];
};

void published_init(struct published *p);
void published_clear(struct published *p);

/*
 * The last result of a mode: that of the LIST that began last, of those whose
 * result is known.  What is published last counts as the last, so whoever
 * publishes does it in the order in which the LISTs began, and before anybody is
 * given the result.
 */
void publish_result(struct published *p, enum mode mode, struct result *r);
void publish_failure(struct published *p, enum mode mode,
		     const struct err *err);
void publish_activity(struct published *p, enum mode mode, enum activity a);
void publish_counts(struct published *p, enum mode mode,
		    const struct counts *counts);

struct result *published_result(struct published *p,
				enum mode mode); /* a ref */
/*
 * Likewise of all modes: the one of the LIST that began last, and of the same LIST
 * that of the most exact mode.
 */
struct result *published_newest(struct published *p);

struct failure published_failure(struct published *p, enum mode mode);
struct progress published_progress(struct published *p, enum mode mode);

#endif
