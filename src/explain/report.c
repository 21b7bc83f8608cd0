/* SPDX-License-Identifier: MIT */
/*
 * A report as text or as JSON: see report.h.  Any thread, one at a time.
 */
#include "config.h"

#include "explain/report.h"

#include "util/escape.h"
#include "util/json-text.h"

/* Printable, on the heap. */
static char *
dup_escaped(const char *s)
{
	size_t len = s ? strlen(s) : 0, size = 4 * len + 1;
	char *out = s ? xmalloc(size) : NULL;

	if (out)
		escape_text(out, size, s, len);
	return out;
}

void
report_add(struct report *r, const struct report_row *row)
{
	struct report_row *copy;

	r->rows = xrealloc(r->rows, (r->n_rows + 1) * sizeof(r->rows[0]));
	copy = &r->rows[r->n_rows++];
	*copy = *row;
	copy->name = dup_escaped(row->name);
	copy->value = dup_escaped(row->value);
	copy->at = dup_escaped(row->at);
	copy->detail = dup_escaped(row->detail);
}

void
report_advise(struct report *r, const char *sentence)
{
	for (size_t i = 0; i < r->n_advice; i++)
		if (strcmp(r->advice[i], sentence) == 0)
			return;
	r->advice =
		xrealloc(r->advice, (r->n_advice + 1) * sizeof(r->advice[0]));
	r->advice[r->n_advice++] = dup_escaped(sentence);
}

void
report_clear(struct report *r)
{
	for (size_t i = 0; i < r->n_rows; i++) {
		free((char *)r->rows[i].name);
		free((char *)r->rows[i].value);
		free((char *)r->rows[i].at);
		free((char *)r->rows[i].detail);
	}
	for (size_t i = 0; i < r->n_advice; i++)
		free(r->advice[i]);
	free(r->rows);
	free(r->advice);
	*r = (struct report){ .rows = NULL };
}

/* Whether another section begins there. */
static bool
is_first(const struct report *r, size_t i)
{
	return i == 0 ||
	       strcmp(r->rows[i].section, r->rows[i - 1].section) != 0;
}

/* --- for people --- */

static void
print_row(const struct report_row *row, FILE *f)
{
	fprintf(f, "    %-22s  %s", row->name, row->value ? row->value : "-");
	if (row->at)
		fprintf(f, ", at %s", row->at);
	if (row->ms >= 0)
		fprintf(f, ", %lld ms", (long long)row->ms);
	if (row->detail)
		fprintf(f, "  (%s)", row->detail);
	fputc('\n', f);
}

void
report_print(const struct report *r, FILE *f)
{
	for (size_t i = 0; i < r->n_rows; i++) {
		if (is_first(r, i))
			fprintf(f, "%s%s\n", i ? "\n" : "", r->rows[i].section);
		print_row(&r->rows[i], f);
	}
	fprintf(f, "\n%s\n",
		r->has_failed ? "it does not work"
			      : "all that was tried works");
	for (size_t i = 0; i < r->n_advice; i++)
		fprintf(f, "    - %s\n", r->advice[i]);
}

/* --- for programs --- */

static void
print_string(const char *s, FILE *f)
{
	/* escaped text has no control characters: quotes and backslashes */
	struct buf text CLEANUP_BUF = BUF_INIT(2 * (s ? strlen(s) : 0) + 2);

	if (!s)
		fputs("null", f);
	else if (json_add_string(&text, s) == 0)
		fputs(buf_str(&text), f);
}

static void
print_json_row(const struct report_row *row, FILE *f)
{
	fputs("    ", f);
	print_string(row->name, f);
	fputs(": {\"value\": ", f);
	print_string(row->value, f);
	if (row->at) {
		fputs(", \"at\": ", f);
		print_string(row->at, f);
	}
	if (row->detail) {
		fprintf(f, ", \"%s\": ", row->label);
		print_string(row->detail, f);
	}
	if (row->ms >= 0)
		fprintf(f, ", \"ms\": %lld", (long long)row->ms);
	fputc('}', f);
}

void
report_print_json(const struct report *r, FILE *f)
{
	fputs("{\n", f);
	for (size_t i = 0; i < r->n_rows; i++) {
		if (is_first(r, i))
			fprintf(f, "%s  \"%s\": {\n", i ? "\n  },\n" : "",
				r->rows[i].section);
		else
			fputs(",\n", f);
		print_json_row(&r->rows[i], f);
	}
	fprintf(f, "%s  \"advice\": [", r->n_rows ? "\n  },\n" : "");
	for (size_t i = 0; i < r->n_advice; i++) {
		fputs(i ? ",\n    " : "\n    ", f);
		print_string(r->advice[i], f);
	}
	fprintf(f, "%s],\n  \"works\": %s\n}\n", r->n_advice ? "\n  " : "",
		r->has_failed ? "false" : "true");
}
