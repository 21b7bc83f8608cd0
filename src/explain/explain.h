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
};

/* Prints it to `f`.  Whether all that a mount would need works. */
bool explain(const struct explain_options *o, FILE *f);

#endif
