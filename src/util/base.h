/* SPDX-License-Identifier: MIT */
/*
 * What every file of ours may use: allocation that cannot fail, ownership that
 * shows in the source, and a few macros.  Any thread.
 *
 * xmalloc() and friends are for small allocations whose size we decide: running
 * out there ends the process with one message.  Anything whose size a server
 * or a user decides goes through a buf (util/buf.h), which has a cap.
 */
#ifndef UTIL_BASE_H
#define UTIL_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* CLEANUP (fn): call fn (&variable) when the variable goes out of scope. */
#define CLEANUP(fn) __attribute__((cleanup(fn)))

/* The struct that holds `member` at address `ptr`. */
#define CONTAINER_OF(ptr, type, member)                                        \
	((type *)(void *)((char *)(ptr)-offsetof(type, member)))

/* Hand over what *p owns: yields the pointer and leaves NULL behind. */
#define steal(p)                                                               \
	({                                                                     \
		__typeof__(*(p)) _p = *(p);                                    \
		*(p) = NULL;                                                   \
		_p;                                                            \
	})

/* In util/log.c: the message goes where the log does, and to standard error. */
void die_no_memory(void) __attribute__((noreturn));

static inline void *
xrealloc(void *p, size_t n)
{
	p = realloc(p, n ? n : 1);
	if (!p)
		die_no_memory();
	return p;
}

static inline void *
xmalloc(size_t n)
{
	return xrealloc(NULL, n);
}

static inline void *
xcalloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);

	if (!p)
		die_no_memory();
	return p;
}

#define xnew(type) ((type *)xcalloc(1, sizeof(type)))

static inline char *
xstrndup(const char *s, size_t n)
{
	char *p = xmalloc(n + 1);

	memcpy(p, s, n);
	p[n] = '\0';
	return p;
}

static inline char *
xstrdup(const char *s)
{
	return xstrndup(s, strlen(s));
}

static inline char *
xstrdup_or_null(const char *s)
{
	return s ? xstrdup(s) : NULL;
}

/* A formatted string on the heap; vasprintf(3) may leave pieces there. */
static inline char *PRINTF(1, 2) xasprintf(const char *fmt, ...)
{
	va_list ap, again;
	char *s;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		die_no_memory();
	s = xmalloc((size_t)n + 1);
	vsnprintf(s, (size_t)n + 1, fmt, again);
	va_end(again);
	return s;
}

static inline void
free_ptr(void *p)
{
	free(*(void **)p);
}

#define CLEANUP_FREE CLEANUP(free_ptr)

#endif
