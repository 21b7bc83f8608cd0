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

/* The hosts that it is not for, as they are written. */
struct proxy_variable proxy_exceptions(void);

/*
 * Whether the URL's host is one of these: a name or one below it, with its port or without,
 * an address, or one of a network; "*" are all.
 */
bool proxy_is_exempt(const char *url);

#endif
