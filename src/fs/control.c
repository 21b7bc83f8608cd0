/* SPDX-License-Identifier: MIT */
/*
 * Commands of control files: see control.h.  Pure.
 */
#include "config.h"

#include "fs/control.h"

#include <errno.h>

#include "stats/mode.h"

struct word {
	const char *text;
	size_t len;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The next word of *text, which moves behind it; false at the end. */
static bool
take_word(const char **text, const char *end, struct word *w)
{
	while (*text < end && is_blank(**text))
		(*text)++;
	w->text = *text;
	while (*text < end && !is_blank(**text))
		(*text)++;
	w->len = (size_t)(*text - w->text);
	return w->len > 0;
}

static bool
is_word(const struct word *w, const char *s)
{
	return w->len == strlen(s) && memcmp(w->text, s, w->len) == 0;
}

static int
reject(struct err *err, const struct word *w, const char *known)
{
	return err_set(err, EINVAL, "\"%.*s\" is none of %s",
		       w->len > 40 ? 40 : (int)w->len, w->text, known);
}

int
control_parse_refresh(const char *text, size_t len, unsigned *modes,
		      struct err *err)
{
	const char *end = text + len;
	unsigned n_words = 0, found = 0;
	bool is_all = false;
	struct word w;

	while (take_word(&text, end, &w)) {
		unsigned bit = 0;

		for (int mode = 0; mode < N_MODES; mode++)
			if (is_word(&w, mode_names[mode]))
				bit = 1u << mode;
		is_all = is_all || is_word(&w, "all") || is_word(&w, "1");
		if ((!bit && !is_all) || (is_all && n_words > 0))
			return reject(err, &w, "quick, sampled, detailed, all");
		found |= bit;
		n_words++;
	}
	*modes = is_all || n_words == 0 ? (1u << N_MODES) - 1 : found;
	return 0;
}

int
control_parse_nocache(const char *text, size_t len, bool *is_on,
		      struct err *err)
{
	static const struct {
		const char *word;
		bool is_on;
	} words[] = {
		{ "1", true },	    { "y", true },    { "yes", true },
		{ "on", true },	    { "true", true }, { "0", false },
		{ "n", false },	    { "no", false },  { "off", false },
		{ "false", false },
	};
	const char *end = text + len;
	struct word w, more;

	if (!take_word(&text, end, &w))
		return err_set(err, EINVAL, "empty command");
	if (take_word(&text, end, &more))
		return reject(err, &more, "the words that may follow");
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (is_word(&w, words[i].word)) {
			*is_on = words[i].is_on;
			return 0;
		}
	}
	return reject(err, &w, "1 y yes on true 0 n no off false");
}
