/* SPDX-License-Identifier: MIT */
/*
 * What a listing was: see fingerprint.h.  Pure; runs once per object listed.
 */
#include "config.h"

#include "stats/fingerprint.h"

#include <endian.h>

#define DIGEST_HEX_DIGITS (FINGERPRINT_HEX_LEN - 1)
#define NUMBER_LEN 24 /* a size between two NULs */

struct validator {
	struct validation sum;
	struct sha256 *hash;
};

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

void
fingerprint_add(struct fingerprint *sum, const struct fingerprint *f)
{
	sum->high +=
		f->high + __builtin_add_overflow(sum->low, f->low, &sum->low);
}

void
object_digest(const struct object *o, struct sha256 *h,
	      unsigned char out[SHA256_LEN])
{
	char number[NUMBER_LEN];
	const char *size;
	size_t size_len;

	if (o->digest) {
		memcpy(out, o->digest, SHA256_LEN);
		return;
	}
	size = print_size(o->size, number, &size_len);
	sha256_begin(h);
	sha256_add(h, o->key, o->key_len);
	sha256_add(h, size, size_len);
	sha256_add(h, o->etag, strlen(o->etag) + 1); /* its NUL */
	sha256_add(h, o->last_modified, strlen(o->last_modified));
	sha256_end(h, out);
}

/* --- of many --- */

struct validator *
validator_new(void)
{
	struct validator *v = xnew(struct validator);

	v->hash = sha256_new();
	v->sum.has_fingerprint = true;
	return v;
}

void
validator_free(struct validator *v)
{
	if (!v)
		return;
	sha256_free(v->hash);
	free(v);
}

struct fingerprint
fingerprint_of(const unsigned char digest[SHA256_LEN])
{
	struct fingerprint f;

	memcpy(&f, digest, sizeof(f));
	return (struct fingerprint){ be64toh(f.high), be64toh(f.low) };
}

void
validator_add_digest(struct validator *v, const struct object *o,
		     const unsigned char digest[SHA256_LEN])
{
	struct fingerprint f = fingerprint_of(digest);

	v->sum.object_count = add_saturating(v->sum.object_count, 1);
	v->sum.compressed_size =
		add_saturating(v->sum.compressed_size, o->size);
	fingerprint_add(&v->sum.fingerprint, &f);
}

void
validator_add(struct validator *v, const struct object *o)
{
	unsigned char digest[SHA256_LEN];

	object_digest(o, v->hash, digest);
	validator_add_digest(v, o, digest);
}

const struct validation *
validator_sum(const struct validator *v)
{
	return &v->sum;
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
