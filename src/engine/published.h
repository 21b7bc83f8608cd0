/* SPDX-License-Identifier: MIT */
/*
 * What the engine tells of a bucket, for each mode: the last result, the last
 * failure, what is under way, and how often what came of it.  The net thread publishes it, anybody reads it at
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
	ACTIVITY_COMPARING, /* a probe lists, and nothing else goes on */
};

extern const char *const activity_names[];

/* How far a job is, since its last LIST began. */
struct counts {
	int64_t began_at_ms; /* that, by date_mono_ms(); 0: it has not */
	uint64_t n_pages, n_objects;
	uint64_t n_heads, n_heads_wanted; /* answered, and known to be needed */
};

struct progress {
	enum activity activity;
	int64_t began_at_ms; /* the job, by date_mono_ms() */
	struct counts counts;
	struct counts of_probe;
};

/* Those of what goes on. */
const struct counts *progress_counts(const struct progress *p);

struct failure {
	int64_t at; /* seconds since 1970; 0: none yet */
	struct err err;
};

/* All that is told of one mode, at one moment. */
struct mode_state {
	struct result *result; /* NULL: none yet */
	struct failure failure;
	bool is_failing; /* that failure came after the last result */
	struct progress progress;
	/* since the mount began */
	uint64_t n_by_how[N_RESULT_HOWS], n_by_why[N_RESULT_WHYS]; /* results */
	uint64_t n_failures;
	uint64_t n_puts_failed; /* of documents */
};

struct published {
	pthread_mutex_t lock;
	int64_t changed_at; /* seconds since 1970: any of it */
	struct mode_state of[N_DOCUMENTS];
};

void published_init(struct published *p);
void published_clear(struct published *p);

/*
 * The last result of a mode: that of the LIST that began last, of those whose
 * result is known.  What is published last counts as the last, so whoever
 * publishes does it in the order in which the LISTs began, and before anybody is
 * given the result.  One that no LIST of this mount is behind (JOB_RECALL) counts,
 * but takes the place of none that has one.
 */
void publish_result(struct published *p, enum mode mode, struct result *r);
/* More is known of the last one: it takes its place. */
void publish_renewed(struct published *p, enum mode mode, struct result *r);
void publish_failure(struct published *p, enum mode mode,
		     const struct err *err);
void publish_activity(struct published *p, enum mode mode, enum activity a);
void publish_counts(struct published *p, enum mode mode,
		    const struct counts *counts);
void publish_counts_of_probe(struct published *p, enum mode mode,
			     const struct counts *counts);
void publish_failed_puts(struct published *p, enum mode mode,
			 uint64_t n); /* so far */

struct result *published_result(struct published *p,
				enum mode mode); /* a ref */
/*
 * Likewise of all modes: the one of the LIST that began last, and of the same LIST
 * that of the most exact mode.
 */
struct result *published_newest(struct published *p);

int64_t published_changed_at(struct published *p);

/* As it is now; with a reference to the result, which the caller drops. */
void published_get(struct published *p, enum mode mode, struct mode_state *out);

#endif
