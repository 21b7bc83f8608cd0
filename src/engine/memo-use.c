/* SPDX-License-Identifier: MIT */
/*
 * What the memo was good for: see memo-use.h.  Net thread only.
 */
#include "config.h"

#include "engine/memo-use.h"

#include "util/date.h"
#include "util/log.h"

struct memo_use
memo_use_sum(const struct memo_use *a, const struct memo_use *b)
{
	return (struct memo_use){
		.is_asked = a->is_asked || b->is_asked,
		.n_spared = a->n_spared + b->n_spared,
		.n_blocks = a->n_blocks + b->n_blocks,
		.n_changed = a->n_changed + b->n_changed,
		.n_records = a->n_records + b->n_records,
		.n_read = a->n_read + b->n_read,
		.written = traffic_sum(a->written, b->written),
		.written_at = a->written_at ? a->written_at : b->written_at,
	};
}

static void
print_age(const struct memo_use *u, char *out, size_t size)
{
	if (u->written_at)
		snprintf(out, size, "%lld s old",
			 (long long)(date_now() - u->written_at));
	else
		snprintf(out, size, "new");
}

void
memo_use_log(const struct memo_use *u, const char *bucket, int64_t n_heads)
{
	char age[32];

	print_age(u, age, sizeof(age));
	log_info("bucket=%s: %lld original sizes from the memo, %lld from "
		 "HEADs; %lld of %lld blocks differ; %lld records, %lld bytes "
		 "read, %llu to be written; it is %s",
		 bucket, (long long)u->n_spared, (long long)n_heads,
		 (long long)u->n_changed, (long long)u->n_blocks,
		 (long long)u->n_records, (long long)u->n_read,
		 (unsigned long long)u->written.n_bytes, age);
}
