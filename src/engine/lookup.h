/* SPDX-License-Identifier: MIT */
/*
 * Questions about buckets themselves, whether one is there and which: each asked
 * once however many wait for it, with a short deadline (others wait behind a
 * lookup in the kernel); the answers go to the registry.  Net thread only.
 */
#ifndef ENGINE_LOOKUP_H
#define ENGINE_LOOKUP_H

#include "engine/waiter.h"
#include "s3/bucket-check.h"
#include "s3/s3-bucket.h"
#include "util/limits.h"
#include "util/timer.h"

struct lookup; /* one question under way */

struct lookup_env {
	struct s3 *s3;
	struct timers *timers;
	struct buckets *buckets;
	const struct limits *limits; /* connect_timeout_ms: of a question */
	struct lookup *lookups; /* under way */
};

/* Somebody waits: WAIT_FOR_BUCKET or WAIT_FOR_LIST. */
void lookup_add(struct lookup_env *env, struct waiter *w);

/* Cancel all.  Nobody waits any more; they end by themselves. */
void lookup_stop(struct lookup_env *env);

#endif
