/* SPDX-License-Identifier: MIT */
/*
 * Strict JSON: see json-strict.h.  Pure; any thread.  A parser by recursive
 * descent, whose depth has a cap; each function takes one production off the
 * front and copies it.
 */
#include "config.h"

#include "util/json-strict.h"

#include <errno.h>

#include "util/ascii.h"
#include "util/utf8.h"

struct reader {
	const char *start, *s, *end;
	struct buf *out;
	unsigned depth;
	struct err *err;
};

static int
bad(struct reader *r, const char *what)
{
	return err_set(r->err, EBADMSG, "not JSON: %s at byte %zu", what,
		       (size_t)(r->s - r->start));
}

/* The next byte, or 0 at the end: no NUL is valid anywhere. */
static char
peek(const struct reader *r)
{
	return r->s < r->end ? *r->s : '\0';
}

static int
copy(struct reader *r, const char *data, size_t len)
{
	if (buf_add(r->out, data, len))
		return err_set(r->err, EFBIG, "JSON too long");
	return 0;
}

/* Take `len` bytes as they are. */
static int
take(struct reader *r, size_t len)
{
	const char *s = r->s;

	r->s += len;
	return copy(r, s, len);
}

static void
skip_blanks(struct reader *r)
{
	while (r->s < r->end && strchr(" \t\r\n", *r->s) && *r->s)
		r->s++;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* --- strings --- */

static int
take_escape(struct reader *r)
{
	size_t left = (size_t)(r->end - r->s);

	if (left < 2 || r->s[1] == '\0' || !strchr("\"\\/bfnrtu", r->s[1]))
		return bad(r, "unknown escape");
	if (r->s[1] != 'u')
		return take(r, 2);
	for (size_t i = 2; i < 6; i++)
		if (i >= left || !ascii_is_hex(r->s[i]))
			return bad(r, "escape without four digits");
	if (memcmp(r->s + 2, "0000", 4) == 0)
		return bad(r, "NUL in a string");
	return take(r, 6); /* surrogates in pairs: cJSON sees to it */
}

/* Bytes up to the next quote, backslash or what is not allowed. */
static size_t
plain_length(const struct reader *r)
{
	const char *s = r->s;

	while (s < r->end && *s != '"' && *s != '\\' &&
	       (unsigned char)*s >= 0x20) {
		size_t n = utf8_length(s, (size_t)(r->end - s));

		if (n == 0)
			break;
		s += n;
	}
	return (size_t)(s - r->s);
}

static int
take_string(struct reader *r, const char *tag)
{
	int rc;

	if (peek(r) != '"')
		return bad(r, "no string");
	rc = take(r, 1);
	if (rc == 0)
		rc = copy(r, tag, strlen(tag));
	while (rc == 0) {
		size_t n = plain_length(r);

		if (n > 0)
			rc = take(r, n);
		else if (peek(r) == '"')
			return take(r, 1);
		else if (peek(r) == '\\')
			rc = take_escape(r);
		else
			rc = bad(r, "control byte, or not UTF-8, in a string");
	}
	return rc;
}

/* --- numbers and words --- */

static const char *
skip_digits(const char *s, const char *end)
{
	while (s < end && is_digit(*s))
		s++;
	return s;
}

/* Where the number at `s` ends, or NULL if there is none. */
static const char *
number_end(const char *s, const char *end)
{
	const char *digits;

	if (s < end && *s == '-')
		s++;
	digits = s;
	s = skip_digits(s, end);
	if (s == digits || (*digits == '0' && s - digits > 1))
		return NULL;
	if (s < end && *s == '.') {
		digits = ++s;
		s = skip_digits(s, end);
		if (s == digits)
			return NULL;
	}
	if (s < end && (*s == 'e' || *s == 'E')) {
		s++;
		if (s < end && (*s == '+' || *s == '-'))
			s++;
		digits = s;
		s = skip_digits(s, end);
		if (s == digits)
			return NULL;
	}
	return s;
}

static int
take_number(struct reader *r)
{
	static const char open[] = { '"', JSON_NUMBER };
	const char *end = number_end(r->s, r->end);
	int rc;

	if (!end)
		return bad(r, "no value");
	rc = copy(r, open, sizeof(open));
	if (rc == 0)
		rc = take(r, (size_t)(end - r->s));
	if (rc == 0)
		rc = copy(r, "\"", 1);
	return rc;
}

static int
take_word(struct reader *r)
{
	static const char *const words[] = { "true", "false", "null" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		size_t n = strlen(words[i]);

		if ((size_t)(r->end - r->s) >= n &&
		    memcmp(r->s, words[i], n) == 0)
			return take(r, n);
	}
	return bad(r, "no value");
}

/* --- values --- */

static int take_value(struct reader *r);

static int
take_member(struct reader *r)
{
	int rc = take_string(r, "");

	if (rc)
		return rc;
	skip_blanks(r);
	if (peek(r) != ':')
		return bad(r, "no colon");
	rc = take(r, 1);
	return rc ? rc : take_value(r);
}

/* An array or an object: "[" item "," ... "]". */
static int
take_list(struct reader *r, char close, int (*item)(struct reader *r))
{
	int rc = take(r, 1);

	if (rc == 0 && ++r->depth > JSON_DEPTH_MAX)
		return bad(r, "nested too deeply");
	skip_blanks(r);
	if (rc == 0 && peek(r) == close) {
		r->depth--;
		return take(r, 1);
	}
	while (rc == 0) {
		skip_blanks(r);
		rc = item(r);
		if (rc)
			break;
		skip_blanks(r);
		if (peek(r) == close) {
			r->depth--;
			return take(r, 1);
		}
		if (peek(r) != ',')
			return bad(r, "no comma");
		rc = take(r, 1);
	}
	return rc;
}

static int
take_value(struct reader *r)
{
	static const char tag[] = { JSON_STRING, '\0' };

	skip_blanks(r);
	switch (peek(r)) {
	case '{':
		return take_list(r, '}', take_member);
	case '[':
		return take_list(r, ']', take_value);
	case '"':
		return take_string(r, tag);
	case 't':
	case 'f':
	case 'n':
		return take_word(r);
	default:
		return take_number(r);
	}
}

int
json_strict(struct buf *out, const char *data, size_t len, struct err *err)
{
	struct reader r = { .start = data,
			    .s = data,
			    .end = data + len,
			    .out = out,
			    .depth = 0,
			    .err = err };
	int rc = take_value(&r);

	if (rc)
		return rc;
	skip_blanks(&r);
	return r.s == r.end ? 0 : bad(&r, "more after the value");
}
