/* SPDX-License-Identifier: MIT */
/*
 * SIGINT and SIGTERM as what a descriptor has to read.  Main thread.
 */
#ifndef CLI_ENDS_H
#define CLI_ENDS_H

/* From here on they are blocked, and wait there. */
int ends_open(void);

/*
 * While it prints: a pipe that nobody reads may block that, and nobody else would end
 * it, so they end the process as if nothing had been said of them.
 */
void ends_allow(void);
void ends_hold(void); /* as they were */

/* The signal that came; 0: none, after all. */
int ends_read(int fd);

#endif
