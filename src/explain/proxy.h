/* SPDX-License-Identifier: MIT */
/*
 * Which proxy curl takes from the environment.  Main thread.
 */
#ifndef EXPLAIN_PROXY_H
#define EXPLAIN_PROXY_H

#include "util/base.h"

struct proxy_variable {
	const char *name, *value; /* NULL: none is set */
};

/* For "http" or "https". */
struct proxy_variable proxy_for(const char *scheme);

/* The hosts that it is not for; "*" are all. */
struct proxy_variable proxy_exceptions(void);

#endif
