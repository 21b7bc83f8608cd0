/* SPDX-License-Identifier: MIT */
/*
 * Running programs: see child.h.  Any thread that may block.
 */
#include "config.h"

#include "util/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/date.h"

#define TURN_MS 20 /* between two looks whether it has ended */

/* Ends of pipes: what it writes is read here. */
struct run {
	pid_t pid;
	struct pollfd fds[2]; /* its output, its error output */
	struct buf *bufs[2];
	bool is_too_much;
};

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Signals as at the start of a program, and a group of its own. */
static void
set_attributes(posix_spawnattr_t *a)
{
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_setsigmask(a, &none);
	posix_spawnattr_setsigdefault(a, &all);
	posix_spawnattr_setpgroup(a, 0);
	posix_spawnattr_setflags(a, POSIX_SPAWN_SETSIGMASK |
					    POSIX_SPAWN_SETSIGDEF |
					    POSIX_SPAWN_SETPGROUP);
}

/* 0 or a positive errno. */
static int
spawn(struct run *r, const struct child *c, const int theirs[2])
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	int rc;

	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attributes);
	set_attributes(&attributes);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, theirs[0], 1);
	posix_spawn_file_actions_adddup2(&files, theirs[1], 2);
	/* ours are O_CLOEXEC; there may be some that we were given */
	posix_spawn_file_actions_addclosefrom_np(&files, 3);
	rc = posix_spawnp(&r->pid, c->argv[0], &files, &attributes, c->argv,
			  c->env);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	return rc;
}

static int
start(struct run *r, const struct child *c, struct err *err)
{
	int theirs[2] = { -1, -1 }, rc = 0;

	for (int i = 0; i < 2 && rc == 0; i++) {
		int ends[2];

		if (pipe2(ends, O_CLOEXEC) != 0) {
			rc = errno;
			break;
		}
		/* theirs above 2, or dup2() would leave it to be closed */
		r->fds[i] = (struct pollfd){ .fd = ends[0], .events = POLLIN };
		theirs[i] = fcntl(ends[1], F_DUPFD_CLOEXEC, 3);
		rc = theirs[i] < 0 ? errno : 0;
		close(ends[1]);
		fcntl(ends[0], F_SETFL, O_NONBLOCK);
	}
	if (rc == 0)
		rc = spawn(r, c, theirs);
	close_fd(&theirs[0]);
	close_fd(&theirs[1]);
	return rc ? err_set(err, rc, "%s: %s", c->argv[0], strerror(rc)) : 0;
}

/* What is there, without waiting. */
static void
drain(struct run *r, int i)
{
	char data[4096];
	ssize_t n;

	while ((n = read(r->fds[i].fd, data, sizeof(data))) > 0)
		if (buf_add(r->bufs[i], data, (size_t)n) != 0 && i == 0)
			r->is_too_much = true;
	explicit_bzero(data, sizeof(data));
	if (n == 0)
		close_fd(&r->fds[i].fd);
}

static void
drain_both(struct run *r)
{
	for (int i = 0; i < 2; i++)
		if (r->fds[i].fd >= 0)
			drain(r, i);
}

/* Until it ends, or is to be ended. */
static bool
has_ended(struct run *r, int64_t deadline, int *status)
{
	while (!r->is_too_much && date_mono_ms() < deadline) {
		poll(r->fds, 2, TURN_MS);
		drain_both(r);
		if (waitpid(r->pid, status, WNOHANG) == r->pid)
			return true;
	}
	return false;
}

static void
end(struct run *r, bool is_ended)
{
	kill(-r->pid, SIGKILL);
	while (!is_ended && waitpid(r->pid, NULL, 0) < 0 && errno == EINTR) {
	}
	close_fd(&r->fds[0].fd);
	close_fd(&r->fds[1].fd);
}

int
child_run(const struct child *c, int *status, struct err *err)
{
	struct run r = { .fds = { { .fd = -1 }, { .fd = -1 } },
			 .bufs = { c->out, c->err } };
	bool is_ended;

	if (start(&r, c, err) != 0) {
		close_fd(&r.fds[0].fd);
		close_fd(&r.fds[1].fd);
		return -err->code;
	}
	is_ended = has_ended(&r, date_mono_ms() + c->limit_ms, status);
	if (is_ended)
		drain_both(&r);
	end(&r, is_ended);
	if (r.is_too_much)
		return err_set(err, EFBIG, "%s: more than %zu bytes of output",
			       c->argv[0], c->out->max);
	if (!is_ended)
		return err_set(err, ETIMEDOUT, "%s: no end within %lld ms",
			       c->argv[0], (long long)c->limit_ms);
	return 0;
}
