/* SPDX-License-Identifier: MIT */
/*
 * The object that was modified last: see newest.h.  Pure.
 */
#include "config.h"

#include "stats/newest.h"

#include "util/date.h"

/* What can't be a date is no later than one: only the last one is parsed. */
static bool
is_date(const char *s)
{
	size_t len = strnlen(s, sizeof(((struct newest_text *)0)->date));

	return len > strlen("2025-10-14T") &&
	       len < sizeof(((struct newest_text *)0)->date) && s[4] == '-' &&
	       s[10] == 'T' && s[0] >= '0' && s[0] <= '9';
}

void
newest_add(struct newest_text *t, const struct object *o)
{
	int c = strcmp(o->last_modified, t->date);

	if (c < 0 || (c == 0 && o->size <= t->size) ||
	    !is_date(o->last_modified))
		return;
	strcpy(t->date, o->last_modified);
	t->size = o->size;
}

struct newest
newest_of(const struct newest_text *t)
{
	struct newest n = { .size = t->size };

	n.is_known = date_parse_iso(t->date, &n.modified_at);
	return n.is_known ? n : (struct newest){ .is_known = false };
}
