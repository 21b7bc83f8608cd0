/* SPDX-License-Identifier: MIT */
/*
 * Growable bytes with a cap that must be named at the start, so that nobody
 * outside can make us grow without bound.  Any thread, one at a time.
 *
 * Invariants: data[len] is always '\0' once something was added, and
 * len <= max.  An addition that would pass the cap, or that finds no memory,
 * returns -EFBIG or -ENOMEM and leaves the content as it was.
 */
#ifndef UTIL_BUF_H
#define UTIL_BUF_H

#include "util/base.h"

struct buf {
	char *data; /* NULL while empty */
	size_t len;
	size_t size; /* allocated */
	size_t max;
	bool is_secret; /* no copy is left in memory that was freed */
};

#define BUF_INIT(cap)                                                          \
	{                                                                      \
		.data = NULL, .len = 0, .size = 0, .max = (cap)                \
	}
#define BUF_INIT_SECRET(cap)                                                   \
	{                                                                      \
		.data = NULL, .len = 0, .size = 0, .max = (cap),               \
		.is_secret = true                                              \
	}

void buf_init(struct buf *b, size_t max);
void buf_clear(struct buf *b); /* free the bytes; cap and secrecy stay */
int buf_add(struct buf *b, const void *data, size_t len);
int buf_reserve(struct buf *b, size_t more); /* so that as much can be added */
void buf_trim(struct buf *b); /* nothing more is added, as a rule */
int buf_add_str(struct buf *b, const char *s);
int buf_printf(struct buf *b, const char *fmt, ...) PRINTF(2, 3);

/* The text so far, "" while empty; valid until the next addition. */
const char *buf_str(const struct buf *b);

/* Hand the bytes over to the caller, who frees them; the buf is empty again. */
char *buf_steal(struct buf *b);

#define CLEANUP_BUF CLEANUP(buf_clear)

#endif
