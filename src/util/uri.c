/* SPDX-License-Identifier: MIT */
/*
 * Percent-encoding: see uri.h.  Pure.
 */
#include "config.h"

#include "util/uri.h"

#include <errno.h>

#include "util/ascii.h"

/* Not isalnum(): that asks the locale. */
static bool
is_unreserved(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
	       c == '~';
}

int
uri_encode(struct buf *out, const char *s, size_t len, bool keep_slash)
{
	static const char digits[] = "0123456789ABCDEF";
	int rc = 0;

	for (size_t i = 0; i < len && rc == 0; i++) {
		unsigned char c = (unsigned char)s[i];
		char code[3] = { '%', digits[c >> 4], digits[c & 15] };

		if (is_unreserved(s[i]) || (keep_slash && s[i] == '/'))
			rc = buf_add(out, &s[i], 1);
		else
			rc = buf_add(out, code, sizeof(code));
	}
	return rc;
}

static int
compare_params(const void *a, const void *b)
{
	const struct uri_param *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

int
uri_query(struct buf *out, const struct uri_param *params, size_t n)
{
	const struct uri_param *sorted[URI_PARAMS_MAX];
	int rc = n > URI_PARAMS_MAX ? -E2BIG : 0;

	for (size_t i = 0; i < n && rc == 0; i++)
		sorted[i] = &params[i];
	if (rc == 0)
		qsort(sorted, n, sizeof(sorted[0]), compare_params);
	for (size_t i = 0; i < n && rc == 0; i++) {
		const char *name = sorted[i]->name, *value = sorted[i]->value;

		if (i > 0)
			rc = buf_add_str(out, "&");
		if (rc == 0)
			rc = uri_encode(out, name, strlen(name), false);
		if (rc == 0)
			rc = buf_add_str(out, "=");
		if (rc == 0)
			rc = uri_encode(out, value, strlen(value), false);
	}
	return rc;
}

/* How much of it stays as it is: all of most keys. */
static size_t
plain_length(const char *s, size_t len)
{
	const char *percent = memchr(s, '%', len), *plus;
	size_t n = percent ? (size_t)(percent - s) : len;

	plus = memchr(s, '+', n);
	return plus ? (size_t)(plus - s) : n;
}

ssize_t
uri_decode(char *s, size_t len)
{
	size_t n = plain_length(s, len);

	for (size_t i = n; i < len; i++) {
		if (s[i] == '%') {
			int hi = len - i > 2 ? ascii_hex_value(s[i + 1]) : -1;
			int lo = len - i > 2 ? ascii_hex_value(s[i + 2]) : -1;

			if (hi < 0 || lo < 0)
				return -EINVAL;
			s[n++] = (char)(hi << 4 | lo);
			i += 2;
		} else {
			s[n++] = s[i] == '+' ? ' ' : s[i];
		}
	}
	return (ssize_t)n;
}
