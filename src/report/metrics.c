/* SPDX-License-Identifier: MIT */
/*
 * Members as metrics: see metrics.h.  Pure; any thread.
 */
#include "config.h"

#include "report/metrics.h"

#include <inttypes.h>

#include "stats/doc.h"
#include "util/fill.h"

#define LABELS_MAX 4096

static const char last_line[] = "#\n";

static void
print_value(char out[32], const struct member *row, size_t i, const void *data)
{
	int64_t n = member_number(row, i, data);

	if (row->kind == MEMBER_RATIO)
		doc_print_ratio(member_ratio(row, i, data), out);
	else if (member_has_decimals(row->kind))
		member_print_decimals(row->kind, n, out);
	else
		snprintf(out, 32, "%" PRId64, n);
}

static bool
has_sample(const struct members *m, const struct member *row, size_t i,
	   const void *data)
{
	return member_is_there(m, row, data) &&
	       (row->kind == MEMBER_RATIO || row->kind == MEMBER_HISTOGRAM ||
		member_number(row, i, data) != MEMBER_UNKNOWN);
}

static bool
has_samples(const struct members *m, const struct member *row,
	    const struct sample_source *sources, size_t n_sources)
{
	for (size_t s = 0; s < n_sources; s++)
		for (size_t i = member_first(row); i < member_end(row); i++)
			if (has_sample(m, row, i, sources[s].data))
				return true;
	return false;
}

/* All labels of an element. */
static int
print_labels(struct buf *labels, const struct member *row, size_t i,
	     const char *of_source)
{
	const struct axis *axis = row->axis;
	int rc = buf_add_str(labels, of_source);

	if (rc || !axis)
		return rc;
	rc = metrics_add_label(labels, axis->label,
			       axis->names[i / axis_inner(axis)]);
	if (rc || !axis->inner)
		return rc;
	return metrics_add_label(labels, axis->inner->label,
				 axis->inner->names[i % axis_inner(axis)]);
}

/* There are many lines: without printf(3) they are made in half the time. */
static int
add_texts(struct buf *out, const char *const texts[])
{
	int rc = 0;

	for (; *texts && rc == 0; texts++)
		rc = buf_add_str(out, *texts);
	return rc;
}

static int
add_line(struct buf *out, const char *name, const char *end,
	 const struct buf *labels, const char *value)
{
	return add_texts(out, (const char *const[]){
				      name, end, labels->len ? "{" : "",
				      buf_str(labels), labels->len ? "} " : " ",
				      value, "\n", NULL });
}

static int
add_step(struct buf *out, const char *name, const struct buf *labels,
	 const char *step, uint64_t n)
{
	struct buf with_step CLEANUP_BUF = BUF_INIT(LABELS_MAX);
	char value[32];
	int rc = buf_add_str(&with_step, buf_str(labels));

	snprintf(value, sizeof(value), "%" PRIu64, n);
	if (rc == 0)
		rc = metrics_add_label(&with_step, "le", step);
	return rc ? rc : add_line(out, name, "_bucket", &with_step, value);
}

/* Each step counts what is below it, too. */
static int
add_histogram(struct buf *out, const char *name, const struct buf *labels,
	      const struct member_histogram *h)
{
	char text[32];
	uint64_t n = 0;
	int rc = 0;

	for (size_t i = 0; i < h->n_steps && rc == 0; i++) {
		n += h->n_within[i];
		doc_print_ratio((double)h->steps_ms[i] / 1000, text);
		rc = add_step(out, name, labels, text, n);
	}
	n += h->n_within[h->n_steps];
	if (rc == 0)
		rc = add_step(out, name, labels, "+Inf", n);
	member_print_decimals(MEMBER_SECONDS, h->sum_ms, text);
	if (rc == 0)
		rc = add_line(out, name, "_sum", labels, text);
	snprintf(text, sizeof(text), "%" PRIu64, n);
	return rc ? rc : add_line(out, name, "_count", labels, text);
}

static int
add_sample(struct buf *out, const struct member *row, size_t i,
	   const struct sample_source *source)
{
	struct buf labels CLEANUP_BUF = BUF_INIT(LABELS_MAX);
	int rc = print_labels(&labels, row, i, source->labels);
	char value[32];

	if (rc)
		return rc;
	if (row->kind == MEMBER_HISTOGRAM)
		return add_histogram(out, row->metric, &labels,
				     member_histogram(row, i, source->data));
	print_value(value, row, i, source->data);
	return add_line(out, row->metric, "", &labels, value);
}

static const char *
type_of(const struct member *row)
{
	if (row->kind == MEMBER_HISTOGRAM)
		return "histogram";
	return row->is_counter ? "counter" : "gauge";
}

static int
add_family(struct buf *out, const struct members *m, const struct member *row,
	   const struct sample_source *sources, size_t n_sources)
{
	int rc = add_texts(out, (const char *const[]){
					"# HELP ", row->metric, " ",
					row->meaning, ".\n# TYPE ", row->metric,
					" ", type_of(row), "\n", NULL });

	for (size_t s = 0; s < n_sources; s++)
		for (size_t i = member_first(row); i < member_end(row); i++)
			if (rc == 0 && has_sample(m, row, i, sources[s].data))
				rc = add_sample(out, row, i, &sources[s]);
	return rc;
}

int
metrics_add(struct buf *out, const struct members *m,
	    const struct sample_source *sources, size_t n_sources)
{
	int rc = 0;

	for (size_t i = 0; i < m->n_rows && rc == 0; i++) {
		const struct member *row = &m->rows[i];

		if (row->metric && has_samples(m, row, sources, n_sources))
			rc = add_family(out, m, row, sources, n_sources);
	}
	return rc;
}

/* What a value can't have as it is, one character; "" has none. */
static const char *
escape_of(char c)
{
	return c == '\n' ? "\\n" : c == '"' ? "\\\"" : c == '\\' ? "\\\\" : "";
}

int
metrics_add_label(struct buf *labels, const char *name, const char *value)
{
	int rc =
		add_texts(labels, (const char *const[]){ labels->len ? "," : "",
							 name, "=\"", NULL });

	while (*value && rc == 0) {
		size_t n = strcspn(value, "\n\"\\");

		rc = buf_add(labels, value, n);
		if (rc == 0)
			rc = buf_add_str(labels, escape_of(value[n]));
		value += n + (value[n] != '\0');
	}
	return rc ? rc : buf_add_str(labels, "\"");
}

int
metrics_add_end(struct buf *out)
{
	return buf_add_str(out, last_line);
}

int
metrics_fill(struct buf *out, const char *text, size_t blanks)
{
	size_t len = strlen(text) - strlen(last_line);
	int rc = buf_add(out, text, len);

	return rc ? rc : fill_up(out, last_line, blanks);
}
