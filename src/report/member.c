/* SPDX-License-Identifier: MIT */
/*
 * Values by their rows: see member.h.  Pure; any thread.
 */
#include "config.h"

#include "report/member.h"

#include <inttypes.h>

static bool
is_in_part(const struct member *row, const struct member_part *part)
{
	size_t len = strlen(part->name);

	return row->path && strncmp(row->path, part->name, len) == 0 &&
	       row->path[len] == '.';
}

bool
member_is_there(const struct members *m, const struct member *row,
		const void *data)
{
	for (size_t i = 0; i < m->n_parts; i++)
		if (is_in_part(row, &m->parts[i]))
			return *((const bool *)data + m->parts[i].at);
	return true;
}

static const char *
address(const struct member *row, size_t i, const void *data)
{
	return (const char *)data + row->at + i * sizeof(int64_t);
}

int64_t
member_number(const struct member *row, size_t i, const void *data)
{
	int64_t n;

	memcpy(&n, address(row, i, data), sizeof(n));
	return n;
}

double
member_ratio(const struct member *row, size_t i, const void *data)
{
	double ratio;

	memcpy(&ratio, address(row, i, data), sizeof(ratio));
	return ratio;
}

const char *
member_text(const struct member *row, size_t i, const void *data)
{
	const char *text;

	memcpy(&text, (const char *)data + row->at + i * sizeof(text),
	       sizeof(text));
	return text;
}

bool
member_has_decimals(enum member_kind kind)
{
	return kind == MEMBER_SECONDS || kind == MEMBER_PER_SECOND ||
	       kind == MEMBER_MONEY;
}

void
member_print_decimals(enum member_kind kind, int64_t n, char out[32])
{
	bool is_money = kind == MEMBER_MONEY;
	int64_t scale = is_money ? 1000000000 : 1000;

	snprintf(out, 32, "%" PRId64 ".%0*d", n / scale, is_money ? 9 : 3,
		 (int)(n % scale));
}

const struct member_histogram *
member_histogram(const struct member *row, size_t i, const void *data)
{
	const void *first = (const char *)data + row->at;

	return (const struct member_histogram *)first + i;
}

size_t
axis_inner(const struct axis *axis)
{
	return axis->inner ? axis->inner->n : 1;
}

size_t
member_first(const struct member *row)
{
	return row->axis ? row->axis->first * axis_inner(row->axis) : 0;
}

size_t
member_end(const struct member *row)
{
	return row->axis ? row->axis->n * axis_inner(row->axis) : 1;
}
