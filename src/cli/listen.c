/* SPDX-License-Identifier: MIT */
/*
 * A socket that listens: see listen.h.  Main thread.
 */
#include "config.h"

#include "cli/listen.h"

#include <errno.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util/base.h"

/* A descriptor, or -errno. */
static int
open_at(const struct addrinfo *a)
{
	int fd = socket(a->ai_family,
			a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
			a->ai_protocol);
	int one = 1, rc;

	if (fd < 0)
		return -errno;
	/* connections of the one before us may not have quite gone */
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, a->ai_addr, a->ai_addrlen) == 0 &&
	    listen(fd, SOMAXCONN) == 0)
		return fd;
	rc = -errno;
	close(fd);
	return rc;
}

static char *
dup_url(int fd)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	char host[NI_MAXHOST], port[NI_MAXSERV];
	struct sockaddr *a = (struct sockaddr *)&address;

	/* these ask nobody, and have room */
	if (getsockname(fd, a, &len) != 0 ||
	    getnameinfo(a, len, host, sizeof(host), port, sizeof(port),
			NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		die_no_memory();
	return xasprintf(strchr(host, ':') ? "http://[%s]:%s" : "http://%s:%s",
			 host, port);
}

int
listen_open(const char *host, const char *port, int *fd, char **url,
	    struct err *err)
{
	struct addrinfo hints = { .ai_flags = AI_PASSIVE,
				  .ai_socktype = SOCK_STREAM };
	struct addrinfo *found;
	int rc = getaddrinfo(host, port, &hints, &found);

	if (rc)
		return err_set(err, rc == EAI_SYSTEM ? errno : EADDRNOTAVAIL,
			       "listen: %s: %s", host,
			       rc == EAI_SYSTEM ? strerror(errno)
						: gai_strerror(rc));
	*fd = -1;
	for (const struct addrinfo *a = found; a && *fd < 0; a = a->ai_next)
		*fd = open_at(a);
	freeaddrinfo(found);
	if (*fd < 0)
		return err_set(err, -*fd, "listen: %s port %s: %s", host, port,
			       strerror(-*fd));
	*url = dup_url(*fd);
	return 0;
}
