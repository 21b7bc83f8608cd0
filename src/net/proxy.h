/* SPDX-License-Identifier: MIT */
/*
 * Which proxy the environment names.  The environment does not change once there are
 * threads: any thread.
 */
#ifndef NET_PROXY_H
#define NET_PROXY_H

#include "util/base.h"

struct proxy_variable {
	const char *name, *value; /* NULL: none is set */
};

/* For "http" or "https". */
struct proxy_variable proxy_for(const char *scheme);

/* The hosts that it is not for; "*" are all. */
struct proxy_variable proxy_exceptions(void);

/*
 * Whether these have the URL's host together with its port, which curl does not know:
 * what else they may have, it knows.
 */
bool proxy_is_exempt(const char *url);

#endif
