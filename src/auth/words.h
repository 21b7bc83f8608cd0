/* SPDX-License-Identifier: MIT */
/*
 * A command as the AWS tools split it into words: like a shell, but without one.  Pure.
 *
 * Source: the Python library's shlex.split(), which botocore uses.
 */
#ifndef AUTH_WORDS_H
#define AUTH_WORDS_H

#include "util/err.h"

#define WORDS_MAX 64

struct words {
	char *word[WORDS_MAX + 1]; /* NULL at the end, as for exec(3) */
	size_t n;
};

/*
 * Blanks are between words; '...' is as it is; in "..." a backslash is for a quote or
 * a backslash, elsewhere for any character.  -EINVAL for a quote without its end, a
 * backslash at the end, or too many; the message has nothing of the text.
 */
int words_split(struct words *out, const char *text, struct err *err);
void words_clear(struct words *w); /* wiped: there may be a secret among them */

#endif
