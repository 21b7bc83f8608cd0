/* SPDX-License-Identifier: MIT */
/*
 * Members as metrics: see metrics.h.  Pure; any thread.
 */
#include "config.h"

#include "report/metrics.h"

#include <inttypes.h>

#include "stats/doc.h"
#include "util/fill.h"

static const char last_line[] = "#\n";

static void
print_value(char out[32], const struct member *row, size_t i, const void *data)
{
	int64_t n = member_number(row, i, data);

	if (row->kind == MEMBER_RATIO)
		doc_print_ratio(member_ratio(row, i, data), out);
	else if (row->kind == MEMBER_SECONDS || row->kind == MEMBER_PER_SECOND)
		snprintf(out, 32, "%" PRId64 ".%03d", n / 1000,
			 (int)(n % 1000));
	else
		snprintf(out, 32, "%" PRId64, n);
}

static bool
has_sample(const struct members *m, const struct member *row, size_t i,
	   const void *data)
{
	return member_is_there(m, row, data) &&
	       (row->kind == MEMBER_RATIO ||
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

static int
add_labels(struct buf *out, const struct member *row, size_t i,
	   const char *labels)
{
	int rc = 0;

	if (!row->axis && !*labels)
		return 0;
	if (row->axis)
		rc = buf_printf(out, "{%s%s%s=\"%s\"}", labels,
				*labels ? "," : "", row->axis->label,
				row->axis->names[i]);
	else
		rc = buf_printf(out, "{%s}", labels);
	return rc;
}

static int
add_sample(struct buf *out, const struct member *row, size_t i,
	   const struct sample_source *source)
{
	char value[32];
	int rc = buf_add_str(out, row->metric);

	print_value(value, row, i, source->data);
	if (rc == 0)
		rc = add_labels(out, row, i, source->labels);
	return rc ? rc : buf_printf(out, " %s\n", value);
}

static int
add_family(struct buf *out, const struct members *m, const struct member *row,
	   const struct sample_source *sources, size_t n_sources)
{
	int rc = buf_printf(out, "# HELP %s %s.\n# TYPE %s %s\n", row->metric,
			    row->meaning, row->metric,
			    row->is_counter ? "counter" : "gauge");

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

static int
add_escaped(struct buf *out, char c)
{
	if (c == '\n')
		return buf_add_str(out, "\\n");
	if (c == '"' || c == '\\')
		return buf_printf(out, "\\%c", c);
	return buf_add(out, &c, 1);
}

int
metrics_add_label(struct buf *labels, const char *name, const char *value)
{
	int rc = buf_printf(labels, "%s%s=\"", labels->len ? "," : "", name);

	for (; *value && rc == 0; value++)
		rc = add_escaped(labels, *value);
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
