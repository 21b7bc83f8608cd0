/* SPDX-License-Identifier: MIT */
/*
 * Where to cut a range of keys in two: see pivot.h.  Pure; any thread.
 */
#include "config.h"

#include "s3/pivot.h"

#include "util/ascii.h"
#include "util/object.h"
#include "util/utf8.h"

/* A word of at least so many of 0-9a-f, of both sorts, is hexadecimal. */
#define HEX_WORD_MIN 6

/* Bytes that follow each other in keys of one kind. */
static const char *const kinds[] = {
	"0123456789",
	"abcdefghijklmnopqrstuvwxyz",
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ",
};
static const char hex_digits[] = "0123456789abcdef";

/* --- plain keys --- */

static bool
is_plain_ascii(char c)
{
	return ascii_is_alnum(c) || (c && strchr("-._~/=", c));
}

size_t
pivot_plain_length(const char *key, size_t key_len)
{
	size_t i = 0, n;

	while (i < key_len) {
		n = is_plain_ascii(key[i]) ? 1 : 0;
		if (key[i] & 0x80)
			n = utf8_length(key + i, key_len - i);
		if (n == 0)
			break;
		i += n;
	}
	return i;
}

/* --- what was seen --- */

/* The place of key[i]; NULL beyond the table. */
static const unsigned char *
find_top(const struct pivot_seen *s, const char *key, size_t i)
{
	size_t depth = 0, begin = 0;

	for (size_t k = 0; k < i; k++) {
		if (key[k] == '/') {
			depth++;
			begin = k + 1;
		}
	}
	if (depth >= PIVOT_DEPTH || i - begin >= PIVOT_WIDTH)
		return NULL;
	return &s->top[depth][i - begin];
}

void
pivot_see(struct pivot_seen *s, const char *key, size_t key_len)
{
	size_t depth = 0, width = 0;

	for (size_t i = 0; i < key_len && depth < PIVOT_DEPTH; i++) {
		unsigned char c = (unsigned char)key[i];

		if (width < PIVOT_WIDTH && c > s->top[depth][width])
			s->top[depth][width] = c;
		width++;
		if (c == '/') {
			depth++;
			width = 0;
		}
	}
}

/* --- digits --- */

/* The kind of the byte at key[i]; NULL if it is of none. */
static const char *
find_kind(const char *key, size_t len, size_t i)
{
	size_t begin = i, end = i;
	bool has_letter = false, has_digit = false;

	if ((key[i] & 0xc0) == 0x80)
		return ""; /* the rest of a character beyond ASCII */
	while (begin > 0 && key[begin - 1] &&
	       strchr(hex_digits, key[begin - 1]))
		begin--;
	while (end < len && key[end] && strchr(hex_digits, key[end]))
		end++;
	for (size_t k = begin; k < end; k++)
		*(ascii_is_digit(key[k]) ? &has_digit : &has_letter) = true;
	if (has_digit && has_letter && end - begin >= HEX_WORD_MIN)
		return hex_digits;
	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++)
		if (key[i] && strchr(kinds[k], key[i]))
			return kinds[k];
	return NULL;
}

/* The first and the last byte of a kind. */
static int
digit_value(const char *kind, unsigned char c)
{
	const char *place;

	if (!*kind)
		return (c & 0xc0) == 0x80 ? c & 0x3f : -1;
	place = c ? strchr(kind, c) : NULL;
	return place ? (int)(place - kind) : -1;
}

static int
n_digits(const char *kind)
{
	return *kind ? (int)strlen(kind) : 64;
}

/* Words are seldom counted up. */
static bool
is_letter(const char *kind)
{
	return kind == kinds[1] || kind == kinds[2];
}

/* key[0..i) and a digit, completed to a well-formed character. */
static size_t
make(char out[PIVOT_MAX], const char *key, size_t i, const char *kind,
     int value)
{
	size_t begin = i, n;

	if (i + 4 > PIVOT_MAX)
		return 0;
	memcpy(out, key, i);
	if (*kind) {
		out[i] = kind[value];
		return i + 1;
	}
	out[i++] = (char)(0x80 | value);
	while (begin > 0 && (out[begin] & 0xc0) == 0x80)
		begin--;
	n = (out[begin] & 0xe0) == 0xc0	  ? 2
	    : (out[begin] & 0xf0) == 0xe0 ? 3
					  : 4;
	while (i < begin + n)
		out[i++] = (char)0x80;
	return i;
}

/* Whether it lies where it must, and may be sent. */
static bool
is_good(const struct pivot_range *r, const struct pivot *p)
{
	return p->len > 0 && pivot_plain_length(p->key, p->len) == p->len &&
	       key_compare(r->last, r->last_len, p->key, p->len) < 0 &&
	       (!r->until ||
		key_compare(p->key, p->len, r->until, r->until_len) < 0);
}

static size_t
common_length(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t i = 0;

	while (i < a_len && i < b_len && a[i] == b[i])
		i++;
	return i;
}

/* last[0..i) and the digit half-way between last[i] and `high`. */
static bool
make_middle(const struct pivot_range *r, size_t i, int high, struct pivot *out)
{
	const char *kind = find_kind(r->last, r->last_len, i);
	int low = digit_value(kind, (unsigned char)r->last[i]);

	if (high - low < 2)
		return false;
	out->step = 0;
	out->len = make(out->key, r->last, i, kind, low + (high - low) / 2);
	return is_good(r, out);
}

/* Between the first digit in which `last` and `until` differ. */
static bool
find_between(const struct pivot_range *r, size_t common, size_t plain,
	     struct pivot *out)
{
	const char *kind;
	int high;

	if (common >= plain || common >= r->until_len)
		return false;
	kind = find_kind(r->last, r->last_len, common);
	if (!kind)
		return false;
	high = digit_value(kind, (unsigned char)r->until[common]);
	if (r->until_len > common + 1)
		high++; /* the digit of `until` has keys before it */
	return make_middle(r, common, high, out);
}

/*
 * Within the directories of `last`, up to the highest digit seen at that place;
 * or up to the highest there is.
 */
static bool
find_middle(const struct pivot_range *r, size_t from, size_t plain,
	    bool is_seen, struct pivot *out)
{
	for (size_t i = from; i < plain; i++) {
		const char *kind = find_kind(r->last, r->last_len, i);
		const unsigned char *top = find_top(r->seen, r->last, i);
		int high = 0;

		if (kind && !is_seen)
			high = n_digits(kind);
		else if (kind && top && !is_letter(kind))
			high = digit_value(kind, *top) + 1;
		if (kind && make_middle(r, i, high, out))
			return true;
	}
	return false;
}

/* The digit at last[i] raised. */
static bool
raise_digit(const struct pivot_range *r, size_t i, int step, struct pivot *out)
{
	const char *kind = find_kind(r->last, r->last_len, i);
	int value = kind ? digit_value(kind, (unsigned char)r->last[i]) : -1;

	if (value < 0 || value + step >= n_digits(kind))
		return false;
	out->len = make(out->key, r->last, i, kind, value + step);
	out->digit = i;
	out->step = step;
	return is_good(r, out);
}

static bool
find_step(const struct pivot_range *r, size_t plain, struct pivot *out)
{
	const struct pivot *before = r->after;
	size_t i = common_length(r->first, r->first_len, r->last, r->last_len);
	size_t carry;

	if (before && before->step > 0) {
		carry = common_length(before->key, before->len, r->first,
				      r->first_len);
		if (carry >= before->digit && before->digit < plain &&
		    raise_digit(r, before->digit, 2 * before->step, out))
			return true;
		/* there was no such digit: the next key differs further up */
		i = carry < before->digit ? carry + 1 : before->digit;
	}
	if (i > plain)
		i = plain;
	while (i-- > 0)
		if (raise_digit(r, i, 1, out))
			return true;
	return false;
}

bool
pivot_find(const struct pivot_range *r, struct pivot *out)
{
	size_t plain = pivot_plain_length(r->last, r->last_len);
	size_t common;
	bool is_found;

	if (plain > r->page_common)
		plain = r->page_common;
	common = r->until ? common_length(r->last, r->last_len, r->until,
					  r->until_len)
			  : 0;
	is_found = r->until && (find_between(r, common, plain, out) ||
				find_middle(r, common + 1, plain, true, out));
	is_found = is_found || find_step(r, plain, out) ||
		   find_middle(r, common, plain, false, out);
	out->key[is_found ? out->len : 0] = '\0';
	return is_found;
}
