/* SPDX-License-Identifier: MIT */
/*
 * Blanks at the ends of lines, where a text has to be of some length.  Any thread.
 */
#ifndef UTIL_FILL_H
#define UTIL_FILL_H

#include "util/buf.h"

/*
 * Add `text`, each line of which ends in a newline, and `blanks` blanks at the ends
 * of its lines: all of them are brought to one width, as far as they are not wider,
 * and what is left then is a column more for the first ones.  0, or as buf_add().
 */
int fill_up(struct buf *out, const char *text, size_t blanks);

/* The same but for the last line, for those who look at last bytes: it stays. */
int fill_up_before_end(struct buf *out, const char *text, size_t blanks);

#endif
