/* SPDX-License-Identifier: MIT */
/*
 * What is asked of a store: how many requests of each kind, how they ended and how
 * long that took, since the program began; and how many are under way now.  Each try
 * of a call is a request.
 *
 * The net thread tells it, anybody asks at any time: one leaf lock, for moments only.
 * NULL for a meter is fine: nobody counts.
 */
#ifndef S3_METER_H
#define S3_METER_H

#include "s3/traffic.h"

enum meter_operation {
	METER_LIST,
	METER_HEAD,
	METER_GET,
	METER_PUT, /* and a DELETE, which is a write, too */
	METER_BUCKETS, /* ListBuckets */
	METER_BUCKET, /* other questions about a bucket itself */
	N_METER_OPERATIONS
};

enum meter_outcome {
	METER_OK,
	METER_MISSING, /* there is no such thing, which is an answer */
	METER_REFUSED,
	METER_PUSHED_BACK, /* the store has too much to do, or fails */
	METER_BROKEN, /* no whole answer came, or none that can be used */
	METER_CANCELLED,
	N_METER_OUTCOMES
};

extern const char *const meter_operation_names[N_METER_OPERATIONS];
extern const char *const meter_outcome_names[N_METER_OUTCOMES];

#define N_METER_STEPS 13
extern const int64_t meter_steps_ms[N_METER_STEPS]; /* ends of the histogram */

/* Calls of which a try is under way, or that wait until the next one. */
struct meter_load {
	uint64_t n_running, n_waiting;
};

struct meter_counts {
	uint64_t n[N_METER_OPERATIONS][N_METER_OUTCOMES];
	/* answers that took up to each step, and not to the one before */
	uint64_t n_within[N_METER_OPERATIONS][N_METER_STEPS + 1];
	int64_t sum_ms[N_METER_OPERATIONS];
	struct meter_load load;
	uint64_t
		limit; /* of requests at a time, as the pace has it; 0: none yet */
	int64_t changed_at; /* seconds since 1970 */
};

struct meter *meter_new(void);
void meter_free(struct meter *m);

/* What requests cost: set before others have it, none at first. */
void meter_set_prices(struct meter *m, const struct prices *p);
const struct prices *meter_prices(const struct meter *m);

/* What all of these have cost. */
int64_t meter_counts_cost(const struct meter_counts *c, const struct prices *p);

/* Any thread. */
void meter_get(struct meter *m, struct meter_counts *out);
void meter_get_load(struct meter *m, const char *bucket,
		    struct meter_load *out);

/* A call, in the caller's storage, from meter_enter() to meter_leave(). */
struct meter_call {
	struct meter_place *place; /* of its bucket */
	int64_t sent_ms;
	bool is_running, is_waiting;
};

void meter_enter(struct meter *m, struct meter_call *c, const char *bucket);
void meter_leave(struct meter *m, struct meter_call *c);

/* A try is sent, and ends; with or without that, another one is waited for. */
void meter_began(struct meter *m, struct meter_call *c);
void meter_ended(struct meter *m, struct meter_call *c,
		 enum meter_operation operation, enum meter_outcome outcome);
void meter_waits(struct meter *m, struct meter_call *c);

void meter_set_limit(struct meter *m, unsigned limit);

#endif
