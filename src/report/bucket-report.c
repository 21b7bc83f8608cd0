/* SPDX-License-Identifier: MIT */
/*
 * What is told of a bucket: see bucket-report.h.  Any thread.
 */
#include "config.h"

#include "report/bucket-report.h"

#include "report/integrity-report.h"
#include "report/json.h"
#include "report/metrics.h"
#include "report/mode-report.h"
#include "util/date.h"

#define LABELS_MAX (4 * BUCKET_NAME_MAX) /* more than names can need */

/* A bucket at one moment. */
struct snapshot {
	struct mode_state states[N_MODES];
	struct mode_report modes[N_MODES];
	struct integrity_report integrity;
};

static void
snapshot_take(struct snapshot *s, struct bucket *bucket)
{
	for (int mode = 0; mode < N_MODES; mode++) {
		published_get(&bucket->published, (enum mode)mode,
			      &s->states[mode]);
		mode_report_fill(&s->modes[mode], &s->states[mode],
				 (enum mode)mode, date_mono_ms());
	}
	integrity_report_fill(&s->integrity, s->states);
}

static void
snapshot_clear(struct snapshot *s)
{
	for (int mode = 0; mode < N_MODES; mode++)
		result_unref(s->states[mode].result);
}

/* --- JSON --- */

static int
add_mode(const struct snapshot *s, enum mode mode, struct buf *out)
{
	int rc = buf_printf(out, ",\n  \"%s\": {\n", mode_names[mode]);

	if (rc == 0)
		rc = json_add_members(out, &mode_members, &s->modes[mode], 2);
	return rc ? rc : buf_add_str(out, "\n  }");
}

static int
add_integrity(const struct snapshot *s, struct buf *out)
{
	int rc;

	if (!s->integrity.is_known)
		return buf_add_str(out, ",\n  \"integrity\": null");
	rc = buf_add_str(out, ",\n  \"integrity\": {\n");
	if (rc == 0)
		rc = integrity_report_add(out, &s->integrity, 2);
	return rc ? rc : buf_add_str(out, "\n  }");
}

int
bucket_status(struct bucket *bucket, struct buf *out)
{
	struct snapshot s CLEANUP(snapshot_clear);
	int rc = buf_add_str(out, "{\n  \"bucket\": ");

	snapshot_take(&s, bucket);
	if (rc == 0)
		rc = json_add_string(out, bucket->name);
	for (int mode = 0; mode < N_MODES && rc == 0; mode++)
		rc = add_mode(&s, (enum mode)mode, out);
	if (rc == 0)
		rc = add_integrity(&s, out);
	return rc ? rc : buf_add_str(out, "\n}\n");
}

/* --- metrics --- */

static int
add_mode_metrics(const struct snapshot *s, const char *bucket, struct buf *out)
{
	struct sample_source sources[N_MODES];
	struct buf labels[N_MODES];
	int rc;

	for (int mode = 0; mode < N_MODES; mode++) {
		buf_init(&labels[mode], LABELS_MAX);
		metrics_add_label(&labels[mode], "bucket", bucket);
		metrics_add_label(&labels[mode], "mode", mode_names[mode]);
		sources[mode] = (struct sample_source){
			.labels = buf_str(&labels[mode]),
			.data = &s->modes[mode],
		};
	}
	rc = metrics_add(out, &mode_members, sources, N_MODES);
	for (int mode = 0; mode < N_MODES; mode++)
		buf_clear(&labels[mode]);
	return rc;
}

static int
add_integrity_metrics(const struct snapshot *s, const char *bucket,
		      struct buf *out)
{
	struct buf labels CLEANUP_BUF = BUF_INIT(LABELS_MAX);
	int rc = metrics_add_label(&labels, "bucket", bucket);
	struct sample_source source = { .labels = buf_str(&labels),
					.data = &s->integrity };

	return rc ? rc : metrics_add(out, &integrity_members, &source, 1);
}

int
bucket_metrics(struct bucket *bucket, struct buf *out)
{
	struct snapshot s CLEANUP(snapshot_clear);
	int rc;

	snapshot_take(&s, bucket);
	rc = add_mode_metrics(&s, bucket->name, out);
	if (rc == 0)
		rc = add_integrity_metrics(&s, bucket->name, out);
	return rc ? rc : metrics_add_end(out);
}
