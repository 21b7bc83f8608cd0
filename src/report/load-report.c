/* SPDX-License-Identifier: MIT */
/*
 * The requests of a bucket that are under way: see load-report.h.  Pure; any thread.
 */
#include "config.h"

#include "report/load-report.h"

#define AT(field) offsetof(struct load_report, field)

static const struct member rows[] = {
	{ .path = "requests.under_way",
	  .metric = "dgstatfs_bucket_requests_under_way",
	  .kind = MEMBER_COUNT,
	  .at = AT(load.n_running),
	  .meaning = "Requests about the bucket and its objects that wait for "
		     "their answer" },
	{ .path = "requests.waiting",
	  .metric = "dgstatfs_bucket_requests_waiting",
	  .kind = MEMBER_COUNT,
	  .at = AT(load.n_waiting),
	  .meaning = "Requests about it that have failed and wait for their "
		     "next try" },
	{ .path = "requests.limit",
	  .kind = MEMBER_COUNT,
	  .at = AT(limit),
	  .meaning = "How many requests, of all buckets, the store seems to "
		     "take at a time" },
};

const struct members load_members = { rows, ARRAY_SIZE(rows), NULL, 0 };

void
load_report_fill(struct load_report *out, struct meter *meter,
		 const char *bucket)
{
	struct meter_counts counts;

	meter_get_load(meter, bucket, &out->load);
	meter_get(meter, &counts);
	out->limit = (int64_t)counts.limit;
}
