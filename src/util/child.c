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
#include "util/lock.h"

#define TURN_MS 20 /* between two looks whether it has ended */
#define READS_MAX                                                              \
	16 /* in one turn: who writes all the time is not waited for */

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

/* From here on others may kill it.  0 or a positive errno. */
static int
spawn_among(struct children *among, struct run *r, const struct child *c,
	    const posix_spawn_file_actions_t *files,
	    const posix_spawnattr_t *attributes)
{
	LOCKED(among);
	int rc = ECANCELED;

	if (!among->is_over)
		rc = posix_spawnp(&r->pid, c->argv[0], files, attributes,
				  c->argv, c->env);
	if (rc == 0)
		among->group = r->pid;
	return rc;
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
	rc = spawn_among(c->among, r, c, &files, &attributes);
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
	ssize_t n = 1;

	for (int k = 0; k < READS_MAX; k++) {
		n = read(r->fds[i].fd, data, sizeof(data));
		if (n <= 0)
			break;
		if (buf_add(r->bufs[i], data, (size_t)n) != 0 && i == 0)
			r->is_too_much = true;
	}
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

enum state { IS_RUNNING, HAS_ENDED, IS_LOST };

/* Its status stays, and so does its number, by which its group is killed. */
static enum state
look(const struct run *r)
{
	siginfo_t info = { .si_pid = 0 };

	if (waitid(P_PID, (id_t)r->pid, &info, WEXITED | WNOHANG | WNOWAIT) !=
	    0)
		return errno == ECHILD ? IS_LOST : IS_RUNNING;
	return info.si_pid ? HAS_ENDED : IS_RUNNING;
}

/* Until it ends, or is to be ended. */
static enum state
wait_for(struct run *r, int64_t deadline)
{
	enum state state = IS_RUNNING;

	while (state == IS_RUNNING && !r->is_too_much &&
	       date_mono_ms() < deadline) {
		poll(r->fds, 2, TURN_MS);
		drain_both(r);
		state = look(r);
	}
	if (state != IS_RUNNING)
		drain_both(r);
	return state;
}

/* The group first: when its head has been waited for, the number may be another's. */
static void
kill_group(struct run *r, struct children *among)
{
	LOCKED(among);

	kill(-r->pid, SIGKILL);
	among->group = 0;
}

static void
end(struct run *r, struct children *among, int *status)
{
	kill_group(r, among);
	while (waitpid(r->pid, status, 0) < 0 && errno == EINTR) {
	}
	close_fd(&r->fds[0].fd);
	close_fd(&r->fds[1].fd);
}

int
child_run(const struct child *c, int *status, struct err *err)
{
	struct run r = { .fds = { { .fd = -1 }, { .fd = -1 } },
			 .bufs = { c->out, c->err } };
	enum state state;

	/* who has started us may have it ignored: then nobody gets a status */
	signal(SIGCHLD, SIG_DFL);
	if (start(&r, c, err) != 0) {
		close_fd(&r.fds[0].fd);
		close_fd(&r.fds[1].fd);
		return -err->code;
	}
	state = wait_for(&r, date_mono_ms() + c->limit_ms);
	end(&r, c->among, status);
	if (r.is_too_much)
		return err_set(err, EFBIG, "%s: more than %zu bytes of output",
			       c->argv[0], c->out->max);
	if (state == IS_LOST)
		return err_set(err, ECHILD, "%s: its status is lost",
			       c->argv[0]);
	if (state == IS_RUNNING)
		return err_set(err, ETIMEDOUT, "%s: no end within %lld ms",
			       c->argv[0], (long long)c->limit_ms);
	return 0;
}

/* --- all of them --- */

void
children_init(struct children *c)
{
	*c = (struct children){ .group = 0 };
	pthread_mutex_init(&c->lock, NULL);
}

void
children_end(struct children *c)
{
	LOCKED(c);

	c->is_over = true;
	if (c->group)
		kill(-c->group, SIGKILL);
}

void
children_clear(struct children *c)
{
	pthread_mutex_destroy(&c->lock);
}
