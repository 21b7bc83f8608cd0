/* SPDX-License-Identifier: MIT */
/*
 * What is told of the mount itself: see mount-report.h.  Any thread.
 */
#include "config.h"

#include "report/mount-report.h"

#include "report/bucket-report.h"
#include "report/json.h"
#include "report/metrics.h"

/* --- the table --- */

#define AT(field) offsetof(struct mount_report, field)

static const struct axis by_outcome = { .label = "outcome",
					.names = meter_outcome_names,
					.n = N_METER_OUTCOMES };
static const struct axis by_operation = { .label = "operation",
					  .names = meter_operation_names,
					  .n = N_METER_OPERATIONS };
static const struct axis by_operation_and_outcome = {
	.label = "operation",
	.names = meter_operation_names,
	.n = N_METER_OPERATIONS,
	.inner = &by_outcome
};

static const struct member rows[] = {
	{ .path = "version",
	  .kind = MEMBER_TEXT,
	  .at = AT(version),
	  .meaning = "That of the program" },
	{ .path = "mounted_at",
	  .metric = "dgstatfs_mounted_timestamp_seconds",
	  .kind = MEMBER_TIME,
	  .at = AT(mounted_at),
	  .meaning = "When the mount was made, or dgstat began to listen" },
	{ .path = "requests.under_way",
	  .metric = "dgstatfs_requests_under_way",
	  .kind = MEMBER_COUNT,
	  .at = AT(counts.load.n_running),
	  .meaning = "Requests that wait for their answer" },
	{ .path = "requests.waiting",
	  .metric = "dgstatfs_requests_waiting",
	  .kind = MEMBER_COUNT,
	  .at = AT(counts.load.n_waiting),
	  .meaning = "Requests that have failed and wait for their next try" },
	{ .path = "requests.limit",
	  .metric = "dgstatfs_requests_limit",
	  .kind = MEMBER_COUNT,
	  .at = AT(counts.limit),
	  .meaning = "How many pages and HEADs the store seems to take at a "
		     "time" },
	{ .path = "requests.ended",
	  .metric = "dgstatfs_requests_total",
	  .kind = MEMBER_COUNT,
	  .is_counter = true,
	  .at = AT(counts.n),
	  .axis = &by_operation_and_outcome,
	  .meaning = "Requests that have ended, each try of them, by what was "
		     "asked and how they ended" },
	{ .path = "requests.cost",
	  .metric = "dgstatfs_requests_cost_total",
	  .kind = MEMBER_MONEY,
	  .is_counter = true,
	  .at = AT(price),
	  .meaning = "What all of these cost, by price_list and price_head" },
	{ .metric = "dgstatfs_request_duration_seconds",
	  .kind = MEMBER_HISTOGRAM,
	  .at = AT(seconds),
	  .axis = &by_operation,
	  .meaning = "How long answers took, to their end" },
};

const struct members mount_members = { rows, ARRAY_SIZE(rows), NULL, 0 };

/* Its value says nothing; with the version as a label. */
static const struct member info_rows[] = {
	{ .metric = "dgstatfs_build_info",
	  .kind = MEMBER_COUNT,
	  .at = AT(one),
	  .meaning = "1, with the version of the program as a label" },
};

static const struct members info = { info_rows, ARRAY_SIZE(info_rows), NULL,
				     0 };

/* --- the values --- */

void
mount_report_fill(struct mount_report *out, int64_t mounted_at,
		  const struct prices *prices)
{
	out->version = PACKAGE_VERSION;
	out->one = 1;
	out->mounted_at = mounted_at;
	out->price = prices_are_known(prices)
			     ? meter_counts_cost(&out->counts, prices)
			     : MEMBER_UNKNOWN;
	for (size_t i = 0; i < N_METER_OPERATIONS; i++)
		out->seconds[i] = (struct member_histogram){
			.n_steps = N_METER_STEPS,
			.steps_ms = meter_steps_ms,
			.n_within = out->counts.n_within[i],
			.sum_ms = out->counts.sum_ms[i],
		};
}

static void
take(struct mount_report *out, const struct subject *s)
{
	meter_get(s->meter, &out->counts);
	mount_report_fill(out, s->mounted_at, meter_prices(s->meter));
}

/* --- the files --- */

int
mount_status(const struct subject *s, struct buf *out)
{
	struct mount_report report;
	int rc = buf_add_str(out, "{\n");

	take(&report, s);
	if (rc == 0)
		rc = json_add_members(out, &mount_members, &report, 1);
	return rc ? rc : buf_add_str(out, "\n}\n");
}

static int
add_own(const struct subject *s, struct buf *out)
{
	struct mount_report report;
	struct sample_source plain = { .labels = "", .data = &report };
	struct sample_source of_version = {
		.labels = "version=\"" PACKAGE_VERSION "\"", .data = &report
	};
	int rc;

	take(&report, s);
	rc = metrics_add(out, &info, &of_version, 1);
	return rc ? rc : metrics_add(out, &mount_members, &plain, 1);
}

int
mount_metrics(const struct subject *s, struct buf *out)
{
	int rc = add_own(s, out);

	return rc ? rc : metrics_add_end(out);
}

int
mount_metrics_of_all(const struct subject *s, struct buf *out)
{
	int rc = add_own(s, out);

	if (rc == 0)
		rc = buckets_metrics(s, out);
	return rc ? rc : metrics_add_end(out);
}
