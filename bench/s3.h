/* SPDX-License-Identifier: MIT */
/*
 * What the store answers, as S3 does.
 */
#ifndef BENCH_S3_H
#define BENCH_S3_H

#include "bucket.h"
#include "counters.h"

#define MAX_BUCKETS 1024

struct store {
	struct dates dates;
	struct counters counters;
	struct limit limit;
	uint64_t latency_us;
	/* of pages of a listing: see struct response; their head tells the token */
	uint64_t list_rate, list_tail_us, rtt_us;
	bool ignores_start_after;
	struct bucket *buckets[MAX_BUCKETS];
	unsigned n_buckets;
	struct text token; /* the one of the present request, decoded */
};

/* By method and form alone; nothing is written into the request. */
enum request_class s3_classify(const struct request *r);

void s3_answer(struct store *s, struct request *r, struct response *out);

/* The bucket of this name, made if it is a formula; else NULL. */
struct bucket *s3_bucket(struct store *s, const char *name);

#endif
