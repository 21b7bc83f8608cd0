/* SPDX-License-Identifier: MIT */
/*
 * Records of blocks in packs: see memo-pack.h.  Pure; one thread at a time.
 */
#include "config.h"

#include "stats/memo-pack.h"

#include <errno.h>

#include "util/big-endian.h"

#define FORMAT 1

static const char magic[8] = { 'D', 'G', 'P', 'A', 'C', 'K', '\r', '\n' };

#define AT_VERSION 8

size_t
extent_offset(const struct extent *e)
{
	return PACK_HEAD_LEN + (size_t)e->first * sizeof(struct memo_record);
}

size_t
extent_length(const struct extent *e)
{
	return (size_t)e->n * sizeof(struct memo_record);
}

static void
set_sum(unsigned char sum[EXTENT_SUM_LEN], const char *bucket, const void *data,
	size_t len)
{
	struct sha256 *h = sha256_new();
	unsigned char all[SHA256_LEN];

	sha256_begin(h);
	sha256_add(h, bucket, strlen(bucket) + 1);
	sha256_add(h, data, len);
	sha256_end(h, all);
	sha256_free(h);
	memcpy(sum, all, EXTENT_SUM_LEN);
}

bool
extent_fits(const struct extent *e, const char *bucket, const char *data,
	    size_t len)
{
	unsigned char sum[EXTENT_SUM_LEN];

	if (len != extent_length(e))
		return false;
	set_sum(sum, bucket, data, len);
	return memcmp(sum, e->sum, EXTENT_SUM_LEN) == 0;
}

void
slots_used_add(struct slots_used *s, unsigned slot)
{
	s->n += !s->is_used[slot];
	s->is_used[slot] = true;
}

void
slots_used_add_all(struct slots_used *s, const struct slots_used *others)
{
	for (unsigned slot = 0; slot < PACK_SLOTS; slot++)
		if (others->is_used[slot])
			slots_used_add(s, slot);
}

/*
 * As many that, if another mount draws as many at the same time, one is drawn by both, by
 * chance: the records of a pack that is written over are lost.
 */
static bool
may_take_old(const struct slots_used *s, unsigned n_left)
{
	unsigned n = n_left + s->n_old;

	return n >= SLOTS_OLD_MIN && (s->n_old + 1) * (s->n_old + 1) <= n;
}

static int
take_old(struct slots_used *s, const struct slots_old *old, unsigned number)
{
	unsigned slots[PACK_SLOTS], n = 0;

	for (unsigned slot = 0; slot < PACK_SLOTS; slot++)
		if (old->is_old[slot] && !s->is_used[slot])
			slots[n++] = slot;
	if (!may_take_old(s, n))
		return -1;
	s->n_old++;
	slots_used_add(s, slots[number % n]);
	return (int)slots[number % n];
}

int
slots_used_take(struct slots_used *s, const struct slots_old *old,
		unsigned start)
{
	int found = old ? take_old(s, old, start) : -1;

	for (unsigned i = 0; i < PACK_SLOTS && found < 0; i++) {
		unsigned slot = (start + i) % PACK_SLOTS;

		if (s->is_used[slot])
			continue;
		slots_used_add(s, slot);
		found = (int)slot;
	}
	return found;
}

void
pack_init(struct pack *p, unsigned slot)
{
	*p = (struct pack){ .bytes = BUF_INIT(PACK_BYTES_MAX), .slot = slot };
}

void
pack_clear(struct pack *p)
{
	buf_clear(&p->bytes);
	p->n = 0;
}

static int
add_head(struct buf *b)
{
	char head[PACK_HEAD_LEN] = { 0 };

	memcpy(head, magic, sizeof(magic));
	big_endian_put(head + AT_VERSION, 4, FORMAT);
	return buf_add(b, head, sizeof(head));
}

int
pack_add(struct pack *p, const char *bucket, const struct memo_record *r,
	 uint32_t n, struct extent *e)
{
	size_t len = (size_t)n * sizeof(*r);
	int rc = p->bytes.len == 0 ? add_head(&p->bytes) : 0;

	if (rc == 0)
		rc = buf_add(&p->bytes, r, len);
	if (rc)
		return rc;
	*e = (struct extent){ .slot = p->slot, .first = p->n, .n = n };
	set_sum(e->sum, bucket, r, len);
	p->n += n;
	return 0;
}
