/* SPDX-License-Identifier: MIT */
/*
 * What requests have cost: a store is paid by request and by byte.  A plain value.
 */
#ifndef S3_TRAFFIC_H
#define S3_TRAFFIC_H

#include "util/base.h"

struct traffic {
	uint64_t n_requests; /* tries, each of them */
	uint64_t n_bytes; /* of their bodies, and of answers with their heads */
};

static inline struct traffic
traffic_sum(struct traffic a, struct traffic b)
{
	return (struct traffic){ a.n_requests + b.n_requests,
				 a.n_bytes + b.n_bytes };
}

#endif
