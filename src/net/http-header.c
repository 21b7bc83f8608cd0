/* SPDX-License-Identifier: MIT */
/*
 * Finding a field in the header of an answer: see http.h.  Pure; in a file of
 * its own so that a test that brings its own http.o still has it.
 */
#include "config.h"

#include "net/http.h"

#include <strings.h>

const char *
http_header(const struct http_answer *a, const char *name, size_t *len)
{
	const char *line = buf_str(&a->head), *end = line + a->head.len, *next;
	size_t n = strlen(name);

	for (; line < end; line = next) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));

		next = stop ? stop + 1 : end;
		stop = stop ? stop : end;
		if ((size_t)(stop - line) <= n || line[n] != ':' ||
		    strncasecmp(line, name, n) != 0 ||
		    memchr(line, '\0', (size_t)(stop - line)))
			continue;
		line += n + 1;
		while (line < stop && (*line == ' ' || *line == '\t'))
			line++;
		while (stop > line && strchr(" \t\r", stop[-1]))
			stop--;
		*len = (size_t)(stop - line);
		return line;
	}
	return NULL;
}

void
http_copy_header(const struct http_answer *a, const char *name, char *out,
		 size_t size)
{
	size_t len = 0;
	const char *value = http_header(a, name, &len);

	if (!value || len >= size)
		len = 0;
	if (len)
		memcpy(out, value, len);
	out[len] = '\0';
}
