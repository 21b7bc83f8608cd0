/* SPDX-License-Identifier: MIT */
/*
 * Texts of a given length: see fill.h.  Any thread.
 */
#include "config.h"

#include "util/fill.h"

/* Of the first line of a text, each of which ends in a newline. */
static size_t
line_length(const char *text)
{
	return (size_t)(strchrnul(text, '\n') - text);
}

/* How many blanks bring a line of `len` bytes to that width. */
static size_t
missing(size_t len, size_t width)
{
	return len < width ? width - len : 0;
}

/* The same for all lines of a text. */
static size_t
missing_in_all(const char *text, size_t width)
{
	size_t sum = 0;

	while (*text) {
		size_t len = line_length(text);

		sum += missing(len, width);
		text += len + 1;
	}
	return sum;
}

/* What they would have if all of them could have the same. */
static size_t
mean_width(const char *text, size_t blanks)
{
	size_t len = 0, n = 0;

	for (; *text; n++) {
		size_t line = line_length(text);

		len += line;
		text += line + 1;
	}
	return n ? (len + blanks) / n : 0;
}

/* The largest width that takes no more blanks; it may be that of no line. */
static size_t
find_width(const char *text, size_t blanks)
{
	size_t fits = 0, too_wide = mean_width(text, blanks) + 1;

	while (too_wide - fits > 1) {
		size_t middle = fits + (too_wide - fits) / 2;

		if (missing_in_all(text, middle) <= blanks)
			fits = middle;
		else
			too_wide = middle;
	}
	return fits;
}

static int
add_blanks(struct buf *out, size_t n)
{
	static const char some[] = "                                ";
	int rc = 0;

	while (n > 0 && rc == 0) {
		size_t now = n < sizeof(some) - 1 ? n : sizeof(some) - 1;

		rc = buf_add(out, some, now);
		n -= now;
	}
	return rc;
}

int
fill_up(struct buf *out, const char *text, size_t blanks)
{
	size_t width = find_width(text, blanks);
	int rc = 0;

	blanks -= missing_in_all(text, width);
	while (*text && rc == 0) {
		size_t len = line_length(text), n = missing(len, width);

		if (len <= width && blanks > 0) {
			n++;
			blanks--;
		}
		rc = buf_add(out, text, len);
		if (rc == 0)
			rc = add_blanks(out, n);
		if (rc == 0)
			rc = buf_add_str(out, "\n");
		text += len + 1;
	}
	return rc;
}

int
fill_up_before_end(struct buf *out, const char *text, size_t blanks)
{
	const char *newline = strrchr(text, '\n');
	const char *before = memrchr(text, '\n', (size_t)(newline - text));
	const char *end = before ? before + 1 : text;
	char *lines CLEANUP_FREE = xstrndup(text, (size_t)(end - text));
	int rc = fill_up(out, lines, blanks);

	return rc ? rc : buf_add_str(out, end);
}
