/* SPDX-License-Identifier: MIT */
/*
 * Deltas that are remembered one by one: see odds.h.  Pure; one thread at a time.
 */
#include "config.h"

#include "stats/odds.h"

#include "stats/original.h"
#include "util/varint.h"

/* A key of S3, and more. */
#define KEY_MAX 4096

/* The room that it takes. */
static int64_t
length(const struct odds *x)
{
	return (int64_t)(x->len + x->last_len);
}

void
odds_clear(struct odds *x)
{
	if (x->room)
		*x->room += length(x);
	free(x->bytes);
	free(x->last);
	*x = (struct odds){ .room = x->room };
}

static void
forget(struct odds *x)
{
	odds_clear(x);
	x->are_more = true;
}

static void
append(struct odds *x, const void *bytes, size_t len)
{
	x->bytes = xrealloc(x->bytes, x->len + len);
	memcpy(x->bytes + x->len, bytes, len);
	x->len += len;
}

static void
append_number(struct odds *x, uint64_t n)
{
	unsigned char bytes[VARINT_MAX];

	append(x, bytes, varint_put(bytes, n));
}

static void
note_last(struct odds *x, const char *key, size_t len)
{
	free(x->last);
	x->last = xstrndup(key, len);
	x->last_len = len;
}

/* So much more than before; or there is no room for it. */
static bool
take_room(struct odds *x, int64_t more)
{
	if (!x->room)
		return true;
	*x->room -= more;
	return *x->room >= 0;
}

static void
append_one(struct odds *x, const struct object *o, int64_t original)
{
	size_t common =
		key_common_length(x->last, x->last_len, o->key, o->key_len);

	append_number(x, common);
	append_number(x, o->key_len - common);
	append(x, o->key + common, o->key_len - common);
	append_number(x, (uint64_t)o->size);
	append_number(x, original == ORIGINAL_UNKNOWN ? 0
						      : (uint64_t)original + 1);
	x->n++;
	note_last(x, o->key, o->key_len);
}

void
odds_add(struct odds *x, const struct object *o, int64_t original)
{
	int64_t before = length(x);

	if (x->are_more)
		return;
	append_one(x, o, original);
	if (!take_room(x, length(x) - before) || x->len > ODDS_BYTES_MAX ||
	    o->key_len > KEY_MAX || original == INT64_MAX)
		forget(x);
}

void
odds_join(struct odds *x, const struct odds *rest)
{
	struct odds_reader r = { .of = rest };
	struct object o;
	int64_t original;

	while (odds_next(&r, &o, &original))
		odds_add(x, &o, original);
	odds_end(&r);
	if (rest->are_more)
		forget(x);
}

void
odds_move(struct odds *x, struct odds *from)
{
	int64_t *room = x->room;

	*x = *from;
	x->room = room;
	take_room(x, length(x));
	*from = (struct odds){ .n = 0 };
}

bool
odds_take(struct odds *x, const unsigned char *bytes, size_t len)
{
	struct odds_reader r = { .of = x };
	struct object o;
	int64_t original;

	odds_clear(x);
	append(x, bytes, len);
	while (odds_next(&r, &o, &original))
		x->n++;
	if (!r.is_bad && r.key)
		note_last(x, r.key, r.key_len);
	odds_end(&r);
	return !r.is_bad;
}

/* --- one after the other --- */

static bool
read_key(struct odds_reader *r, const unsigned char *end)
{
	uint64_t common, rest;

	if (!varint_get(&r->at, end, r->key_len, &common) ||
	    !varint_get(&r->at, end, KEY_MAX - common, &rest) ||
	    rest > (uint64_t)(end - r->at))
		return false;
	r->key = xrealloc(r->key, common + rest + 1);
	memcpy(r->key + common, r->at, rest);
	r->key_len = common + rest;
	r->at += rest;
	return true;
}

bool
odds_next(struct odds_reader *r, struct object *o, int64_t *original)
{
	const unsigned char *end = r->of->bytes + r->of->len;
	uint64_t size, known;

	if (!r->at)
		r->at = r->of->bytes;
	if (r->is_bad || r->of->len == 0 || r->at == end)
		return false;
	r->is_bad = !read_key(r, end) ||
		    !varint_get(&r->at, end, INT64_MAX, &size) ||
		    !varint_get(&r->at, end, INT64_MAX, &known);
	if (r->is_bad)
		return false;
	*o = (struct object){ .key = r->key,
			      .key_len = r->key_len,
			      .size = (int64_t)size,
			      .etag = "",
			      .last_modified = "" };
	*original = known ? (int64_t)known - 1 : ORIGINAL_UNKNOWN;
	return true;
}

void
odds_end(struct odds_reader *r)
{
	free(steal(&r->key));
}
