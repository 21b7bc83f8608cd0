/* SPDX-License-Identifier: MIT */
/*
 * The TCP sockets that are open, and when a byte last came in at one: curl tells
 * of whole lines of a head only, and a line may come slowly.  Net thread only.
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
void sockets_clear(struct sockets *s); /* none is closed */

/*
 * For how long no byte of data has come in at the socket with this local port;
 * the shortest if there are several.  -1: there is none, or nobody can tell.
 */
int64_t sockets_silent_ms(const struct sockets *s, int port);

#endif
