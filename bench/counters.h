/* SPDX-License-Identifier: MIT */
/*
 * What the store counts, exactly, and its rate limit.
 */
#ifndef BENCH_COUNTERS_H
#define BENCH_COUNTERS_H

#include "http.h"

enum request_class {
	LIST,
	LIST_V1,
	HEAD,
	GET,
	PUT,
	DELETE,
	BUCKET, /* HEAD, PUT, ?location and the like */
	BUCKETS, /* ListBuckets */
	OTHER,
	N_CLASSES
};

#define N_SECONDS 3600

struct counters {
	uint64_t requests[N_CLASSES]; /* with those refused */
	uint64_t refused; /* 503 SlowDown */
	uint64_t listed; /* objects on pages */
	uint64_t bytes; /* of bodies */
	uint64_t written; /* bytes that were PUT */
	unsigned in_flight, max_in_flight;
	uint64_t since_us; /* the first request */
	uint64_t last_us; /* the latest */
	unsigned served_in[N_SECONDS]; /* each second since then */
	unsigned refused_in[N_SECONDS];
};

/* in_flight goes on. */
void counters_reset(struct counters *c);

void counters_begin(struct counters *c, enum request_class k, bool is_refused,
		    uint64_t now_us);
void counters_print(const struct counters *c, struct text *out);

/* As many requests a second, and a tenth of that at once after a pause. */
struct limit {
	unsigned rate; /* 0: none */
	double tokens;
	uint64_t filled_us;
};

void limit_set(struct limit *l, unsigned rate, uint64_t now_us);
bool limit_refuses(struct limit *l, uint64_t now_us);

#endif
