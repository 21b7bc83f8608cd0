/* SPDX-License-Identifier: MIT */
/*
 * Whose signature requests carry: the current keys, and who waits for them.
 *
 * Sources of keys are asked in the order of the SDKs (the table in creds.c) by the auth
 * thread, which may hang in any of them for as long as it likes: open(2) on a dead file
 * server has no end.  A call that needs keys never blocks: it is given what there is, or
 * is told to come again, up to a limit of its own.
 *
 * The sources are asked again when a call wants keys, at most once a second, or at once
 * after a refusal: what is absent or wrong now heals by itself.  The call waits for that,
 * but only for a moment if there are keys already: a source that hangs keeps nobody from
 * using those it gave before.
 */
#ifndef AUTH_CREDS_H
#define AUTH_CREDS_H

#include "auth/source.h"

struct creds_chain;

/*
 * Copies what it is given.  Keys and token are taken out of the environment,
 * whoever's they are: main thread, while there is no other.
 */
struct creds_chain *creds_new(const struct creds_options *o);

/*
 * After the fork: the auth thread.  Before, and without it, creds_get() asks the sources
 * itself, and blocks as they do.
 */
int creds_start(struct creds_chain *c, struct err *err);

/*
 * Waits for no source: the auth thread, if it is in one, is left to itself.  A program
 * that a source runs is killed.
 */
void creds_free(struct creds_chain *c); /* NULL is fine */

/*
 * There is news for those who wait: `wake` is called, by any thread, and calls nothing of
 * this module.  NULL: not any more.
 */
typedef void creds_wake_fn(void *arg);
void creds_listen(struct creds_chain *c, creds_wake_fn *wake, void *arg);

/* Somebody who wants keys; {0} at the start, and again once he has them. */
struct creds_wait {
	int64_t again_in_ms; /* come again then, or with the next news */
	bool is_begun;
	int64_t since_ms;
	unsigned look; /* it waits for the end of this one; 0: for none */
};

/*
 * The keys for a request that is made now: a reference.  `refused`: NULL, or those that
 * the store has refused, so that only others will do.  Any thread.
 *
 * -EAGAIN: not yet.  -EACCES: there are none; they are wrong; there are no others; or a
 * source hangs, whose name is in the message.
 */
int creds_get(struct creds_chain *c, struct creds_wait *w,
	      const struct keys *refused, struct keys **out, struct err *err);

/* What the last look has heard from a source. */
struct creds_said {
	const char *source; /* its name; lives for ever */
	struct err
		err; /* 0: it has the keys; -ENOENT: none; EINPROGRESS: it is asked */
	char host[128]; /* that it has asked, as a URL; "": it asks none */
};

#define CREDS_SOURCES_MAX 16

/* Of each source that was asked, in their order; returns how many.  Any thread. */
size_t creds_said(struct creds_chain *c,
		  struct creds_said out[CREDS_SOURCES_MAX]);

/*
 * Whoever wants keys next waits until the sources were asked again, whatever they have
 * said before.  `refused`: because the store has refused these; NULL: because we are
 * told to.  Any thread.
 */
void creds_look_again(struct creds_chain *c, const struct keys *refused);

#endif
