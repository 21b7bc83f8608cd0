/* SPDX-License-Identifier: MIT */
/*
 * Strings as JSON has them: see json-text.h.  Pure; any thread.
 */
#include "config.h"

#include "util/json-text.h"

#include "util/uri.h"
#include "util/utf8.h"

/* A character as it stands in a string, NUL-terminated; returns how long it was. */
static size_t
print_character(const char *s, size_t len, char out[8])
{
	unsigned char c = (unsigned char)*s;
	size_t n = utf8_length(s, len);

	if (n == 0)
		sprintf(out, "\\\\x%02x", c);
	else if (c == '"' || c == '\\')
		sprintf(out, "\\%c", c);
	else if (c < 0x20)
		sprintf(out, "\\u%04x", c);
	else
		*(char *)mempcpy(out, s, n) = '\0';
	return n ? n : 1;
}

/* Bytes from here that stand for themselves in a string: whole characters. */
static size_t
plain_length(const char *s, size_t len)
{
	size_t n = 0, next;

	while (n < len && (unsigned char)s[n] >= 0x20 && s[n] != '"' &&
	       s[n] != '\\' && (next = utf8_length(s + n, len - n)) > 0)
		n += next;
	return n;
}

int
json_add_start(struct buf *out, const char *s, size_t len, size_t max,
	       size_t *used)
{
	int rc = buf_add_str(out, "\"");

	for (*used = 0; *used < len && rc == 0;) {
		char text[8];
		const char *from = s + *used;
		size_t left = len - *used, n, width;

		n = width = plain_length(from, left < max ? left : max);
		if (n == 0) {
			n = print_character(from, left, text);
			width = strlen(text);
			from = text;
		}
		if (width > max)
			break;
		rc = buf_add(out, from, width);
		max -= width;
		*used += n;
	}
	return rc ? rc : buf_add_str(out, "\"");
}

int
json_add_string(struct buf *out, const char *s)
{
	size_t used;

	return json_add_start(out, s, strlen(s), SIZE_MAX, &used);
}

/* --- keys --- */

static bool
is_utf8(const char *s, size_t len)
{
	while (len > 0) {
		size_t n = utf8_length(s, len);

		if (n == 0)
			return false;
		s += n;
		len -= n;
	}
	return true;
}

/* As much as fits, without a piece of an escape. */
static int
add_url(struct buf *out, const char *key, size_t len, size_t max, bool *is_cut)
{
	struct buf url CLEANUP_BUF = BUF_INIT(3 * len + 1);
	int rc = uri_encode(&url, key, len, true);
	size_t end = url.len;

	*is_cut = end > max;
	if (*is_cut) {
		end = max;
		if (url.data[end - 1] == '%')
			end--;
		else if (url.data[end - 2] == '%')
			end -= 2;
	}
	return rc ? rc : json_add_start(out, url.data, end, SIZE_MAX, &end);
}

int
json_add_key(struct buf *out, const char *key, size_t len, size_t max,
	     struct json_key *shown)
{
	size_t used;
	int rc;

	*shown = (struct json_key){ .is_url_encoded = !is_utf8(key, len) };
	if (shown->is_url_encoded)
		return add_url(out, key, len, max, &shown->is_cut);
	rc = json_add_start(out, key, len, max, &used);
	shown->is_cut = used < len;
	return rc;
}
