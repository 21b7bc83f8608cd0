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

/*
 * What is blocked waits even where it is to be ignored, as SIGHUP by nohup(1) and SIGINT
 * behind a script's "&".
 */
static void
add(sigset_t *signals, int signal)
{
	struct sigaction action;

	if (sigaction(signal, NULL, &action) == 0 &&
	    action.sa_handler != SIG_IGN)
		sigaddset(signals, signal);
}

static sigset_t
set_of_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	add(&signals, SIGINT);
	add(&signals, SIGTERM);
	add(&signals, SIGHUP);
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
ends_open(bool is_service)
{
	sigset_t signals = set_of_signals();
	int fd;

	if (is_service)
		sigdelset(&signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
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
