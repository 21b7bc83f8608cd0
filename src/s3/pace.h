/* SPDX-License-Identifier: MIT */
/*
 * How many requests may be under way at a time at one endpoint.  It is told when
 * each try of a call is sent and how it ends, and asked for the limit before a
 * new call begins.  Net thread only; pure, but for the clock of util/date.h.
 *
 * A call that waits for its next try counts as under way: where the store
 * answers at once, these waits are what slows the requests down.
 */
#ifndef S3_PACE_H
#define S3_PACE_H

#include "util/base.h"

struct pace;

/* What it knows of a call, in the caller's storage; zero at first. */
struct pace_call {
	unsigned n_pushed_back; /* tries */
	bool is_held_for; /* others wait until its next try is sent */
	/* of the try under way */
	unsigned round; /* in which it was sent */
	int64_t sent_ms;
	struct pace_call *prev, *next;
};

enum pace_answer {
	PACE_CLEAN, /* the store did what it was asked, or said why not */
	PACE_PUSHED_BACK, /* too much for it: 503, 429, 500, a connection cut */
	PACE_NONE, /* says nothing of its load: cancelled, not connected */
};

/* The limit will be from 1 to `most`. */
struct pace *pace_new(unsigned most);
void pace_free(struct pace *p); /* NULL is fine */

/* Calls that may be under way now: 1 or more.  Changes when a try has ended. */
unsigned pace_limit(const struct pace *p);

/*
 * Calls that have waited so long for an answer that they had better not keep
 * others from being sent.
 */
unsigned pace_n_stuck(const struct pace *p);

/*
 * Somebody says that the store has taken `claimed` calls at a time: half of them may begin
 * at once, as long as no answer has pushed back.
 */
void pace_believe(struct pace *p, unsigned claimed);

/* Likewise, to be told to others: what answers have shown, or have not denied. */
unsigned pace_claim(const struct pace *p, unsigned claimed);

/* No call may begin for a moment, whatever the limit. */
bool pace_is_held(const struct pace *p);

/*
 * A try is due.  Returns how long it has to wait until then, in milliseconds,
 * while no call begins, or 0: send it now.
 */
int64_t pace_hold_ms(struct pace *p, struct pace_call *c);

void pace_began(struct pace *p, struct pace_call *c); /* a try is sent */
void pace_ended(struct pace *p, struct pace_call *c, enum pace_answer answer);

/* The call is over: no further try. */
void pace_left(struct pace *p, struct pace_call *c);

#endif
