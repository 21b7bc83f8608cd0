/* SPDX-License-Identifier: MIT */
/*
 * What a refusal teaches, as it does the AWS SDKs: that a bucket is in another
 * region, that the clock here is wrong, or that the keys have expired.  Net thread
 * only.
 *
 * A call makes each of the three corrections once, and is tried again at once; with
 * other keys, if there are others: see creds_get().
 * What has worked is remembered, the region for the bucket and the time for the
 * store, and what has not is forgotten: a lie costs the calls it is told to.
 *
 * What ListBuckets says of regions is remembered, too, until something better is known.  On
 * AWS it is the truth; elsewhere it may be anything, so that a call which is refused
 * there is tried again at home.
 *
 * A Location is never followed.  Only the name of a region is believed, the
 * host is rebuilt from it (endpoint_new_in_region()), and so no signature goes
 * to another host than the store's, or from TLS to a connection without.
 */
#ifndef S3_CORRECTION_H
#define S3_CORRECTION_H

#include "s3/endpoint.h"

struct corrections; /* of a store */

/* What the requests of one call are made for; plain data. */
struct correction {
	const struct endpoint *endpoint; /* lives as long as the store's */
	int64_t clock_s; /* to be added to the time here */
	int64_t sent_at; /* when the last try was signed, by that clock */
	bool was_moved, was_clock_set, was_renewed; /* by this call */
	bool is_hearsay; /* that the bucket is there: it has not worked yet */
	bool is_loop; /* it was moved, and was to be moved again */
};

/* What a refusal says, "" and 0 where it says nothing. */
struct refusal {
	int status; /* of HTTP */
	const char *code; /* of S3 */
	const char *region; /* where the bucket is */
	const char *date; /* of the answer, in the form of HTTP */
	bool is_head; /* so there was no room for a code */
	bool has_token; /* it was signed with temporary keys */
};

/* `home` stays the caller's and must outlive it. */
struct corrections *corrections_new(const struct endpoint *home);
void corrections_free(struct corrections *all); /* NULL is fine */

/* The store's list of buckets says where one is. */
void corrections_learn(struct corrections *all, const char *bucket,
		       const char *region);

/* As far as it is known, for a call that begins; `bucket` NULL: the service. */
void correction_init(struct correction *c, const struct corrections *all,
		     const char *bucket);

/* Whether `c` has changed, so that another try may succeed. */
bool correction_apply(struct correction *c, struct corrections *all,
		      const struct refusal *r);

/*
 * Whether the bucket is elsewhere, as it seems, and nobody says where: HeadBucket
 * tells it then, as the SDKs know.
 */
bool correction_lacks_region(const struct correction *c,
			     const struct refusal *r);

/*
 * Whether the keys have expired, or were replaced, as it seems.  Stores say it in many
 * ways; where the keys are temporary ones, that access is denied is one of them.  The
 * caller looks for others, and sets c->was_renewed.
 */
bool correction_lacks_keys(const struct correction *c, const struct refusal *r);

/* The call has ended.  `has_worked`: the store has served it from there. */
void correction_keep(const struct correction *c, struct corrections *all,
		     const char *bucket, bool has_worked);

#endif
