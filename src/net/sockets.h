/* SPDX-License-Identifier: MIT */
/*
 * The open TCP sockets, and for how long each has been silent: curl tells of bytes
 * only when a line of a head is complete, and a line may take long.  Net thread only.
 *
 * A socket is found by its local port, which is all that curl tells of the
 * connection of a transfer.
 */
#ifndef NET_SOCKETS_H
#define NET_SOCKETS_H

#include "util/base.h"

struct sockets {
	int *fds;
	size_t n, size;
};

void sockets_add(struct sockets *s, int fd);
void sockets_remove(struct sockets *s, int fd);
void sockets_clear(struct sockets *s); /* closes none of them */

/*
 * For how long no byte of data has come in at the socket with this local port;
 * the shortest if there are several.  -1: there is none, or nobody can tell.
 */
int64_t sockets_silent_ms(const struct sockets *s, int port);

#endif
