/* SPDX-License-Identifier: MIT */
/*
 * The user metadata of listed objects: see user-metadata.h.  Any thread, one at
 * a time.
 */
#include "config.h"

#include "list/user-metadata.h"

#include <assert.h>
#include <strings.h>

#define PREFIX "x-amz-meta-"

void
user_metadata_want(struct user_metadata *m, const char *const *names, size_t n)
{
	assert(n <= USER_METADATA_NAMES_MAX);
	*m = (struct user_metadata){ .wanted = names,
				     .n_wanted = n,
				     .name = n };
}

void
user_metadata_begin(struct user_metadata *m)
{
	m->is_open = m->is_there = false;
	m->name = m->n_wanted;
	m->seen = 0;
	m->best = m->n_wanted;
}

bool
user_metadata_open(struct user_metadata *m, const char *name)
{
	if (m->n_wanted == 0)
		return false;
	if (strcmp(name, "UserMetadata") != 0)
		return strcmp(name, "Internal") == 0;
	if (m->is_there) { /* twice: nothing comes before the first name */
		m->best = 0;
		m->text = 0;
	}
	m->is_open = m->is_there = true;
	return true;
}

size_t
user_metadata_place(const struct user_metadata *m, const char *name, size_t len)
{
	size_t n = strlen(PREFIX), i = 0;

	if (len >= n && strncasecmp(name, PREFIX, n) == 0) {
		name += n;
		len -= n;
	}
	while (i < m->n_wanted &&
	       (strncasecmp(name, m->wanted[i], len) != 0 || m->wanted[i][len]))
		i++;
	return i;
}

static void
begin_value(struct user_metadata *m, const struct object_list *l, size_t place)
{
	m->name = place;
	m->start = l->text.len;
	m->is_uncertain = false;
}

void
user_metadata_start(struct user_metadata *m, const struct object_list *l,
		    unsigned depth, const char *name)
{
	if (depth > 1) { /* within a value */
		m->is_uncertain = true;
		return;
	}
	begin_value(m, l, user_metadata_place(m, name, strlen(name)));
}

int
user_metadata_text(struct user_metadata *m, struct object_list *l,
		   const char *text, size_t len, struct err *err)
{
	if (m->name == m->n_wanted)
		return 0;
	if (len > USER_METADATA_MAX - (l->text.len - m->start)) {
		m->is_uncertain = true;
		return 0;
	}
	return object_list_text(l, text, len, err);
}

/* A value has ended; whether it is the best so far, so that it must be kept. */
static bool
is_kept(struct user_metadata *m, size_t start, bool is_empty)
{
	if (m->seen & 1u << m->name)
		m->is_uncertain = true;
	m->seen |= 1u << m->name;
	if (m->name > m->best || (is_empty && !m->is_uncertain))
		return false;
	m->best = m->name;
	m->text = m->is_uncertain ? 0 : (uint32_t)start;
	return m->text != 0;
}

/* Without the blanks at its ends: a field of HTTP has none. */
int
user_metadata_end(struct user_metadata *m, struct object_list *l,
		  unsigned depth, struct err *err)
{
	size_t start = m->start, end = l->text.len;
	const char *text = l->text.data;
	bool is_best;

	if (depth == 0)
		m->is_open = false;
	if (depth != 1 || m->name == m->n_wanted)
		return 0;
	while (end > start && strchr(" \t", text[end - 1]))
		end--;
	while (start < end && strchr(" \t", text[start]))
		start++;
	is_best = is_kept(m, start, start == end);
	m->name = m->n_wanted;
	object_list_cut(l, is_best ? end : m->start);
	return is_best ? object_list_text(l, "", 1, err) : 0;
}

int
user_metadata_value(struct user_metadata *m, struct object_list *l,
		    size_t place, const char *text, size_t len, struct err *err)
{
	int rc;

	begin_value(m, l, place);
	rc = user_metadata_text(m, l, text, len, err);
	return rc ? rc : user_metadata_end(m, l, 1, err);
}

uint32_t
user_metadata_result(const struct user_metadata *m)
{
	if (!m->is_there)
		return 0;
	return m->best < m->n_wanted ? m->text : OBJECT_LIST_EMPTY;
}
