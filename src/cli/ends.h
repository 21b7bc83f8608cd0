/* SPDX-License-Identifier: MIT */
/*
 * SIGINT and SIGTERM as what a descriptor has to read.  Main thread.
 */
#ifndef CLI_ENDS_H
#define CLI_ENDS_H

/* From here on they are blocked, and wait there. */
int ends_open(void);

/* The signal that came; 0: none, after all. */
int ends_read(int fd);

#endif
