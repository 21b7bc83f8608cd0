/* SPDX-License-Identifier: MIT */
/*
 * Going to the background: see background.h.  Main thread.  In the place of
 * fuse_daemonize(), which lets the parent go before there are threads.
 */
#include "config.h"

#include "util/background.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static void __attribute__((noreturn)) wait_for_child(int fd)
{
	ssize_t n;
	char c;

	do
		n = read(fd, &c, 1);
	while (n < 0 && errno == EINTR);
	_exit(n == 1 ? 0 : 1);
}

int
background_start(int *fd, struct err *err)
{
	int ends[2];
	pid_t pid = -1;

	if (pipe2(ends, O_CLOEXEC) == 0)
		pid = fork();
	if (pid < 0)
		return err_set(err, errno, "can't go to the background: %s",
			       strerror(errno));
	if (pid > 0) {
		close(ends[1]);
		wait_for_child(ends[0]);
	}
	close(ends[0]);
	*fd = ends[1];
	setsid();
	if (chdir("/") != 0)
		return err_set(err, errno, "/: %s", strerror(errno));
	return 0;
}

void
background_ready(int fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	ssize_t n;

	for (int i = 0; i <= STDERR_FILENO && null >= 0; i++)
		dup2(null, i);
	if (null > STDERR_FILENO)
		close(null);
	n = write(fd, "", 1); /* if that fails, nobody waits any more */
	(void)n;
	close(fd);
}
