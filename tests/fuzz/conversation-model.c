/* SPDX-License-Identifier: MIT */
/*
 * A bucket and its figures, the plain way: see conversation-model.h.
 */
#include "conversation-model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

const char *const moment_iso[] = { "2025-10-14T10:30:00.000Z",
				   "2024-02-29T23:59:59.999Z",
				   "2025-10-14T10:30:01Z" };
const char *const moment_http[] = { "Tue, 14 Oct 2025 10:30:00 GMT",
				    "Thu, 29 Feb 2024 23:59:59 GMT",
				    "Tue, 14 Oct 2025 10:30:01 GMT" };

unsigned
take(struct bytes *b, unsigned below)
{
	if (b->len == 0)
		return 0;
	b->len--;
	return *b->data++ % below;
}

/* --- objects --- */

#define ANY(b, table) ((table)[take((b), sizeof(table) / sizeof((table)[0]))])

static void
make_key(struct bytes *b, char out[KEY_MAX])
{
	static const char *const folders[] = {
		"",	 "a/",	 "b/",	     "a/b/",
		"/",	 "//",	 "\xc3\xa9", ".deltaglider/",
		" +%/",	 "a",	 "\x01/",    "a/.deltaglider/",
		"\xff/", "<&>/", "z/",	     "reference.bin/"
	};
	static const char *const names[] = {
		"%u.delta", "%u.zip.delta",	  "reference.bin", "%u",
		".delta",   "xreference.bin",	  "%u.deltas",	   "",
		"%u.Delta", "reference.bin.delta"
	};
	char name[24];
	const char *folder = ANY(b, folders);
	const char *format = ANY(b, names);
	const char *at = strstr(format, "%u");

	if (at)
		snprintf(name, sizeof(name), "%u%s", take(b, 40), at + 2);
	else
		snprintf(name, sizeof(name), "%s", format);
	snprintf(out, KEY_MAX, "%s%s", folder, name);
	if (!out[0])
		snprintf(out, KEY_MAX, "empty");
}

static struct meta
make_meta(struct bytes *b)
{
	static const char *const names[] = {
		NULL,		"dg-file-size", "dg_file_size",
		"file_size",	"file-size",	"deltaglider-original-size",
		"dg-file-sizes"
	};
	static const char *const values[] = { "1000",
					      "",
					      "0",
					      "007",
					      "9223372036854775807",
					      "9223372036854775808",
					      "-1",
					      "1e3",
					      "12 3",
					      "4000000000000000000" };

	return (struct meta){ .name = ANY(b, names), .value = ANY(b, values) };
}

static int64_t
make_size(struct bytes *b)
{
	unsigned kind = take(b, 16);

	if (kind == 0)
		return 0;
	if (kind == 1)
		return INT64_MAX - take(b, 2);
	if (kind == 2)
		return INT64_MAX / 2;
	return (int64_t)kind * 1000 + take(b, 256);
}

static void
make_thing(struct bytes *b, struct thing *t)
{
	static const char *const etags[] = { "d41d8cd98f00b204", NULL, "e-2",
					     "", "W" };

	t->size = make_size(b);
	t->etag = ANY(b, etags);
	t->moment = take(b, 3);
	for (int i = 0; i < META_MAX; i++)
		t->meta[i] = make_meta(b);
	if (t->meta[1].name && t->meta[0].name &&
	    strcmp(t->meta[0].name, t->meta[1].name) == 0)
		t->meta[1].name = NULL;
	t->fate = take(b, 8) == 7 ? 1 + take(b, 2) : FATE_SAME;
}

static int
compare(const void *a, const void *b)
{
	const struct thing *x = a, *y = b;

	return strcmp(x->key, y->key); /* as unsigned bytes */
}

const struct thing *
model_find(const struct model *m, const char *key)
{
	for (unsigned i = 0; i < m->n; i++)
		if (strcmp(m->things[i].key, key) == 0)
			return &m->things[i];
	return NULL;
}

void
model_change(struct model *m, struct bytes *b, bool is_still, bool has_etags)
{
	unsigned n = take(b, THINGS_MAX + 1);

	for (unsigned i = 0; i < n; i++) {
		struct thing t = { .size = 0 }, *old;

		make_key(b, t.key);
		make_thing(b, &t);
		if (is_still)
			t.fate = FATE_SAME;
		if (has_etags && (!t.etag || !t.etag[0]))
			t.etag = "e-3";
		old = (struct thing *)model_find(m, t.key);
		if (old)
			*old = t;
		else if (m->n < THINGS_MAX)
			m->things[m->n++] = t;
	}
	qsort(m->things, m->n, sizeof(m->things[0]), compare);
}

/* --- the rules --- */

static bool
ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), n_end = strlen(end);

	return n >= n_end && strcmp(s + n - n_end, end) == 0;
}

static bool
is_internal(const struct thing *t)
{
	return strncmp(t->key, ".deltaglider/", 13) == 0;
}

static bool
is_delta(const struct thing *t)
{
	return ends_with(t->key, ".delta");
}

static bool
is_reference(const struct thing *t)
{
	return strcmp(t->key, "reference.bin") == 0 ||
	       ends_with(t->key, "/reference.bin");
}

static size_t
space_len(const struct thing *t)
{
	const char *slash = strrchr(t->key, '/');

	return slash ? (size_t)(slash - t->key) + 1 : 0;
}

static bool
is_same_space(const struct thing *a, const struct thing *b)
{
	return space_len(a) == space_len(b) &&
	       memcmp(a->key, b->key, space_len(a)) == 0;
}

/* Never negative: whether a sum is cut on the way or at the end is the same. */
static void
add(int64_t *sum, int64_t n)
{
	*sum = n > INT64_MAX - *sum ? INT64_MAX : *sum + n;
}

static int64_t
read_number(const char *s)
{
	int64_t number = 0;

	for (; *s >= '0' && *s <= '9'; s++) {
		if (number > (INT64_MAX - (*s - '0')) / 10)
			return -1;
		number = number * 10 + (*s - '0');
	}
	return *s ? -1 : number;
}

/* What the metadata says, -1 if that is nothing. */
static int64_t
told_size(const struct thing *t)
{
	static const char *const names[] = { "dg-file-size", "dg_file_size",
					     "file_size", "file-size",
					     "deltaglider-original-size" };

	if (t->fate == FATE_GONE)
		return -1;
	for (int i = 0; i < 5; i++) {
		for (int j = 0; j < META_MAX; j++) {
			const char *value = t->meta[j].value;

			if (!t->meta[j].name || !value[0] ||
			    strcmp(t->meta[j].name, names[i]) != 0)
				continue;
			return read_number(value);
		}
	}
	return -1;
}

static int64_t
estimated_size(const struct model *m, const struct thing *delta)
{
	for (unsigned i = 0; i < m->n; i++)
		if (is_reference(&m->things[i]) &&
		    is_same_space(&m->things[i], delta))
			return m->things[i].size;
	return delta->size;
}

/* The delta whose HEAD is asked for this one; NULL: none. */
static const struct thing *
asked_for(const struct model *m, const struct thing *delta,
	  enum model_mode mode)
{
	if (mode == MODEL_QUICK)
		return NULL;
	if (mode == MODEL_DETAILED)
		return delta;
	for (unsigned i = 0; i < m->n; i++)
		if (is_delta(&m->things[i]) && !is_internal(&m->things[i]) &&
		    is_same_space(&m->things[i], delta))
			return &m->things[i];
	return NULL;
}

static int64_t
original_size(const struct model *m, const struct thing *delta,
	      enum model_mode mode, struct model_figures *f)
{
	const struct thing *asked = asked_for(m, delta, mode);
	int64_t told = asked ? told_size(asked) : -1;

	if (asked && asked->fate != FATE_SAME)
		f->saw_change = true;
	if (told < 0)
		f->estimated++;
	else if (asked == delta)
		f->exact++;
	else
		f->sampled++;
	return told < 0 ? estimated_size(m, delta) : told;
}

unsigned
model_find_no_delta(const struct model *m, unsigned from)
{
	for (; from < m->n; from++)
		if (!is_delta(&m->things[from]))
			return from;
	return THINGS_MAX;
}

void
model_without(const struct model *m, unsigned place, struct model *out)
{
	*out = *m;
	if (place >= m->n)
		return;
	out->n--;
	memmove(&out->things[place], &out->things[place + 1],
		(out->n - place) * sizeof(out->things[0]));
}

/* --- the figures --- */

/* Byte by byte, as on paper. */
static void
add_digest(unsigned char sum[16], const struct thing *t)
{
	unsigned char text[256], digest[SHA256_DIGEST_LENGTH];
	unsigned carry = 0;
	size_t n;

	n = 1 + (size_t)snprintf((char *)text, sizeof(text), "%s", t->key);
	n += 1 + (size_t)sprintf((char *)text + n, "%lld", (long long)t->size);
	n += 1 +
	     (size_t)sprintf((char *)text + n, "%s", t->etag ? t->etag : "");
	n += (size_t)sprintf((char *)text + n, "%s", moment_iso[t->moment]);
	SHA256(text, n, digest);
	for (int i = 15; i >= 0; i--) {
		carry += (unsigned)sum[i] + digest[i];
		sum[i] = (unsigned char)carry;
		carry >>= 8;
	}
}

void
model_figures(const struct model *m, enum model_mode mode,
	      struct model_figures *f)
{
	unsigned char digest[16] = { 0 };
	int64_t references = 0;

	*f = (struct model_figures){ .total = 0 };
	for (unsigned i = 0; i < m->n; i++) {
		const struct thing *t = &m->things[i];

		if (is_internal(t))
			continue;
		f->all_objects++;
		add(&f->all_bytes, t->size);
		add_digest(digest, t);
		if (is_reference(t)) {
			add(&references, t->size);
			continue;
		}
		f->object_count++;
		add(&f->stored, t->size);
		f->deltas += is_delta(t);
		f->directs += !is_delta(t);
		add(&f->total,
		    is_delta(t) ? original_size(m, t, mode, f) : t->size);
	}
	for (int i = 0; i < 16; i++)
		sprintf(f->fingerprint + 2 * i, "%02x", digest[i]);
	if (f->deltas)
		add(&f->stored, references);
	f->saved = f->total > f->stored ? f->total - f->stored : 0;
	f->ratio = f->total ? (double)f->saved / (double)f->total : 0;
}
