/* SPDX-License-Identifier: MIT */
/*
 * The log: one line per event, to stderr, syslog or a file.  Any thread; errno
 * survives.  Secrets, signatures and authorisation headers never come here, at
 * any level.  This is the one module with state of its own.
 *
 * Lines begin with the name that main() has given the program, in libc's
 * program_invocation_short_name: we are also called by links and by mount(8), and
 * what looks for our lines should not have to know all those names.
 */
#ifndef UTIL_LOG_H
#define UTIL_LOG_H

#include "util/base.h"
#include "util/err.h"

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};

/* LOG_TO_TERMINAL is standard error too, for a user who knows when, and what he has
 * started: lines without time and process. */
enum log_sink { LOG_TO_STDERR, LOG_TO_TERMINAL, LOG_TO_SYSLOG };

/* Parse "error", "warn", "info" or "debug"; false if it is none of them. */
bool log_level_parse(const char *s, enum log_level *level);

/*
 * Where lines go from now on.  With `path` to that file, appended; it is opened
 * here, so that a failure can be said before the fork.  Main thread, before
 * others exist.
 */
int log_open(enum log_sink sink, const char *path, enum log_level level,
	     struct err *err);
void log_close(void);

/*
 * From here on log_line() never waits: a thread writes the lines.  What does not
 * fit into its queue, or fails, is lost, counted, and told when something can be
 * written again.  After the fork; before it, log_line() writes by itself.
 */
int log_start(struct err *err);

/*
 * The thread opens the file anew before its next line, as after it was renamed; what
 * is not there is made.  If that fails it goes on with what it has, and says so.
 * Any thread; without a file, nothing.
 */
void log_reopen(void);

/* Whether a syslog takes lines here; if not, errno says why. */
bool log_has_syslog(void);

/* The end: write what waits, but do not wait for long where nobody takes it. */
void log_stop(void);

void log_line(enum log_level level, const char *fmt, ...) PRINTF(2, 3);

/* A line for who has started us, on standard error: what is wrong at the start. */
void log_to_terminal(const char *fmt, ...) PRINTF(1, 2);

#define log_err(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...) log_line(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
