/* SPDX-License-Identifier: MIT */
/*
 * What keeps buckets fresh that nobody reads: with interval, each is read by itself
 * every so often.  Net thread only.
 *
 * A round of a bucket is one reader in each of the modes, all at once, so that they
 * share a LIST.  The next round begins an interval after this one has ended, so there
 * are never two at a time; of each interval a tenth is random, more or less, so that
 * neither buckets nor mounts stay in step.
 *
 * Where the store tells in answer to HeadBucket what is in a bucket, that is asked
 * first, and if it tells the same as before the last LIST, there is no round: nobody
 * reads, and nothing is validated.  But an object may be replaced by one as large, so
 * the twelfth time there is one all the same.
 *
 * Once an interval it looks which buckets there are: in the list of them, or, where
 * the mount is confined to some, by asking for each of these that was not there.
 */
#ifndef ENGINE_KEEPER_H
#define ENGINE_KEEPER_H

#include "engine/waiter.h"
#include "s3/s3.h"
#include "util/limits.h"

struct keeper;

struct keeper_options {
	struct s3 *s3;
	struct timers *timers;
	struct buckets *buckets; /* all that are there */
	const struct limits *limits; /* interval_ms is not 0 */
	unsigned modes; /* bits: 1 << enum mode; one at least */
	bool is_prompt; /* the first round of a bucket begins at once */
	/* Hand a waiter over; its completion may come from inside. */
	void (*post)(void *arg, struct waiter *w);
	void *arg;
};

struct keeper *keeper_new(const struct keeper_options *o);

/* Begin nothing more, whatever completes; NULL is fine, as below. */
void keeper_stop(struct keeper *k);

/* A request of its own is under way; its waiters are whose they were posted to. */
bool keeper_is_busy(const struct keeper *k);
void keeper_free(struct keeper *k); /* not while it is busy */

#endif
