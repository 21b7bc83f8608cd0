/* SPDX-License-Identifier: MIT */
/*
 * What any program on top of the engine needs: from the configuration to endpoint,
 * keys, certificates, buckets, and an engine that answers.  It knows no mount.  Main
 * thread.
 */
#ifndef SETUP_H
#define SETUP_H

#include "auth/creds.h"
#include "conf/conf.h"
#include "engine/engine.h"
#include "s3/endpoint.h"
#include "util/hangup.h"

/* {0} at the start. */
struct setup {
	const struct conf *conf; /* outlives it */
	struct endpoint *endpoint;
	char *region; /* of the EC2 instance; NULL: as configured */
	struct creds_chain *creds;
	struct trust *trust;
	struct buckets *buckets;
	struct meter *meter; /* of all requests to the store */
	struct limits limits; /* as configured, and as descriptors allow */
	struct engine *engine; /* NULL but from setup_start() to setup_stop() */
	struct hangup *hangup, *telling; /* SIGHUP, SIGUSR1 */
};

/*
 * At the very start.  There may be secrets in memory: no core dumps, no debugger but
 * root's.  And a standard stream that the caller has closed is not to be a file or a
 * connection that is opened later: what is printed there fails.
 */
void setup_process(void);

/*
 * All that was printed is out: `status`; or 1, and a message, if it could not be
 * written.
 */
int setup_end_output(int status);

/*
 * Everything that can be found wrong before the first request, and all files that are
 * read.  Before a fork and before there are threads: SIGHUP and SIGUSR1 are blocked from
 * here on.
 * Warnings go to the terminal.
 */
int setup_prepare(struct setup *s, const struct conf *c, struct err *err);

/* The same modes as the engine has them: bits, 1 << enum mode. */
unsigned setup_modes(unsigned conf_modes);

/* Without an engine: --explain.  Its exit status; no setup_start() is needed. */
int setup_explain(struct setup *s, FILE *f);

/* After a fork and log_start(): the threads.  setup_stop() is needed in any case. */
int setup_start(struct setup *s, struct err *err);

/*
 * The threads end.  Who still waits for the engine gets an error; nobody posts
 * anything more.
 */
void setup_stop(struct setup *s);
void setup_clear(struct setup *s);

#endif
