/* SPDX-License-Identifier: MIT */
/*
 * Words of a command: see words.h.  Pure.
 */
#include "config.h"

#include "auth/words.h"

#include <errno.h>

#include "util/wipe.h"

#define BLANKS " \t\r\n"

/* '...', from behind the quote; returns what is behind the other one, or NULL. */
static const char *
copy_literal(const char *from, char **to)
{
	for (; *from != '\''; from++) {
		if (*from == '\0')
			return NULL;
		*(*to)++ = *from;
	}
	return from + 1;
}

/* "..." likewise. */
static const char *
copy_quoted(const char *from, char **to)
{
	for (; *from != '"'; from++) {
		if (*from == '\0')
			return NULL;
		if (*from == '\\' && (from[1] == '"' || from[1] == '\\'))
			from++;
		*(*to)++ = *from;
	}
	return from + 1;
}

/* One word; returns what is behind it, NULL if it has no end. */
static const char *
copy_word(const char *from, char *to)
{
	while (from && *from && !strchr(BLANKS, *from)) {
		if (*from == '\'') {
			from = copy_literal(from + 1, &to);
		} else if (*from == '"') {
			from = copy_quoted(from + 1, &to);
		} else {
			if (*from == '\\')
				from++;
			if (*from == '\0')
				return NULL;
			*to++ = *from++;
		}
	}
	*to = '\0';
	return from;
}

int
words_split(struct words *out, const char *text, struct err *err)
{
	*out = (struct words){ .n = 0 };
	for (text += strspn(text, BLANKS); *text;
	     text += strspn(text, BLANKS)) {
		if (out->n == WORDS_MAX) {
			words_clear(out);
			return err_set(err, EINVAL, "more than %d words",
				       WORDS_MAX);
		}
		out->word[out->n] = xcalloc(1, strlen(text) + 1);
		text = copy_word(text, out->word[out->n++]);
		if (!text) {
			words_clear(out);
			return err_set(err, EINVAL,
				       "a quotation without its end");
		}
	}
	return 0;
}

void
words_clear(struct words *w)
{
	for (size_t i = 0; i < w->n; i++)
		wipe_free(w->word[i]);
	*w = (struct words){ .n = 0 };
}
