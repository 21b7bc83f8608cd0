/* SPDX-License-Identifier: MIT */
/*
 * The two clocks of date.h, in a file of their own so that a test can link
 * others.  Any thread.
 */
#include "config.h"

#include "util/date.h"

#include <time.h>

int64_t
date_now(void)
{
	return time(NULL);
}

int64_t
date_mono_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}
