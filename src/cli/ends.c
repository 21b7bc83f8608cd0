/* SPDX-License-Identifier: MIT */
/*
 * Signals that are the end: see ends.h.  Main thread.
 */
#include "config.h"

#include "cli/ends.h"

#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "util/base.h"

static sigset_t
set_of_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	return signals;
}

void
ends_allow(void)
{
	sigset_t signals = set_of_signals();

	pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
}

void
ends_hold(void)
{
	sigset_t signals = set_of_signals();

	pthread_sigmask(SIG_BLOCK, &signals, NULL);
}

int
ends_open(void)
{
	sigset_t signals = set_of_signals();
	int fd;

	ends_hold();
	fd = signalfd(-1, &signals, SFD_CLOEXEC);
	if (fd < 0)
		die_no_memory();
	return fd;
}

int
ends_read(int fd)
{
	struct signalfd_siginfo info;

	if (read(fd, &info, sizeof(info)) != sizeof(info))
		return 0;
	return (int)info.ssi_signo;
}
