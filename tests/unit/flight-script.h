/* SPDX-License-Identifier: MIT */
/*
 * Scenarios of readers of one bucket as text, one step a line or between ';':
 *
 *     lists KEY=SIZE …          what the bucket has from now on, in one page
 *     a opens detailed          a reader (a letter) opens the file of a mode
 *     a polls detailed          likewise, without waiting
 *     a keeps detailed          one of interval, which is nobody's open
 *     a leaves                  it is interrupted
 *     list|get|head|put         the oldest pending request of a kind is answered
 *     list 403; head 404 a/1    … or refused so, also that of a key
 *     status put 500            from now on all of a kind are (0: none)
 *     gone                      … or so: the bucket is not there any more
 *     run                       all is answered, and what comes of it
 *     remount                   nothing is left in memory
 *     after 5000                so many milliseconds pass
 *     readonly                  nothing is put, as with cache=ro; uncached: cache=off
 *     on_refresh                as detailed=on_refresh does
 *     mark sampled; nocache 1   as the control files do
 *     max_wait 5000             and max_age, ttl, deadline, timeout: as the options do
 *
 *     a has 3; a fails EIO; a waits    its document counts 3 objects, it has ended
 *                                      so, it has not ended
 *     b is a                    both have got the same document
 *     seen head 2; pending list 1      requests of a kind, so far; under way
 *     jobs 1                    computations under way
 *     marked detailed 0         whether a refresh is still owed
 *     told detailed 3           the last result that is told of a mode counts 3
 *                               objects; failing detailed 1, state detailed idle
 */
#ifndef FLIGHT_SCRIPT_H
#define FLIGHT_SCRIPT_H

#include "flight-fixture.h"

struct scenario {
	const char *name;
	const char *script;
};

/* Run it in a world of its own; the failing line is printed. */
void scenario_run(const struct scenario *s);

#endif
