/* SPDX-License-Identifier: MIT */
/*
 * What is remembered if it can't be put: see memo-aside.h.  Net thread only.
 */
#include "config.h"

#include "engine/memo-aside.h"

void
memo_aside_init(struct memo_aside *a, const struct bucket_memo *b)
{
	*a = (struct memo_aside){ .renewal = bucket_memo_renewals(b) };
	memo_file_init(&a->records);
}

void
memo_aside_clear(struct memo_aside *a)
{
	memo_file_clear(&a->records);
	a->is_full = false;
}

void
memo_aside_go_on(struct memo_aside *a, const struct bucket_memo *b)
{
	unsigned now = bucket_memo_renewals(b);

	if (a->renewal != now)
		memo_aside_clear(a);
	a->renewal = now;
}

void
memo_aside_learn(struct memo_aside *a, const struct object *o,
		 struct sha256 *hash, int64_t original)
{
	struct memo_record r;

	if (a->is_full || !memo_record_make(&r, o, hash, original))
		return;
	a->is_full = a->records.n >= MEMO_IDLE_RECORDS ||
		     memo_file_add(&a->records, &r) != 0;
	if (a->is_full)
		memo_file_clear(&a->records);
}

void
memo_aside_move(struct memo_aside *a, struct memo_aside *to)
{
	*to = *a;
	a->is_full = false;
	memo_file_init(&a->records);
}

void
memo_aside_keep(struct memo_aside *a, struct bucket_memo *b, uint64_t epoch)
{
	if (b && a->records.n > 0)
		bucket_memo_keep(b, &a->records, a->renewal, epoch);
	memo_aside_clear(a);
}
