/* SPDX-License-Identifier: MIT */
/*
 * What a listing was: see fingerprint.h.  Pure; runs once per object listed.
 */
#include "config.h"

#include "stats/fingerprint.h"

#include <endian.h>

#define DIGEST_HEX_DIGITS (FINGERPRINT_HEX_LEN - 1)
#define NUMBER_LEN 24 /* a size between two NULs */
#define SHORT_MAX 512 /* bytes that are hashed of an object */

bool
object_is_internal(const struct object *o)
{
	size_t n = strlen(INTERNAL_PREFIX);

	return o->key_len >= n && memcmp(o->key, INTERNAL_PREFIX, n) == 0;
}

/*
 * "\0SIZE\0" at the end of `out`; returns where it begins.  By hand: snprintf()
 * would cost a third of the hash.
 */
static const char *
print_size(int64_t size, char out[NUMBER_LEN], size_t *len)
{
	char *s = out + NUMBER_LEN;

	*--s = '\0';
	do
		*--s = (char)('0' + size % 10);
	while ((size /= 10) > 0);
	*--s = '\0';
	*len = (size_t)(out + NUMBER_LEN - s);
	return s;
}

static void
fingerprint_add(struct fingerprint *sum, const struct fingerprint *f)
{
	sum->high +=
		f->high + __builtin_add_overflow(sum->low, f->low, &sum->low);
}

/* What is hashed of an object: its four texts. */
struct text {
	const char *s;
	size_t len;
};

static void
hash_long_texts(struct sha256 *h, const struct text texts[4],
		unsigned char out[SHA256_LEN])
{
	sha256_begin(h);
	for (size_t i = 0; i < 4; i++)
		sha256_add(h, texts[i].s, texts[i].len);
	sha256_end(h, out);
}

/* Most are so short that they are hashed in one go: a third less. */
static void
hash_texts(struct sha256 *h, const struct text texts[4],
	   unsigned char out[SHA256_LEN])
{
	unsigned char all[SHORT_MAX], *end = all;

	for (size_t i = 0; i < 4; end += texts[i++].len) {
		if (texts[i].len > SHORT_MAX - (size_t)(end - all)) {
			hash_long_texts(h, texts, out);
			return;
		}
		memcpy(end, texts[i].s, texts[i].len);
	}
	sha256_whole(all, (size_t)(end - all), out);
}

static void
hash_object(const struct object *o, struct sha256 *h,
	    unsigned char out[SHA256_LEN])
{
	char number[NUMBER_LEN];
	struct text texts[4] = {
		{ o->key, o->key_len },
		{ NULL, 0 },
		{ o->etag, strlen(o->etag) + 1 }, /* with its NUL */
		{ o->last_modified, strlen(o->last_modified) },
	};

	texts[1].s = print_size(o->size, number, &texts[1].len);
	hash_texts(h, texts, out);
}

void
object_digest(const struct object *o, struct sha256 *h,
	      unsigned char out[SHA256_LEN])
{
	if (o->line_len > 0)
		sha256_whole(o->key, o->line_len, out);
	else
		hash_object(o, h, out);
}

static struct fingerprint
object_fingerprint(const struct object *o, struct sha256 *h)
{
	unsigned char digest[SHA256_LEN];
	struct fingerprint f;

	object_digest(o, h, digest);
	memcpy(&f, digest, sizeof(f));
	return (struct fingerprint){ be64toh(f.high), be64toh(f.low) };
}

void
validation_add(struct validation *v, const struct object *o, struct sha256 *h)
{
	struct fingerprint f = object_fingerprint(o, h);

	v->object_count = add_saturating(v->object_count, 1);
	v->compressed_size = add_saturating(v->compressed_size, o->size);
	fingerprint_add(&v->fingerprint, &f);
}

bool
validation_matches(const struct validation *cached,
		   const struct validation *listed)
{
	return cached->object_count == listed->object_count &&
	       cached->compressed_size == listed->compressed_size &&
	       (!cached->has_fingerprint ||
		fingerprint_equals(&cached->fingerprint, &listed->fingerprint));
}

bool
fingerprint_equals(const struct fingerprint *a, const struct fingerprint *b)
{
	return a->high == b->high && a->low == b->low;
}

void
fingerprint_print(const struct fingerprint *f, char out[FINGERPRINT_HEX_LEN])
{
	struct fingerprint big = { htobe64(f->high), htobe64(f->low) };

	hex_print((const unsigned char *)&big, sizeof(big), out);
}

bool
fingerprint_parse(const char *s, struct fingerprint *out)
{
	static const char digits[] = "0123456789abcdef";
	struct fingerprint f = { 0 };

	if (strlen(s) != DIGEST_HEX_DIGITS)
		return false;
	for (; *s; s++) {
		const char *digit = strchr(digits, *s);

		if (!digit)
			return false;
		f.high = f.high << 4 | f.low >> 60;
		f.low = f.low << 4 | (unsigned)(digit - digits);
	}
	*out = f;
	return true;
}

int64_t
add_saturating(int64_t a, int64_t b)
{
	int64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

int64_t
multiply_saturating(int64_t a, int64_t b)
{
	int64_t product;

	return __builtin_mul_overflow(a, b, &product) ? INT64_MAX : product;
}
