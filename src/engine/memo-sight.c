/* SPDX-License-Identifier: MIT */
/*
 * What a listing shows of the files of the memo: see memo-sight.h.  Net thread only.
 */
#include "config.h"

#include "engine/memo-sight.h"

#include "engine/ours.h"
#include "list/page.h"
#include "stats/memo-spots.h"
#include "util/date.h"

static bool
is_named(const struct object *o, const char *name)
{
	return key_compare(o->key, o->key_len, name, strlen(name)) == 0;
}

static void
note_date(char out[MEMO_SIGHT_DATE_MAX], const char *date)
{
	if (strlen(date) < MEMO_SIGHT_DATE_MAX && strcmp(date, out) > 0)
		snprintf(out, MEMO_SIGHT_DATE_MAX, "%s", date);
}

/* That of a pack; else -1. */
static int
find_slot(const struct object *o)
{
	char name[sizeof(OURS_MEMO_PACKS)];
	const char *digits;
	unsigned slot = 0;

	if (o->key_len != strlen(OURS_MEMO_PACKS))
		return -1;
	digits = o->key + o->key_len - strlen("NNN.bin");
	for (size_t i = 0; i < strlen("NNN"); i++)
		slot = slot * 10 + (unsigned char)digits[i] - '0';
	slot %= PACK_SLOTS;
	snprintf(name, sizeof(name), OURS_MEMO_PACK, slot);
	return is_named(o, name) ? (int)slot : -1;
}

static void
note_pack(struct memo_sight *m, const struct object *o, unsigned slot)
{
	int64_t when;

	m->old.is_old[slot] = date_parse_iso(o->last_modified, &when) &&
			      when < m->now - PACK_OLD_S;
}

static void
see(struct memo_sight *m, const struct object *o)
{
	bool is_base = is_named(o, OURS_MEMO_BASE);
	int slot = object_is_internal(o) ? find_slot(o) : -1;

	if (slot >= 0)
		note_pack(m, o, (unsigned)slot);
	if (is_named(o, OURS_MEMO_INDEX))
		note_date(m->index_date, o->last_modified);
	if (!is_base && !is_named(o, OURS_MEMO_RECENT))
		return;
	m->has_base = m->has_base || is_base;
	m->bytes = add_saturating(m->bytes, o->size);
	note_date(m->date, o->last_modified);
}

void
memo_sight_see(struct memo_sight *m, const struct list_page *page,
	       bool is_ordered)
{
	for (size_t i = 0; i < page->n_objects; i++) {
		const struct object *o = &page->objects[i];

		if (is_ordered &&
		    key_compare(o->key, o->key_len, OURS_MEMO_RECENT,
				strlen(OURS_MEMO_RECENT)) > 0)
			return;
		see(m, o);
	}
}

unsigned
memo_sight_heads(const struct memo_sight *m)
{
	/* of one store dates are alike, so that their order is that of bytes */
	if (!m->has_base || m->bytes > MEMO_SIGHT_BYTES_MAX ||
	    strcmp(m->date, m->index_date) < 0)
		return 0;
	return (unsigned)(m->bytes / SPOT_BYTES_PER_HEAD) + 1;
}
