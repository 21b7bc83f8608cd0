/* SPDX-License-Identifier: MIT */
/*
 * Where to cut a range of keys in two: see pivot.h.  Pure; any thread.
 */
#include "config.h"

#include "list/pivot.h"

#include "list/start-after.h"
#include "util/ascii.h"
#include "util/object.h"

/* A word of at least so many of 0-9a-f, of both sorts, is hexadecimal. */
#define HEX_WORD_MIN 6

/* Digits that are enough for a fraction. */
#define PLACES_MAX 24

/* Bytes that follow each other in keys of one kind. */
static const char *const kinds[] = {
	"0123456789",
	"abcdefghijklmnopqrstuvwxyz",
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ",
};
static const char hex_digits[] = "0123456789abcdef";

/* --- what was seen --- */

/* The place of key[i]; NULL beyond the table. */
static const uint64_t *
find_place(const struct pivot_seen *s, const char *key, size_t i)
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
	return s->bytes[depth][i - begin];
}

static bool
was_seen(const uint64_t *place, unsigned char c)
{
	return place[c / 64] >> (c % 64) & 1;
}

void
pivot_see(struct pivot_seen *s, const char *key, size_t key_len)
{
	size_t depth = 0, width = 0;

	for (size_t i = 0; i < key_len && depth < PIVOT_DEPTH; i++) {
		unsigned char c = (unsigned char)key[i];

		if (width < PIVOT_WIDTH)
			s->bytes[depth][width][c / 64] |= (uint64_t)1
							  << (c % 64);
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

/* -1: it is not of that kind. */
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
	memmove(out, key, i);
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

/* Whether the end is the name of a key there: that step was too large before. */
static bool
was_tried(const struct pivot_range *r, const struct pivot *p)
{
	return r->until && key_common_length(p->key, p->len, r->until,
					     r->until_len) == p->len;
}

/* Whether it lies where it must, and may be sent. */
static bool
is_good(const struct pivot_range *r, const struct pivot *p)
{
	return start_after_is_plain(p->key, p->len) &&
	       key_compare(r->last, r->last_len, p->key, p->len) < 0 &&
	       (!r->until ||
		key_compare(p->key, p->len, r->until, r->until_len) < 0);
}

/* --- keys as numbers --- */

/* What the byte at last[i] counts in; of no kind: `kind` is NULL, and 1. */
struct position {
	const char *kind;
	int low, high; /* digits */
};

static unsigned char
digit_byte(const char *kind, int value)
{
	return (unsigned char)(*kind ? kind[value] : 0x80 | value);
}

static bool
is_first_of_run(const struct pivot_range *r, size_t i, const char *kind)
{
	return i == 0 || digit_value(kind, (unsigned char)r->last[i - 1]) < 0;
}

/* Of all digits of its kind, those up to the highest that was seen. */
static void
narrow(struct position *p, const uint64_t *seen)
{
	p->high = n_digits(p->kind) - 1;
	while (p->high > 0 && !was_seen(seen, digit_byte(p->kind, p->high)))
		p->high--;
	while (p->low < p->high && !was_seen(seen, digit_byte(p->kind, p->low)))
		p->low++;
}

/*
 * The first digit of a number goes as far as was seen, the others roll over:
 * days to 3x, x to 9.  Letters are as they were seen.
 */
static struct position
find_place_digits(const struct pivot_range *r, size_t i)
{
	const char *kind = find_kind(r->last, r->last_len, i);
	const uint64_t *seen = find_place(r->seen, r->last, i);
	struct position p = { .kind = kind };

	if (!kind)
		return p;
	if (seen && (is_letter(kind) || is_first_of_run(r, i, kind)))
		narrow(&p, seen);
	else
		p.high = n_digits(kind) - 1;
	return p;
}

/*
 * Where `key` is, as a fraction of all keys that begin as last[0..from) does.
 */
static double
position(const struct pivot_range *r, size_t from, const char *key, size_t len)
{
	double x = 0, scale = 1;

	for (size_t i = from;
	     i < len && i < r->last_len && i < from + PLACES_MAX; i++) {
		struct position p = find_place_digits(r, i);
		unsigned char c = (unsigned char)key[i];
		int value = p.kind ? digit_value(p.kind, c) : -1;

		if (value < 0 && c == (unsigned char)r->last[i])
			continue;
		if (value < 0 || value > p.high) {
			if (value > p.high || c > (unsigned char)r->last[i])
				x += scale;
			return x;
		}
		if (value < p.low)
			return x;
		scale /= p.high - p.low + 1;
		x += (value - p.low) * scale;
	}
	return x;
}

/* Of the first key seen, the last one, and the end. */
struct positions {
	size_t from;
	double first, last, until;
};

static struct positions
find_positions(const struct pivot_range *r)
{
	struct positions p;
	size_t n =
		key_common_length(r->first, r->first_len, r->last, r->last_len);

	p.from =
		key_common_length(r->last, r->last_len, r->until, r->until_len);
	if (n < p.from)
		p.from = n;
	p.first = position(r, p.from, r->first, r->first_len);
	p.last = position(r, p.from, r->last, r->last_len);
	p.until = position(r, p.from, r->until, r->until_len);
	return p;
}

/* Whether there are keys behind its end: else it may reach far beyond them. */
static bool
is_bounded(const struct pivot_range *r)
{
	return r->until && r->beyond;
}

/* Whether there are keys up to its end: those behind it are near to it. */
static bool
is_dense(const struct pivot_range *r)
{
	return key_common_length(r->last, r->last_len, r->until, r->until_len) <
	       key_common_length(r->until, r->until_len, r->beyond,
				 r->beyond_len);
}

int64_t
pivot_keys_left(const struct pivot_range *r)
{
	struct positions p;
	double n;

	if (!is_bounded(r))
		return -1;
	p = find_positions(r);
	if (p.last <= p.first)
		return r->n_keys;
	n = (double)r->n_keys * (p.until - p.last) / (p.last - p.first);
	if (!is_dense(r) && n > (double)r->n_keys)
		return r->n_keys;
	return n < PIVOT_KEYS_MAX ? (int64_t)n : PIVOT_KEYS_MAX;
}

/* Half-way between `last` and `until`. */
static bool
find_middle(const struct pivot_range *r, struct pivot *out)
{
	struct positions p = find_positions(r);
	double x = (p.last + p.until) / 2, scale = 1;

	if (p.from >= PIVOT_MAX)
		return false;
	memcpy(out->key, r->last, p.from);
	out->is_step = false;
	for (size_t i = p.from;
	     i < r->last_len && i < p.from + PLACES_MAX && i < PIVOT_MAX; i++) {
		struct position d = find_place_digits(r, i);
		int n = d.high - d.low + 1;
		int value = (int)(x * n);

		out->key[i] = r->last[i];
		if (!d.kind)
			continue;
		if (value >= n)
			value = n - 1;
		x = x * n - value;
		scale /= n;
		out->len = make(out->key, out->key, i, d.kind, d.low + value);
		if (scale < (p.until - p.last) / 8 && is_good(r, out))
			return true;
	}
	return false;
}

/* --- steps into the unknown --- */

/* The digit at last[i] raised: by one, or half-way to the highest. */
static bool
raise_digit(const struct pivot_range *r, size_t i, bool is_half,
	    struct pivot *out)
{
	const char *kind = find_kind(r->last, r->last_len, i);
	int value = kind ? digit_value(kind, (unsigned char)r->last[i]) : -1;
	int high = kind ? n_digits(kind) : 0, step = 1;
	int until;

	if (value < 0)
		return false;
	if (r->until && i < r->until_len && memcmp(r->last, r->until, i) == 0) {
		until = digit_value(kind, (unsigned char)r->until[i]);
		if (until >= 0)
			high = until + (r->until_len > i + 1);
	}
	if (is_half && high - value > 3)
		step = (high - value) / 2;
	if (value + step >= high)
		return false;
	out->len = make(out->key, r->last, i, kind, value + step);
	out->digit = i;
	out->is_step = true;
	return is_good(r, out) && !was_tried(r, out);
}

/*
 * Places of `last` that are behind the one where keys are known to go on: no
 * step is needed there.
 */
static size_t
find_known(const struct pivot_range *r, size_t top, size_t plain)
{
	const struct pivot *before = r->after;
	size_t n;

	if (!before || !before->is_step)
		return plain;
	n = key_common_length(before->key, before->stem, r->first,
			      r->first_len);
	if (n == before->stem)
		n = before->digit; /* the step led to keys */
	else if (r->until && n <= top)
		return plain; /* it led to another place altogether */
	return n + 1 < plain ? n + 1 : plain;
}

static bool
find_step(const struct pivot_range *r, size_t plain, struct pivot *out)
{
	size_t top = r->until ? key_common_length(r->last, r->last_len,
						  r->until, r->until_len)
			      : 0;
	size_t known = find_known(r, top, plain);
	size_t places[PIVOT_MAX], n = 0;

	for (size_t i = top; i < known; i++)
		if (raise_digit(r, i, false, out))
			places[n++] = i;
	if (n > 0)
		return raise_digit(r, places[(n - 1) / 2], n == 1, out);
	for (size_t i = known; i < plain; i++)
		if (raise_digit(r, i, true, out))
			return true;
	return false;
}

/* --- a cut inside a directory --- */

/*
 * Directories may hold just as many keys as a page.  A range from the beginning
 * of one to that of another has full pages, and then asks once more for nothing.  So
 * the cut is behind the name that the last key has: as good as any.
 */
static void
add_name(const struct pivot_range *r, struct pivot *out)
{
	struct pivot longer = *out;
	size_t end = r->last_len < PIVOT_MAX ? r->last_len : PIVOT_MAX;

	if (out->len >= end)
		return;
	memcpy(longer.key + out->len, r->last + out->len, end - out->len);
	longer.len = start_after_plain_length(longer.key, end);
	if (is_good(r, &longer))
		*out = longer;
}

bool
pivot_find(const struct pivot_range *r, struct pivot *out)
{
	size_t plain = start_after_plain_length(r->last, r->last_len);
	bool is_found;

	if (plain > r->page_common)
		plain = r->page_common;
	is_found =
		is_bounded(r) ? find_middle(r, out) : find_step(r, plain, out);
	if (is_found) {
		out->stem = out->len;
		add_name(r, out);
	}
	out->key[is_found ? out->len : 0] = '\0';
	return is_found;
}
