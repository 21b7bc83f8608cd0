/* SPDX-License-Identifier: MIT */
/*
 * The log: see log.h.  Any thread.
 *
 * Who logs puts a line into a queue; one thread writes them, each with one
 * write(2) or syslog(3), so lines do not mix.  It alone waits where nobody
 * reads the pipe, the terminal was stopped, or the disk hangs.  To make the
 * descriptor non-blocking instead would change it for all who share it, and
 * does nothing for disks and syslog.
 */
#include "config.h"

#include "util/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "util/date.h"
#include "util/escape.h"
#include "util/lock.h"
#include "util/thread.h"

#define QUEUE_MAX (256 * 1024) /* bytes of lines that wait */
#define STOP_WAIT_MS 500 /* to write them when the program ends */

struct line {
	struct line *next;
	enum log_level level;
	size_t len;
	char text[];
};

/* Set by log_open() before there are threads; then whoever writes opens it anew. */
static struct {
	enum log_level level;
	enum log_sink sink;
	char *path; /* of the file; NULL: none */
	atomic_int fd;
} sink = { LOG_LEVEL_WARN, LOG_TO_STDERR, NULL, STDERR_FILENO };

static struct {
	pthread_t thread; /* main thread only */
	bool is_torn; /* whoever writes: the last line has no end */

	/* under lock */
	pthread_mutex_t lock;
	pthread_cond_t is_changed;
	bool is_started, is_ending, has_ended;
	bool must_reopen;
	struct line *first, **last; /* what waits to be written */
	size_t n_bytes;
	unsigned long n_lost; /* and not said yet */
} queue = { .lock = PTHREAD_MUTEX_INITIALIZER,
	    .is_changed = PTHREAD_COND_INITIALIZER,
	    .last = &queue.first };

static const struct {
	const char *name;
	int priority;
} levels[] = {
	[LOG_LEVEL_ERROR] = { "error", LOG_ERR },
	[LOG_LEVEL_WARN] = { "warn", LOG_WARNING },
	[LOG_LEVEL_INFO] = { "info", LOG_INFO },
	[LOG_LEVEL_DEBUG] = { "debug", LOG_DEBUG },
};

bool
log_level_parse(const char *s, enum log_level *level)
{
	for (size_t i = 0; i < ARRAY_SIZE(levels); i++) {
		if (strcmp(s, levels[i].name) == 0) {
			*level = (enum log_level)i;
			return true;
		}
	}
	return false;
}

static int
open_file(const char *path)
{
	return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
}

int
log_open(enum log_sink to, const char *path, enum log_level level,
	 struct err *err)
{
	int fd = STDERR_FILENO;

	if (path) {
		fd = open_file(path);
		if (fd < 0)
			return err_set(err, errno, "log file %s: %s", path,
				       strerror(errno));
		to = LOG_TO_STDERR; /* the same way of writing */
	}
	if (to == LOG_TO_SYSLOG)
		openlog(program_invocation_short_name, LOG_PID, LOG_DAEMON);
	log_close();
	sink.path = xstrdup_or_null(path);
	sink.level = level;
	sink.sink = to;
	sink.fd = fd;
	return 0;
}

void
log_close(void)
{
	if (sink.fd != STDERR_FILENO)
		close(sink.fd);
	sink.fd = STDERR_FILENO;
	free(steal(&sink.path));
}

/* As syslog(3) would connect to it: by datagrams, or else by a stream. */
bool
log_has_syslog(void)
{
	const struct sockaddr_un to = { .sun_family = AF_UNIX,
					.sun_path = _PATH_LOG };
	const int types[] = { SOCK_DGRAM, SOCK_STREAM };
	bool is_there = false;

	for (size_t i = 0; i < ARRAY_SIZE(types) && !is_there; i++) {
		int fd = socket(AF_UNIX, types[i] | SOCK_CLOEXEC, 0), saved;

		is_there = connect(fd, (const struct sockaddr *)&to,
				   sizeof(to)) == 0;
		saved = errno;
		if (fd >= 0)
			close(fd);
		errno = saved;
	}
	return is_there;
}

/* --- writing --- */

/* Text for the sink: a whole line, or what syslog makes one of. */
static struct line *
new_line(enum log_level level, const char *text)
{
	size_t size =
		strlen(text) + strlen(program_invocation_short_name) + 100;
	struct line *l = xmalloc(sizeof(*l) + size);
	char when[DATE_ISO_LEN];
	int n;

	l->next = NULL;
	l->level = level;
	date_print_iso(date_now(), when);
	if (sink.sink == LOG_TO_SYSLOG)
		n = snprintf(l->text, size, "%s", text);
	else if (sink.sink == LOG_TO_TERMINAL)
		n = snprintf(l->text, size, "%s: %s: %s\n",
			     program_invocation_short_name, levels[level].name,
			     text);
	else
		n = snprintf(l->text, size, "%s %s[%d]: %s: %s\n", when,
			     program_invocation_short_name, (int)getpid(),
			     levels[level].name, text);
	l->len = (size_t)n;
	return l;
}

/* All of it, or false: a full disk must not stop the mount. */
static bool
write_text(const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(sink.fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		text += n;
		len -= (size_t)n;
		queue.is_torn = len > 0;
	}
	return true;
}

/* Frees it; false if it is lost. */
static bool
write_line(struct line *l)
{
	bool is_good = true;

	if (sink.sink == LOG_TO_SYSLOG)
		syslog(levels[l->level].priority, "%s", l->text);
	else
		is_good = (!queue.is_torn || write_text("\n", 1)) &&
			  write_text(l->text, l->len);
	free(l);
	return is_good;
}

/* What could not be written is counted, and said as soon as something can. */
static void
write_and_count(struct line *l)
{
	char text[80];
	unsigned long n_lost, n_failed;

	pthread_mutex_lock(&queue.lock);
	n_lost = queue.n_lost;
	pthread_mutex_unlock(&queue.lock);
	snprintf(text, sizeof(text), "%lu lines of the log were lost", n_lost);
	if (n_lost > 0 && !write_line(new_line(LOG_LEVEL_ERROR, text)))
		n_lost = 0; /* not said yet */
	n_failed = write_line(l) ? 0 : 1;
	pthread_mutex_lock(&queue.lock);
	queue.n_lost += n_failed;
	queue.n_lost -= n_lost;
	pthread_mutex_unlock(&queue.lock);
}

/* --- the thread --- */

static void
reopen(void)
{
	int fd = open_file(sink.path), old = sink.fd;
	char text[160];

	if (fd < 0) {
		snprintf(text, sizeof(text),
			 "the log can't be opened again: %s", strerror(errno));
		write_and_count(new_line(LOG_LEVEL_ERROR, text));
		return;
	}
	queue.is_torn = false; /* the end of the old one */
	sink.fd = fd;
	close(old);
}

void
log_reopen(void)
{
	LOCKED(&queue);

	queue.must_reopen = sink.path != NULL;
	pthread_cond_signal(&queue.is_changed);
}

/*
 * The next line, or NULL at the end, or if the file is to be opened anew before
 * it.
 */
static struct line *
wait_for_line(bool *must_reopen)
{
	struct line *l;
	LOCKED(&queue);

	while (!queue.first && !queue.is_ending && !queue.must_reopen)
		pthread_cond_wait(&queue.is_changed, &queue.lock);
	*must_reopen = queue.must_reopen;
	queue.must_reopen = false;
	if (*must_reopen)
		return NULL;
	l = queue.first;
	if (!l) {
		queue.has_ended = true;
		pthread_cond_signal(&queue.is_changed);
		return NULL;
	}
	queue.first = l->next;
	if (!queue.first)
		queue.last = &queue.first;
	queue.n_bytes -= l->len;
	return l;
}

static void *
write_lines(void *arg)
{
	bool must_reopen;
	struct line *l;

	while ((l = wait_for_line(&must_reopen)) || must_reopen) {
		if (must_reopen)
			reopen();
		else
			write_and_count(l);
	}
	return arg;
}

int
log_start(struct err *err)
{
	int rc = thread_start(&queue.thread, write_lines, NULL);

	if (rc)
		return err_set(err, rc, "no thread for the log: %s",
			       strerror(rc));
	queue.is_started = true;
	return 0;
}

void
log_stop(void)
{
	struct timespec until;
	bool has_ended;

	if (!queue.is_started)
		return;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += STOP_WAIT_MS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&queue.lock);
	queue.is_ending = true;
	pthread_cond_signal(&queue.is_changed);
	while (!queue.has_ended &&
	       pthread_cond_clockwait(&queue.is_changed, &queue.lock,
				      CLOCK_MONOTONIC, &until) == 0)
		continue;
	has_ended = queue.has_ended;
	queue.is_started = !has_ended;
	pthread_mutex_unlock(&queue.lock);
	if (has_ended)
		pthread_join(queue.thread, NULL);
	else
		pthread_detach(queue.thread); /* nobody reads what it writes */
}

/* Takes it, unless there is no thread: false. */
static bool
enqueue(struct line *l)
{
	LOCKED(&queue);

	if (!queue.is_started)
		return false;
	if (queue.n_bytes + l->len > QUEUE_MAX) {
		queue.n_lost++;
		free(l);
		return true;
	}
	*queue.last = l;
	queue.last = &l->next;
	queue.n_bytes += l->len;
	pthread_cond_signal(&queue.is_changed);
	return true;
}

void
log_line(enum log_level level, const char *fmt, ...)
{
	int saved = errno; /* the caller's, and restored in the last line */
	char raw[2048], text[2048];
	struct line *l;
	va_list ap;

	if (level > sink.level)
		return;
	va_start(ap, fmt);
	vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	escape_text(text, sizeof(text), raw, strlen(raw));
	l = new_line(level, text);
	if (!enqueue(l))
		write_and_count(l);
	errno = saved;
}

void
log_to_terminal(const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fprintf(stderr, "%s: %s\n", program_invocation_short_name, text);
}

/*
 * Without the queue, since what it needs is memory.  In the background standard
 * error is /dev/null, and the log is where somebody looks.
 */
void
die_no_memory(void)
{
	char msg[80];
	int len = snprintf(msg, sizeof(msg), "%.50s: out of memory\n",
			   program_invocation_short_name);
	ssize_t n = write(STDERR_FILENO, msg, (size_t)len);

	alarm(1); /* should the log hang: syslog(3) has a lock as well */
	if (sink.sink == LOG_TO_SYSLOG)
		syslog(LOG_ERR, "out of memory");
	else if (sink.fd != STDERR_FILENO)
		n = write(sink.fd, msg, (size_t)len);
	(void)n;
	abort();
}
