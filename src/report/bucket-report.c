/* SPDX-License-Identifier: MIT */
/*
 * What is told of a bucket: see bucket-report.h.  Any thread.
 */
#include "config.h"

#include "report/bucket-report.h"

#include "report/json.h"
#include "report/metrics.h"
#include "report/mode-report.h"
#include "util/date.h"

#define LABELS_MAX (4 * BUCKET_NAME_MAX) /* more than names can need */

/* A bucket in a mode, at one moment. */
struct snapshot {
	struct mode_state state;
	struct mode_report report;
	struct buf labels;
};

static void
snapshot_take(struct snapshot *s, struct bucket *bucket, enum mode mode)
{
	published_get(&bucket->published, mode, &s->state);
	mode_report_fill(&s->report, &s->state, mode, date_mono_ms());
	buf_init(&s->labels, LABELS_MAX);
	metrics_add_label(&s->labels, "bucket", bucket->name);
	metrics_add_label(&s->labels, "mode", mode_names[mode]);
}

static void
snapshot_clear(struct snapshot *s)
{
	result_unref(s->state.result);
	buf_clear(&s->labels);
}

static int
add_mode(struct bucket *bucket, enum mode mode, struct buf *out)
{
	struct snapshot s CLEANUP(snapshot_clear);
	int rc;

	snapshot_take(&s, bucket, mode);
	rc = buf_printf(out, ",\n  \"%s\": {\n", mode_names[mode]);
	if (rc == 0)
		rc = json_add_members(out, &mode_members, &s.report, 2);
	return rc ? rc : buf_add_str(out, "\n  }");
}

int
bucket_status(struct bucket *bucket, struct buf *out)
{
	int rc = buf_add_str(out, "{\n  \"bucket\": ");

	if (rc == 0)
		rc = json_add_string(out, bucket->name);
	for (int mode = 0; mode < N_MODES && rc == 0; mode++)
		rc = add_mode(bucket, (enum mode)mode, out);
	return rc ? rc : buf_add_str(out, "\n}\n");
}

int
bucket_metrics(struct bucket *bucket, struct buf *out)
{
	struct snapshot of[N_MODES];
	struct sample_source sources[N_MODES];
	int rc;

	for (int mode = 0; mode < N_MODES; mode++) {
		snapshot_take(&of[mode], bucket, (enum mode)mode);
		sources[mode] = (struct sample_source){
			.labels = buf_str(&of[mode].labels),
			.data = &of[mode].report,
		};
	}
	rc = metrics_add(out, &mode_members, sources, N_MODES);
	for (int mode = 0; mode < N_MODES; mode++)
		snapshot_clear(&of[mode]);
	return rc ? rc : metrics_add_end(out);
}
