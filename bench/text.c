/* SPDX-License-Identifier: MIT */
/*
 * Growable text and the encodings of S3: see text.h.
 */
#include "config.h"

#include "text.h"

#include <stdarg.h>

void *
must_realloc(void *p, size_t n)
{
	p = realloc(p, n);
	if (!p) {
		perror("store");
		exit(1);
	}
	return p;
}

void
text_clear(struct text *t)
{
	free(t->data);
	*t = (struct text){ 0 };
}

char *
text_room(struct text *t, size_t n)
{
	if (t->size - t->len < n) {
		t->size = 2 * t->size + n;
		t->data = must_realloc(t->data, t->size);
	}
	return t->data + t->len;
}

void
text_add(struct text *t, const char *s, size_t len)
{
	if (len)
		memcpy(text_room(t, len), s, len);
	t->len += len;
}

void
text_str(struct text *t, const char *s)
{
	text_add(t, s, strlen(s));
}

void
text_printf(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	va_start(ap, fmt);
	vsnprintf(text_room(t, (size_t)n + 1), (size_t)n + 1, fmt, ap);
	va_end(ap);
	t->len += (size_t)n;
}

static bool
is_plain(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       (c >= 'A' && c <= 'Z') || c == '/' || c == '.' || c == '-' ||
	       c == '_' || c == '~' || c == '*';
}

void
text_uri(struct text *t, const char *s, size_t len)
{
	static const char digits[] = "0123456789ABCDEF";
	char *out = text_room(t, 3 * len), *start = out;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if (is_plain(c)) {
			*out++ = (char)c;
		} else if (c == ' ') {
			*out++ = '+';
		} else {
			*out++ = '%';
			*out++ = digits[c >> 4];
			*out++ = digits[c & 15];
		}
	}
	t->len += (size_t)(out - start);
}

void
text_xml(struct text *t, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		switch (s[i]) {
		case '&':
			text_str(t, "&amp;");
			break;
		case '<':
			text_str(t, "&lt;");
			break;
		case '>':
			text_str(t, "&gt;");
			break;
		case '"':
			text_str(t, "&quot;");
			break;
		default:
			text_add(t, s + i, 1);
		}
	}
}

static const char lower_digits[] = "0123456789abcdef";

void
text_hex(struct text *t, const char *s, size_t len)
{
	char *out = text_room(t, 2 * len);

	for (size_t i = 0; i < len; i++) {
		*out++ = lower_digits[(unsigned char)s[i] >> 4];
		*out++ = lower_digits[s[i] & 15];
	}
	t->len += 2 * len;
}

void
print_hex64(char out[16], uint64_t n)
{
	for (int i = 15; i >= 0; i--, n >>= 4)
		out[i] = lower_digits[n & 15];
}

static int
digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 32);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

size_t
uri_undo(char *s, size_t len)
{
	char *out = s;

	for (size_t i = 0; i < len; i++) {
		if (s[i] == '%' && i + 2 < len && digit_of(s[i + 1]) >= 0 &&
		    digit_of(s[i + 2]) >= 0) {
			*out++ = (char)(digit_of(s[i + 1]) * 16 +
					digit_of(s[i + 2]));
			i += 2;
		} else {
			*out++ = s[i] == '+' ? ' ' : s[i];
		}
	}
	return (size_t)(out - s);
}

size_t
hex_undo(char *s, size_t len)
{
	for (size_t i = 0; i + 1 < len; i += 2)
		s[i / 2] = (char)(digit_of(s[i]) * 16 + digit_of(s[i + 1]));
	return len / 2;
}
