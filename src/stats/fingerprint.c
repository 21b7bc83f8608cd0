/* SPDX-License-Identifier: MIT */
/*
 * What a listing was: see fingerprint.h.  Pure; runs once per object listed.
 */
#include "config.h"

#include "stats/fingerprint.h"

#define DIGEST_HEX_DIGITS (FINGERPRINT_HEX_LEN - 1)
#define NUMBER_LEN 24 /* a size between two NULs */

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

static unsigned __int128
object_fingerprint(const struct object *o, struct sha256 *h)
{
	unsigned char digest[SHA256_LEN];
	unsigned __int128 sum = 0;
	char number[NUMBER_LEN];
	const char *size;
	size_t len;

	size = print_size(o->size, number, &len);
	sha256_begin(h);
	sha256_add(h, o->key, o->key_len);
	sha256_add(h, size, len);
	sha256_add(h, o->etag, strlen(o->etag) + 1); /* with its NUL */
	sha256_add(h, o->last_modified, strlen(o->last_modified));
	sha256_end(h, digest);
	for (size_t i = 0; i < sizeof(sum); i++)
		sum = sum << 8 | digest[i];
	return sum;
}

void
validation_add(struct validation *v, const struct object *o, struct sha256 *h)
{
	v->object_count = add_saturating(v->object_count, 1);
	v->compressed_size = add_saturating(v->compressed_size, o->size);
	v->fingerprint += object_fingerprint(o, h);
}

bool
validation_matches(const struct validation *cached,
		   const struct validation *listed)
{
	return cached->object_count == listed->object_count &&
	       cached->compressed_size == listed->compressed_size &&
	       (!cached->has_fingerprint ||
		cached->fingerprint == listed->fingerprint);
}

void
fingerprint_print(unsigned __int128 fingerprint, char out[FINGERPRINT_HEX_LEN])
{
	unsigned char bytes[sizeof(fingerprint)];

	for (size_t i = sizeof(bytes); i-- > 0; fingerprint >>= 8)
		bytes[i] = (unsigned char)fingerprint;
	hex_print(bytes, sizeof(bytes), out);
}

bool
fingerprint_parse(const char *s, unsigned __int128 *fingerprint)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	unsigned __int128 sum = 0;

	if (strlen(s) != DIGEST_HEX_DIGITS)
		return false;
	for (; *s; s++) {
		const char *digit = strchr(digits, *s);

		if (!digit)
			return false;
		sum = sum << 4 | (unsigned)((digit - digits) % 16);
	}
	*fingerprint = sum;
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
