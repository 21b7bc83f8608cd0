/* SPDX-License-Identifier: MIT */
/*
 * What a listing was: see fingerprint.h.  Pure; runs once per object listed.
 */
#include "config.h"

#include "stats/fingerprint.h"

#include <endian.h>

#define DIGEST_HEX_DIGITS (FINGERPRINT_HEX_LEN - 1)
#define NUMBER_LEN 24 /* a size between two NULs */
#define TOGETHER 8 /* objects that are hashed one after the other */

struct validator {
	struct validation sum; /* but for the fingerprints of those that wait */
	struct sha256_short waiting[TOGETHER];
	size_t n_waiting;
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

/* What is hashed of an object: its four texts. */
struct text {
	const char *s;
	size_t len;
};

struct texts {
	struct text all[4];
	char number[NUMBER_LEN];
};

static void
texts_of(const struct object *o, struct texts *t)
{
	t->all[0] = (struct text){ o->key, o->key_len };
	t->all[1].s = print_size(o->size, t->number, &t->all[1].len);
	t->all[2] = (struct text){ o->etag, strlen(o->etag) + 1 }; /* its NUL */
	t->all[3] = (struct text){ o->last_modified, strlen(o->last_modified) };
}

/* In a line, as it lies or in `room`; NULL: it is too long. */
static const char *
line_of(const struct object *o, char room[SHA256_SHORT_MAX], size_t *len)
{
	struct texts t;

	*len = o->line_len;
	if (*len > 0)
		return *len <= SHA256_SHORT_MAX ? o->key : NULL;
	texts_of(o, &t);
	for (size_t i = 0; i < ARRAY_SIZE(t.all); *len += t.all[i++].len) {
		if (t.all[i].len > SHA256_SHORT_MAX - *len)
			return NULL;
		memcpy(room + *len, t.all[i].s, t.all[i].len);
	}
	return room;
}

static void
hash_long(const struct object *o, struct sha256 *h,
	  unsigned char out[SHA256_LEN])
{
	struct texts t;

	texts_of(o, &t);
	sha256_begin(h);
	if (o->line_len > 0)
		sha256_add(h, o->key, o->line_len);
	for (size_t i = 0; i < ARRAY_SIZE(t.all) && o->line_len == 0; i++)
		sha256_add(h, t.all[i].s, t.all[i].len);
	sha256_end(h, out);
}

void
object_digest(const struct object *o, struct sha256 *h,
	      unsigned char out[SHA256_LEN])
{
	char room[SHA256_SHORT_MAX];
	struct sha256_short s;
	size_t len;
	const char *line = line_of(o, room, &len);

	if (!line) {
		hash_long(o, h, out);
		return;
	}
	sha256_short_set(&s, line, len);
	sha256_short_hash(&s, out);
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

static void
add_digest(struct validator *v, const unsigned char digest[SHA256_LEN])
{
	struct fingerprint f = fingerprint_of(digest);

	fingerprint_add(&v->sum.fingerprint, &f);
}

static void
hash_waiting(struct validator *v)
{
	unsigned char digest[SHA256_LEN];

	for (size_t i = 0; i < v->n_waiting; i++) {
		sha256_short_hash(&v->waiting[i], digest);
		add_digest(v, digest);
	}
	v->n_waiting = 0;
}

static void
count(struct validator *v, const struct object *o)
{
	v->sum.object_count = add_saturating(v->sum.object_count, 1);
	v->sum.compressed_size =
		add_saturating(v->sum.compressed_size, o->size);
}

void
validator_add_digest(struct validator *v, const struct object *o,
		     const unsigned char digest[SHA256_LEN])
{
	count(v, o);
	add_digest(v, digest);
}

void
validator_add(struct validator *v, const struct object *o)
{
	char room[SHA256_SHORT_MAX];
	unsigned char digest[SHA256_LEN];
	size_t len;
	const char *line = line_of(o, room, &len);

	count(v, o);
	if (!line) {
		hash_long(o, v->hash, digest);
		add_digest(v, digest);
		return;
	}
	sha256_short_set(&v->waiting[v->n_waiting++], line, len);
	if (v->n_waiting == TOGETHER)
		hash_waiting(v);
}

const struct validation *
validator_sum(struct validator *v)
{
	hash_waiting(v);
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
