/* SPDX-License-Identifier: MIT */
/*
 * Whether sampled's files of the memo are of use for detailed, and which packs are old, by
 * what a listing shows of them: names, dates and sizes.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/memo-sight.h"
#include "engine/ours.h"
#include "list/page.h"
#include "util/date.h"

#define EARLY "2025-10-14T10:30:00.287Z"
#define LATE "2025-10-14T10:30:00.288Z"

static const struct {
	struct shown {
		const char *key, *date;
		int64_t size;
	} shown[4];
	unsigned heads;
} sights[] = {
	{ { { "a.delta", LATE, 10 } }, 0 },
	{ { { OURS_MEMO_BASE, LATE, 112 } }, 1 },
	{ { { OURS_MEMO_RECENT, LATE, 112 } }, 0 },
	{ { { OURS_MEMO_BASE "x", LATE, 112 } }, 0 },
	{ { { OURS_MEMO_BASE, LATE, 112 }, { OURS_MEMO_INDEX, EARLY, 9 } }, 1 },
	{ { { OURS_MEMO_BASE, LATE, 112 }, { OURS_MEMO_INDEX, LATE, 9 } },
	  1 }, /* in one moment: it may be later */
	{ { { OURS_MEMO_BASE, EARLY, 112 }, { OURS_MEMO_INDEX, LATE, 9 } }, 0 },
	{ { { "!", EARLY, 1 },
	    { OURS_MEMO_BASE, EARLY, 4000 },
	    { OURS_MEMO_INDEX, LATE, 9 },
	    { OURS_MEMO_RECENT, LATE, 200 } },
	  2 },
	/* a time that is missing, and one that is none */
	{ { { OURS_MEMO_BASE, "", 112 }, { OURS_MEMO_INDEX, LATE, 9 } }, 0 },
	{ { { OURS_MEMO_BASE, "9999999999999999999999999999999999999999", 112 },
	    { OURS_MEMO_INDEX, LATE, 9 } },
	  0 },
	/* what is held in memory */
	{ { { OURS_MEMO_BASE, LATE, MEMO_SIGHT_BYTES_MAX - 1 },
	    { OURS_MEMO_RECENT, LATE, 1 } },
	  257 },
	{ { { OURS_MEMO_BASE, LATE, MEMO_SIGHT_BYTES_MAX },
	    { OURS_MEMO_RECENT, LATE, 1 } },
	  0 },
	{ { { OURS_MEMO_BASE, LATE, INT64_MAX },
	    { OURS_MEMO_RECENT, LATE, INT64_MAX } },
	  0 },
};

/* On one page, or on one page each. */
static void
check(size_t i, bool is_one, bool is_ordered)
{
	struct object objects[4];
	struct memo_sight m = { .has_base = false };
	size_t n = 0;

	for (; n < 4 && sights[i].shown[n].key; n++)
		objects[n] = (struct object){
			.key = sights[i].shown[n].key,
			.key_len = strlen(sights[i].shown[n].key),
			.size = sights[i].shown[n].size,
			.last_modified = sights[i].shown[n].date,
		};
	for (size_t j = 0; j < n; j += is_one ? n : 1)
		memo_sight_see(
			&m,
			&(struct list_page){ .objects = objects + j,
					     .n_objects = is_one ? n : 1 },
			is_ordered);
	if (memo_sight_heads(&m) != sights[i].heads)
		fail_msg("%zu: %u HEADs", i, memo_sight_heads(&m));
}

static void
test_sights(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sights); i++) {
		check(i, true, true);
		check(i, false, true);
		check(i, true, false);
	}
}

static void
test_no_order(void **state)
{
	static const struct object objects[] = {
		{ .key = "z", .key_len = 1, .last_modified = LATE },
		{ .key = OURS_MEMO_BASE,
		  .key_len = sizeof(OURS_MEMO_BASE) - 1,
		  .last_modified = LATE },
	};
	struct list_page page = { .objects = (struct object *)objects,
				  .n_objects = 2 };
	struct memo_sight m = { .has_base = false };

	(void)state;
	memo_sight_see(&m, &page, true);
	assert_false(m.has_base);
	memo_sight_see(&m, &page, false);
	assert_true(m.has_base);
}

#define PACK(digits) INTERNAL_PREFIX "originals_" digits ".bin"
#define NOW "2025-10-15T10:30:00Z"
#define DAY_OLD "2025-10-14T10:30:00.999Z"
#define OLDER "2025-10-14T10:29:59.999Z"

static const struct {
	const char *key, *date;
	int slot; /* that is old; -1: none */
} packs[] = {
	{ PACK("000"), OLDER, 0 },
	{ PACK("007"), OLDER, 7 },
	{ PACK("999"), OLDER, 999 },
	{ PACK("999"), "1970-01-01T00:00:00Z", 999 },
	{ PACK("007"), DAY_OLD, -1 },
	{ PACK("007"), "2035-10-14T10:30:00Z", -1 },
	/* a time that is missing, and one that is none */
	{ PACK("007"), "", -1 },
	{ PACK("007"), "long ago", -1 },
	/* others */
	{ PACK("07"), OLDER, -1 },
	{ PACK("0007"), OLDER, -1 },
	{ PACK("00a"), OLDER, -1 },
	{ PACK("\377\0000"), OLDER, -1 },
	{ PACK("+07"), OLDER, -1 },
	{ INTERNAL_PREFIX "originals_007.bak", OLDER, -1 },
	{ INTERNAL_PREFIX "originalsX007.bin", OLDER, -1 },
	{ "x" INTERNAL_PREFIX "riginals_007.bin", OLDER, -1 },
	{ OURS_MEMO_BASE, OLDER, -1 },
};

static void
check_pack(size_t i, bool is_ordered)
{
	struct object o = { .key = packs[i].key,
			    .key_len = strlen(packs[i].key),
			    .last_modified = packs[i].date };
	struct list_page page = { .objects = &o, .n_objects = 1 };
	struct memo_sight m = { .has_base = false };

	assert_true(date_parse_iso(NOW, &m.now));
	memo_sight_see(&m, &page, is_ordered);
	for (int slot = 0; slot < PACK_SLOTS; slot++)
		if (m.old.is_old[slot] != (slot == packs[i].slot))
			fail_msg("%zu: slot %d", i, slot);
}

static void
test_packs(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(packs); i++) {
		check_pack(i, true);
		check_pack(i, false);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sights),
		cmocka_unit_test(test_no_order),
		cmocka_unit_test(test_packs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
