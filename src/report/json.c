/* SPDX-License-Identifier: MIT */
/*
 * Members as JSON: see json.h.  Pure; any thread.
 */
#include "config.h"

#include "report/json.h"

#include <inttypes.h>

#include "stats/doc.h"
#include "util/date.h"
#include "util/json-text.h"

/* --- values --- */

static int
add_date(struct buf *out, int64_t when)
{
	char date[DATE_ISO_LEN];

	date_print_iso(when, date);
	return buf_printf(out, "\"%s\"", date);
}

static int
add_text(struct buf *out, const char *text)
{
	return text ? json_add_string(out, text) : buf_add_str(out, "null");
}

static int
add_value(struct buf *out, const struct member *row, size_t i, const void *data)
{
	char text[32];
	int64_t n;

	if (row->kind == MEMBER_TEXT)
		return add_text(out, member_text(row, i, data));
	n = member_number(row, i, data);
	if (row->kind == MEMBER_RATIO)
		doc_print_ratio(member_ratio(row, i, data), text);
	else if (n == MEMBER_UNKNOWN)
		return buf_add_str(out, "null");
	else if (row->kind == MEMBER_TIME)
		return add_date(out, n);
	else if (row->kind == MEMBER_FLAG)
		return buf_add_str(out, n ? "true" : "false");
	else if (member_has_decimals(row->kind))
		member_print_decimals(row->kind, n, text);
	else
		snprintf(text, sizeof(text), "%" PRId64, n);
	return buf_add_str(out, text);
}

/* --- objects in objects --- */

struct printer {
	struct buf *out;
	unsigned depth; /* of the members that come next */
	bool has_members; /* there is one before, which wants a comma */
	int rc;
};

static void
add(struct printer *p, const char *text, size_t len)
{
	if (p->rc == 0)
		p->rc = buf_add(p->out, text, len);
}

static void
begin_line(struct printer *p, const char *end_before)
{
	add(p, end_before, strlen(end_before));
	for (unsigned i = 0; i < p->depth; i++)
		add(p, "  ", 2);
}

static void
begin_member(struct printer *p, const char *name, size_t len)
{
	begin_line(p, p->has_members ? ",\n" : "");
	add(p, "\"", 1);
	add(p, name, len);
	add(p, "\": ", 3);
	p->has_members = true;
}

static void
begin_object(struct printer *p, const char *name, size_t len)
{
	begin_member(p, name, len);
	add(p, "{\n", 2);
	p->depth++;
	p->has_members = false;
}

static void
end_object(struct printer *p)
{
	p->depth--;
	begin_line(p, "\n");
	add(p, "}", 1);
	p->has_members = true;
}

/* Bytes of the names of objects that both are in, with their points. */
static size_t
common_prefix(const char *a, const char *b)
{
	size_t common = 0;

	for (size_t i = 0; a[i] && a[i] == b[i]; i++)
		if (a[i] == '.')
			common = i + 1;
	return common;
}

/* Out of the objects that `before` was in, into those of `path`: its name. */
static const char *
go_to(struct printer *p, const char *before, const char *path)
{
	size_t common = common_prefix(before, path);
	const char *end;

	for (const char *s = before + common; (s = strchr(s, '.')); s++)
		end_object(p);
	for (path += common; (end = strchr(path, '.')); path = end + 1)
		begin_object(p, path, (size_t)(end - path));
	return path;
}

static void
add_single(struct printer *p, const struct member *row, const char *name,
	   size_t i, const void *data)
{
	begin_member(p, name, strlen(name));
	if (p->rc == 0)
		p->rc = add_value(p->out, row, i, data);
}

static void
add_element(struct printer *p, const struct member *row, size_t i,
	    const void *data)
{
	const char *name = row->axis->names[i];
	const struct axis *inner = row->axis->inner;

	if (!inner) {
		add_single(p, row, name, i, data);
		return;
	}
	begin_object(p, name, strlen(name));
	for (size_t k = 0; k < inner->n; k++)
		add_single(p, row, inner->names[k], i * inner->n + k, data);
	end_object(p);
}

static void
add_member(struct printer *p, const struct member *row, const char *name,
	   const void *data)
{
	if (!row->axis) {
		add_single(p, row, name, 0, data);
		return;
	}
	begin_object(p, name, strlen(name));
	for (size_t i = row->axis->first; i < row->axis->n; i++)
		add_element(p, row, i, data);
	end_object(p);
}

/* A part that is not there. */
static void
add_null(struct printer *p, const char *path)
{
	begin_member(p, path, strcspn(path, "."));
	add(p, "null", 4);
}

int
json_add_members(struct buf *out, const struct members *m, const void *data,
		 unsigned depth)
{
	struct printer p = { .out = out, .depth = depth };
	const char *before = "", *missing = "";

	for (size_t i = 0; i < m->n_rows; i++) {
		const struct member *row = &m->rows[i];

		if (!row->path)
			continue;
		if (!member_is_there(m, row, data)) {
			go_to(&p, before, "");
			if (common_prefix(missing, row->path) == 0)
				add_null(&p, row->path);
			before = "";
			missing = row->path;
			continue;
		}
		add_member(&p, row, go_to(&p, before, row->path), data);
		before = row->path;
		missing = "";
	}
	go_to(&p, before, "");
	return p.rc;
}
