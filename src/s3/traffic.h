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

/* What a request costs, in 10^-9 of whatever is paid with; 0, 0: nobody has said. */
struct prices {
	int64_t list; /* of a LIST and a PUT, which are of one class */
	int64_t head; /* of a HEAD and a GET */
};

static inline bool
prices_are_known(const struct prices *p)
{
	return p->list > 0 || p->head > 0;
}

static inline int64_t
prices_of(const struct prices *p, uint64_t n_lists, uint64_t n_heads)
{
	return (int64_t)n_lists * p->list + (int64_t)n_heads * p->head;
}

static inline struct traffic
traffic_sum(struct traffic a, struct traffic b)
{
	return (struct traffic){ a.n_requests + b.n_requests,
				 a.n_bytes + b.n_bytes };
}

#endif
