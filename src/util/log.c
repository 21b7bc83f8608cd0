/* SPDX-License-Identifier: MIT */
/*
 * The log: see log.h.  Any thread: a line is one write(2) or one syslog(3),
 * so lines of two threads do not mix.
 */
#include "config.h"

#include "util/log.h"

#include <errno.h>
#include <fcntl.h>
#include <syslog.h>
#include <unistd.h>

#include "util/date.h"
#include "util/utf8.h"

/* Set by log_open() before there are threads, read-only afterwards. */
static struct {
	enum log_level level;
	enum log_sink sink;
	int fd;
} sink = { LOG_LEVEL_WARN, LOG_TO_STDERR, STDERR_FILENO };

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

int
log_open(enum log_sink to, const char *path, enum log_level level,
	 struct err *err)
{
	int fd = STDERR_FILENO;

	if (path) {
		fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
			  0640);
		if (fd < 0)
			return err_set(err, errno, "log file %s: %s", path,
				       strerror(errno));
		to = LOG_TO_STDERR; /* the same way of writing */
	}
	if (to == LOG_TO_SYSLOG)
		openlog("dgstatfs", LOG_PID, LOG_DAEMON);
	log_close();
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
}

void
log_line(enum log_level level, const char *fmt, ...)
{
	int saved = errno; /* the caller's, and restored in the last line */
	char raw[1024], text[1024], line[1200], when[DATE_ISO_LEN];
	va_list ap;
	int n;

	if (level > sink.level)
		return;
	va_start(ap, fmt);
	vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	log_escape(text, sizeof(text), raw, strlen(raw));
	if (sink.sink == LOG_TO_SYSLOG) {
		syslog(levels[level].priority, "%s", text);
	} else {
		date_print_iso(date_now(), when);
		n = snprintf(line, sizeof(line), "%s dgstatfs[%d]: %s: %s\n",
			     when, (int)getpid(), levels[level].name, text);
		if (write(sink.fd, line, (size_t)n) < 0) {
			/* a full disk must not stop the mount: the line is lost */
		}
	}
	errno = saved;
}

/*
 * Bytes of the printable character at the start of `s`, or 0.  U+0080 to
 * U+009F are well-formed, but control a terminal as ESC does.
 */
static size_t
printable_length(const char *s, size_t len)
{
	unsigned char c = (unsigned char)s[0];
	size_t n = c < 0x20 || c == 0x7f ? 0 : utf8_length(s, len);

	return n == 2 && c == 0xc2 && (unsigned char)s[1] < 0xa0 ? 0 : n;
}

void
log_escape(char *out, size_t size, const char *in, size_t len)
{
	size_t used = 0;

	for (size_t i = 0; i < len;) {
		unsigned char c = (unsigned char)in[i];
		size_t n = printable_length(in + i, len - i);

		if (used + (n ? n : 4) >= size)
			break;
		if (n) {
			memcpy(out + used, in + i, n);
			used += n;
		} else {
			used += (size_t)sprintf(out + used, "\\x%02x", c);
		}
		i += n ? n : 1;
	}
	out[used] = '\0';
}
