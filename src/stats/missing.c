/* SPDX-License-Identifier: MIT */
/*
 * Deltas without an original size: see missing.h.  Both tables are appended to, and
 * brought in order when they are full, or looked at: whatever is of one deltaspace
 * becomes one entry.  Pure; one thread at a time.
 */
#include "config.h"

#include "stats/missing.h"

#include "stats/fingerprint.h"
#include "stats/space.h"

#define ID_LEN 16

struct entry {
	unsigned char id[ID_LEN]; /* of the SHA-256 of the prefix */
	int64_t bytes;
};

struct delta {
	struct entry entry; /* own sizes, saturating */
	int64_t n;
};

struct table {
	char *entries; /* each begins with a struct entry */
	size_t entry_size;
	size_t n, size;
};

struct missing {
	struct table references, deltas;
	int64_t n_deltas;
	bool has_no_references; /* they were too many */
	bool is_lost;
};

static struct entry *
entry_at(const struct table *t, size_t i)
{
	return (struct entry *)(void *)(t->entries + i * t->entry_size);
}

static void
set_id(struct entry *e, const struct object *o, struct sha256 *h)
{
	unsigned char digest[SHA256_LEN];

	sha256_begin(h);
	sha256_add(h, o->key, space_prefix_length(o->key, o->key_len));
	sha256_end(h, digest);
	memcpy(e->id, digest, ID_LEN);
}

static void
table_add(struct table *t, const struct entry *e)
{
	if (t->n == t->size) {
		t->size = t->size ? t->size * 2 : 16;
		t->entries = xrealloc(t->entries, t->size * t->entry_size);
	}
	memcpy(entry_at(t, t->n++), e, t->entry_size);
}

static int
compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return memcmp(x->id, y->id, ID_LEN);
}

static void
sort(struct table *t)
{
	if (t->n > 0)
		qsort(t->entries, t->n, t->entry_size, compare);
}

/* One entry for each deltaspace. */
static void
gather(struct missing *m)
{
	struct delta *d = (struct delta *)(void *)m->deltas.entries;
	size_t n = 0;

	sort(&m->deltas);
	for (size_t i = 0; i < m->deltas.n; i++) {
		if (n == 0 || compare(&d[n - 1], &d[i]) != 0) {
			d[n++] = d[i];
			continue;
		}
		d[n - 1].n += d[i].n;
		d[n - 1].entry.bytes =
			add_saturating(d[n - 1].entry.bytes, d[i].entry.bytes);
	}
	m->deltas.n = n;
}

struct missing *
missing_new(void)
{
	struct missing *m = xnew(struct missing);

	m->references.entry_size = sizeof(struct entry);
	m->deltas.entry_size = sizeof(struct delta);
	return m;
}

void
missing_free(struct missing *m)
{
	if (!m)
		return;
	free(m->references.entries);
	free(m->deltas.entries);
	free(m);
}

void
missing_add_reference(struct missing *m, const struct object *o,
		      struct sha256 *h)
{
	struct entry e = { .bytes = o->size };

	if (m->has_no_references)
		return;
	if (m->references.n == REFERENCES_MAX) {
		m->has_no_references = true;
		m->is_lost = m->n_deltas > 0;
		m->references.n = m->references.size = 0;
		free(steal(&m->references.entries));
		return;
	}
	set_id(&e, o, h);
	table_add(&m->references, &e);
}

void
missing_add_delta(struct missing *m, const struct object *o, struct sha256 *h)
{
	struct delta d = { .entry.bytes = o->size, .n = 1 };

	m->n_deltas++;
	m->is_lost = m->is_lost || m->has_no_references;
	if (m->is_lost)
		return;
	if (m->deltas.n == REFERENCES_MAX) {
		gather(m);
		/* or each one that comes would have them sorted */
		m->is_lost = m->deltas.n > REFERENCES_MAX / 2;
	}
	set_id(&d.entry, o, h);
	table_add(&m->deltas, &d.entry);
}

bool
missing_is_lost(const struct missing *m)
{
	return m->is_lost;
}

int64_t
missing_count(const struct missing *m)
{
	return m->n_deltas;
}

int64_t
missing_sum(struct missing *m)
{
	const struct delta *d;
	int64_t sum = 0;
	size_t at = 0;

	gather(m);
	sort(&m->references);
	d = (const struct delta *)(void *)m->deltas.entries;
	for (size_t i = 0; i < m->deltas.n; i++) {
		const struct table *refs = &m->references;
		int64_t bytes = d[i].entry.bytes;

		while (at < refs->n && compare(entry_at(refs, at), &d[i]) < 0)
			at++;
		if (at < refs->n && compare(entry_at(refs, at), &d[i]) == 0)
			bytes = multiply_saturating(d[i].n,
						    entry_at(refs, at)->bytes);
		sum = add_saturating(sum, bytes);
	}
	return sum;
}
