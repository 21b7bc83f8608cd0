/* SPDX-License-Identifier: MIT */
/*
 * Admission of HEADs: so many under way at a time in the whole mount, given out
 * in turn, so that a huge bucket cannot starve a small one.  Net thread only.
 */
#ifndef ENGINE_HEADS_H
#define ENGINE_HEADS_H

#include "util/base.h"

struct heads {
	unsigned limit; /* HEADs under way at most */
	unsigned n_running;
	struct heads_client *queue; /* those that have something to send */
};

struct heads_client {
	/* Send one HEAD; returns whether there are more to send. */
	bool (*send)(void *arg);
	void *arg;
	bool is_queued;
	struct heads_client *prev, *next;
};

/* The client has something to send: it is asked for it, at once or later. */
void heads_want(struct heads *h, struct heads_client *c);

/* The client has nothing to send any more. */
void heads_leave(struct heads *h, struct heads_client *c);

/* A HEAD that was sent has completed. */
void heads_completed(struct heads *h);

#endif
