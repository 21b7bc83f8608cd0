/* SPDX-License-Identifier: MIT */
/*
 * What `interval` has found out, over HTTP: the texts that a mount has as files, and
 * whether it is well.  From memory, so nobody waits for the store.  Main thread.
 */
#ifndef CLI_SCRAPE_H
#define CLI_SCRAPE_H

#include "report/subject.h"
#include "util/err.h"

struct scrape_options {
	struct buckets *buckets; /* these two outlive it */
	struct meter *meter;
	unsigned modes; /* bits, 1 << enum mode: those of the rounds */
	int listen_fd; /* it is taken, and closed */
	int end_fd; /* to be read: it is over */
};

/* Returns when it is over. */
int scrape_serve(const struct scrape_options *o, struct err *err);

#endif
