/* SPDX-License-Identifier: MIT */
/*
 * Statistics as text: see show.h.  Any thread.
 */
#include "config.h"

#include "cli/show.h"

#include <inttypes.h>

#include "stats/doc.h"

#define RULE_LEN 60
#define BOLD "\033[1m"
#define PLAIN "\033[0m"

void
show_number(int64_t n, char out[32])
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%" PRId64, n);

	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			*out++ = ',';
		*out++ = digits[i];
	}
	*out = '\0';
}

void
show_size(int64_t bytes, char out[32])
{
	static const char *const units[] = { "KiB", "MiB", "GiB",
					     "TiB", "PiB", "EiB" };
	double size = (double)bytes / 1024;
	size_t i = 0;

	if (bytes < 1024) {
		snprintf(out, 32, "%" PRId64 " B", bytes);
		return;
	}
	/* as it will be rounded: never "1024.00" of a unit */
	while (size >= 1023.995 && i + 1 < ARRAY_SIZE(units)) {
		size /= 1024;
		i++;
	}
	snprintf(out, 32, "%.2f %s", size, units[i]);
}

static void
show_percent(double ratio, char out[32])
{
	snprintf(out, 32, "%.1f%%", ratio * 100);
}

/* --- one bucket --- */

static void
show_line(FILE *f, const char *name, const char *value)
{
	fprintf(f, "%-20s %s\n", name, value);
}

static void
show_count(FILE *f, const char *name, int64_t n)
{
	char text[32];

	show_number(n, text);
	show_line(f, name, text);
}

static void
show_bytes(FILE *f, const char *name, int64_t n, const struct show_style *style)
{
	char exact[32], size[32];
	CLEANUP_FREE char *both = NULL;

	if (style->is_exact)
		snprintf(exact, sizeof(exact), "%" PRId64, n);
	else
		show_number(n, exact);
	show_size(n, size);
	both = xasprintf("%s (%s bytes)", size, exact);
	show_line(f, name, style->is_exact ? exact : both);
}

void
show_one(FILE *f, const struct show *s, enum mode mode,
	 const struct show_style *style)
{
	const struct figures *figures = s->figures;
	char ratio[32];

	show_percent(figures->average_compression_ratio, ratio);
	fprintf(f, "%s%s%s (%s)\n", style->has_bold ? BOLD : "", s->bucket,
		style->has_bold ? PLAIN : "", mode_names[mode]);
	for (int i = 0; i < RULE_LEN; i++)
		fputc('=', f);
	fputc('\n', f);
	show_count(f, "Objects:", figures->object_count);
	show_count(f, "  deltas:", figures->delta_objects);
	show_count(f, "  direct:", figures->direct_objects);
	show_bytes(f, "Original size:", figures->total_size, style);
	show_bytes(f, "Stored size:", figures->compressed_size, style);
	show_bytes(f, "Space saved:", figures->space_saved, style);
	show_line(f, "Compression ratio:", ratio);
}

/* --- several --- */

static int64_t
add(int64_t a, int64_t b)
{
	int64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

bool
show_total(const struct show *rows, size_t n, struct figures *out)
{
	struct figures t = { .object_count = 0 };

	for (size_t i = 0; i < n; i++) {
		const struct figures *r = rows[i].figures;

		if (!r)
			return false;
		t.object_count = add(t.object_count, r->object_count);
		t.delta_objects = add(t.delta_objects, r->delta_objects);
		t.direct_objects = add(t.direct_objects, r->direct_objects);
		t.total_size = add(t.total_size, r->total_size);
		t.compressed_size = add(t.compressed_size, r->compressed_size);
		t.space_saved = add(t.space_saved, r->space_saved);
	}
	if (t.total_size > 0)
		t.average_compression_ratio =
			(double)t.space_saved / (double)t.total_size;
	*out = t;
	return true;
}

enum { COLUMNS = 8 };

struct cells {
	char text[COLUMNS][32];
	const char *bucket; /* instead of the first one */
};

static void
fill_size(char out[32], int64_t bytes, const struct show_style *style)
{
	if (style->is_exact)
		snprintf(out, 32, "%" PRId64, bytes);
	else
		show_size(bytes, out);
}

static void
fill(struct cells *c, const struct show *s, const struct show_style *style)
{
	const struct figures *r = s->figures;

	*c = (struct cells){ .bucket = s->bucket };
	for (int i = 1; i < COLUMNS; i++)
		strcpy(c->text[i], "-");
	if (!r)
		return;
	show_number(r->object_count, c->text[1]);
	show_number(r->delta_objects, c->text[2]);
	show_number(r->direct_objects, c->text[3]);
	fill_size(c->text[4], r->total_size, style);
	fill_size(c->text[5], r->compressed_size, style);
	fill_size(c->text[6], r->space_saved, style);
	show_percent(r->average_compression_ratio, c->text[7]);
}

static void
print_cells(FILE *f, const struct cells *c, const int width[COLUMNS])
{
	fprintf(f, "%-*s", width[0], c->bucket);
	for (int i = 1; i < COLUMNS; i++)
		fprintf(f, "  %*s", width[i], c->text[i]);
	fputc('\n', f);
}

static int
cell_width(const struct cells *c, int column)
{
	return (int)strlen(column == 0 ? c->bucket : c->text[column]);
}

void
show_table(FILE *f, const struct show *rows, size_t n,
	   const struct show_style *style)
{
	static const struct cells titles = {
		.text = { "", "objects", "deltas", "direct", "original",
			  "stored", "saved", "ratio" },
		.bucket = "bucket",
	};
	struct figures sums;
	struct show total = { "total",
			      show_total(rows, n, &sums) ? &sums : NULL };
	struct cells *cells CLEANUP_FREE = xcalloc(n + 1, sizeof(*cells));
	int width[COLUMNS];

	for (size_t i = 0; i < n; i++)
		fill(&cells[i], &rows[i], style);
	fill(&cells[n], &total, style);
	for (int c = 0; c < COLUMNS; c++) {
		width[c] = cell_width(&titles, c);
		for (size_t i = 0; i <= n; i++)
			if (cell_width(&cells[i], c) > width[c])
				width[c] = cell_width(&cells[i], c);
	}
	fputs(style->has_bold ? BOLD : "", f);
	print_cells(f, &titles, width);
	fputs(style->has_bold ? PLAIN : "", f);
	for (size_t i = 0; i <= n; i++)
		print_cells(f, &cells[i], width);
}

/* --- for programs --- */

void
show_json(FILE *f, const struct show *s, bool is_one_line)
{
	const struct figures *r = s->figures;
	const char *lead = is_one_line ? " " : "\n  ";
	const struct {
		const char *name;
		int64_t value;
	} numbers[] = {
		{ "object_count", r->object_count },
		{ "total_size", r->total_size },
		{ "compressed_size", r->compressed_size },
		{ "space_saved", r->space_saved },
	};
	char ratio[32];

	doc_print_ratio(r->average_compression_ratio, ratio);
	/* a name of a bucket has nothing that JSON would escape */
	fprintf(f, "{%s\"bucket\": \"%s\",", is_one_line ? "" : lead,
		s->bucket);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		fprintf(f, "%s\"%s\": %" PRId64 ",", lead, numbers[i].name,
			numbers[i].value);
	fprintf(f, "%s\"average_compression_ratio\": %s,", lead, ratio);
	fprintf(f, "%s\"delta_objects\": %" PRId64 ",", lead, r->delta_objects);
	fprintf(f, "%s\"direct_objects\": %" PRId64 "%s}", lead,
		r->direct_objects, is_one_line ? "" : "\n");
}
