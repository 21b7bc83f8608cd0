/* SPDX-License-Identifier: MIT */
/*
 * Admission of requests for pages and HEADs: as many under way at a time in the
 * whole mount as the pace of its endpoint allows.  The next slot goes to the
 * group that has the fewest, each of them a bucket, and there to the client that
 * has the fewest; among equals they take turns.  So a huge bucket cannot starve a
 * small one, nor one whose requests hang.  Net thread only.
 */
#ifndef ENGINE_SLOTS_H
#define ENGINE_SLOTS_H

#include "s3/pace.h"
#include "util/base.h"

struct slots_group;

struct slots {
	const struct pace *pace; /* it says how many; set by the owner */
	unsigned most; /* at a time, whatever hangs; set by the owner */
	unsigned n_running;
	struct slots_group *groups; /* with something to send or under way */
};

struct slots_client {
	/* Send one request; returns whether there are more to send. */
	bool (*send)(void *arg);
	void *arg;
	const void *group; /* the bucket */
	bool is_queued;
	unsigned n_running;
	struct slots_client *prev, *next;
};

/* Requests that may be under way now: 1 or more; changes with answers. */
unsigned slots_limit(const struct slots *s);

/*
 * The client has something to send: it is asked for it, at once or later.  Not
 * to be called from inside a send().
 */
void slots_want(struct slots *s, struct slots_client *c);

/* The client has nothing to send any more. */
void slots_leave(struct slots *s, struct slots_client *c);

/* A request that it sent has completed, its retries included. */
void slots_completed(struct slots *s, struct slots_client *c);

/*
 * Send what may be sent: in each turn of the loop, since the pace changes, and
 * after so many milliseconds at the latest; -1: no matter when.
 */
void slots_pump(struct slots *s);
int slots_wait_ms(const struct slots *s);

#endif
