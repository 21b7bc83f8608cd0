/* SPDX-License-Identifier: MIT */
/* The TCP sockets that are open: see sockets.h.  Net thread only. */
#include "config.h"

#include "net/sockets.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

void
sockets_add(struct sockets *s, int fd)
{
	if (s->n == s->size) {
		s->size = s->size ? 2 * s->size : 16;
		s->fds = xrealloc(s->fds, s->size * sizeof(s->fds[0]));
	}
	s->fds[s->n++] = fd;
}

void
sockets_remove(struct sockets *s, int fd)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->fds[i] == fd) {
			s->fds[i] = s->fds[--s->n];
			return;
		}
	}
}

void
sockets_clear(struct sockets *s)
{
	free(s->fds);
	*s = (struct sockets){ .fds = NULL };
}

static int
local_port(int fd)
{
	struct sockaddr_storage a = { .ss_family = AF_UNSPEC };
	socklen_t len = sizeof(a);

	if (getsockname(fd, (struct sockaddr *)&a, &len) != 0)
		return -1;
	if (a.ss_family == AF_INET)
		return ntohs(((struct sockaddr_in *)&a)->sin_port);
	if (a.ss_family == AF_INET6)
		return ntohs(((struct sockaddr_in6 *)&a)->sin6_port);
	return -1;
}

int64_t
sockets_silent_ms(const struct sockets *s, int port)
{
	int64_t silent = -1;

	for (size_t i = 0; i < s->n && port > 0; i++) {
		struct tcp_info info = { .tcpi_state = 0 };
		socklen_t len = sizeof(info);

		if (local_port(s->fds[i]) != port ||
		    getsockopt(s->fds[i], IPPROTO_TCP, TCP_INFO, &info, &len))
			continue;
		if (silent < 0 || info.tcpi_last_data_recv < silent)
			silent = info.tcpi_last_data_recv;
	}
	return silent;
}
