/* SPDX-License-Identifier: MIT */
/*
 * SIGINT, SIGTERM and SIGHUP as what a descriptor has to read, so that what runs ends in
 * due form, such as programs that give keys.  Main thread.
 */
#ifndef CLI_ENDS_H
#define CLI_ENDS_H

#include <stdbool.h>

/* From here on they are blocked, and wait there; SIGHUP is no end of a service. */
int ends_open(bool is_service);

/*
 * While it prints: a pipe that nobody reads may block that, and nobody else would end
 * it, so they end the process as if nothing had been said of them.
 */
void ends_allow(void);
void ends_hold(void); /* as they were */

/* The signal that came; 0: none, after all. */
int ends_read(int fd);

#endif
