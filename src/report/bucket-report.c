/* SPDX-License-Identifier: MIT */
/*
 * What is told of a bucket: see bucket-report.h.  Any thread.
 */
#include "config.h"

#include "report/bucket-report.h"

#include "report/integrity-report.h"
#include "report/json.h"
#include "report/load-report.h"
#include "report/metrics.h"
#include "report/mode-report.h"
#include "util/date.h"
#include "util/json-text.h"

#define LABELS_MAX (4 * BUCKET_NAME_MAX) /* more than names can need */

/* A bucket at one moment. */
struct snapshot {
	struct mode_state states[N_DOCUMENTS];
	struct mode_report modes[N_DOCUMENTS];
	struct integrity_report integrity;
	struct load_report load;
	struct buf labels, mode_labels[N_DOCUMENTS];
};

static void
print_labels(struct snapshot *s, const char *bucket)
{
	buf_init(&s->labels, LABELS_MAX);
	metrics_add_label(&s->labels, "bucket", bucket);
	for (int mode = 0; mode < N_DOCUMENTS; mode++) {
		struct buf *labels = &s->mode_labels[mode];

		buf_init(labels, LABELS_MAX);
		metrics_add_label(labels, "bucket", bucket);
		metrics_add_label(labels, "mode", mode_names[mode]);
	}
}

static void
snapshot_take(struct snapshot *s, struct bucket *bucket, struct meter *meter)
{
	load_report_fill(&s->load, meter, bucket->name);
	for (int mode = 0; mode < N_DOCUMENTS; mode++) {
		published_get(&bucket->published, (enum mode)mode,
			      &s->states[mode]);
		mode_report_fill(&s->modes[mode], &s->states[mode],
				 (enum mode)mode, date_mono_ms());
		mode_report_set_load(&s->modes[mode], &s->load.load);
		mode_report_set_price(&s->modes[mode], &s->states[mode],
				      meter_prices(meter));
	}
	integrity_report_fill(&s->integrity, s->states);
	print_labels(s, bucket->name);
}

static void
snapshot_clear(struct snapshot *s)
{
	buf_clear(&s->labels);
	for (int mode = 0; mode < N_DOCUMENTS; mode++) {
		result_unref(s->states[mode].result);
		buf_clear(&s->mode_labels[mode]);
	}
}

/* That of prefixes is told of only where somebody has asked for it. */
static bool
is_told(const struct snapshot *s, int mode)
{
	const struct mode_state *state = &s->states[mode];

	return mode < N_MODES || state->result || state->failure.at ||
	       state->progress.activity != ACTIVITY_IDLE;
}

/* Somebody has asked, and the store has answered, be it with a refusal. */
static bool
has_outcome(const struct snapshot *s)
{
	for (int mode = 0; mode < N_DOCUMENTS; mode++)
		if (s->states[mode].result || s->states[mode].failure.at)
			return true;
	return false;
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
bucket_status(const struct subject *s, struct buf *out)
{
	struct snapshot now CLEANUP(snapshot_clear);
	int rc = buf_add_str(out, "{\n  \"bucket\": ");

	snapshot_take(&now, s->bucket, s->meter);
	if (rc == 0)
		rc = json_add_string(out, s->bucket->name);
	if (rc == 0)
		rc = buf_add_str(out, ",\n");
	if (rc == 0)
		rc = json_add_members(out, &load_members, &now.load, 1);
	for (int mode = 0; mode < N_DOCUMENTS && rc == 0; mode++)
		if (is_told(&now, mode))
			rc = add_mode(&now, (enum mode)mode, out);
	if (rc == 0)
		rc = add_integrity(&now, out);
	return rc ? rc : buf_add_str(out, "\n}\n");
}

/* --- metrics: all samples of a family together, of however many buckets --- */

static int
add_of_buckets(const struct members *m, size_t offset, struct buf *out,
	       const struct snapshot *of, size_t n)
{
	struct sample_source *sources CLEANUP_FREE =
		xcalloc(n, sizeof(*sources));

	for (size_t i = 0; i < n; i++)
		sources[i] = (struct sample_source){
			.labels = buf_str(&of[i].labels),
			.data = (const char *)&of[i] + offset,
		};
	return metrics_add(out, m, sources, n);
}

static int
add_of_modes(struct buf *out, const struct snapshot *of, size_t n)
{
	struct sample_source *sources CLEANUP_FREE =
		xcalloc(n * N_DOCUMENTS, sizeof(*sources));
	size_t n_told = 0;

	for (size_t i = 0; i < n * N_DOCUMENTS; i++) {
		const struct snapshot *s = &of[i / N_DOCUMENTS];
		int mode = (int)(i % N_DOCUMENTS);

		if (is_told(s, mode))
			sources[n_told++] = (struct sample_source){
				.labels = buf_str(&s->mode_labels[mode]),
				.data = &s->modes[mode],
			};
	}
	return metrics_add(out, &mode_members, sources, n_told);
}

static int
add_metrics(struct buf *out, const struct snapshot *of, size_t n)
{
	int rc = add_of_buckets(&load_members, offsetof(struct snapshot, load),
				out, of, n);

	if (rc == 0)
		rc = add_of_modes(out, of, n);
	return rc ? rc
		  : add_of_buckets(&integrity_members,
				   offsetof(struct snapshot, integrity), out,
				   of, n);
}

int
bucket_metrics(const struct subject *s, struct buf *out)
{
	struct snapshot now CLEANUP(snapshot_clear);
	int rc;

	snapshot_take(&now, s->bucket, s->meter);
	rc = add_metrics(out, &now, 1);
	return rc ? rc : metrics_add_end(out);
}

int
buckets_metrics(const struct subject *s, struct buf *out)
{
	unsigned n = buckets_count(s->buckets), n_known = 0;
	struct snapshot *of CLEANUP_FREE = xcalloc(n, sizeof(*of));
	int rc;

	for (unsigned i = 0; i < n; i++) {
		snapshot_take(&of[n_known], buckets_get(s->buckets, i),
			      s->meter);
		if (has_outcome(&of[n_known]))
			n_known++;
		else
			snapshot_clear(&of[n_known]);
	}
	rc = add_metrics(out, of, n_known);
	while (n_known > 0)
		snapshot_clear(&of[--n_known]);
	return rc;
}
