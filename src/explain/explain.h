/* SPDX-License-Identifier: MIT */
/*
 * --explain: what is configured and where each of it comes from, what the sources of
 * keys say, and whether the store does what a mount needs.  For a report of a bug, too:
 * there is no secret in it.  Main thread; nothing else uses the keys meanwhile.
 */
#ifndef EXPLAIN_EXPLAIN_H
#define EXPLAIN_EXPLAIN_H

#include "conf/conf.h"
#include "explain/probe.h"

struct explain_options {
	const struct conf *conf;
	bool has_region_of_instance; /* EC2 has said which it is */
	struct probe_options probe;
	/* An object that a mount writes to a bucket; NULL: it is to write none. */
	const char *document;
};

/*
 * Prints it to `f`.  The exit status: 0 if all works that a mount would need, else 1; or
 * that of a signal that has ended the requests.  SIGINT and SIGTERM, which are blocked
 * for these, end the process again while it prints, which may block, and afterwards.
 */
int explain(const struct explain_options *o, FILE *f);

#endif
