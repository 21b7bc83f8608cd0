/* SPDX-License-Identifier: MIT */
/*
 * What one listing leaves for the next: see memory.h.  Pure.
 */
#include "config.h"

#include "list/memory.h"

#include "list/start-after.h"

/* Requests beside a tenth of the pages that a listing in ranges may cost. */
#define EXTRA_REQUESTS 16

/* Of less, the second page tells as soon as a second range. */
#define PAGES_TO_CUT 3

int64_t
list_pages(int64_t n_keys)
{
	return n_keys / LIST_PAGE_KEYS + (n_keys % LIST_PAGE_KEYS > 0);
}

int64_t
list_ranges_allowed(int64_t n_keys)
{
	return list_pages(n_keys) / 10 + EXTRA_REQUESTS;
}

/* --- marks --- */

static void
add_mark(struct list_marks *m, struct list_cut mark)
{
	if (m->n == m->size) {
		m->size = m->size ? 2 * m->size : 16;
		m->marks = xrealloc(m->marks, m->size * sizeof(m->marks[0]));
	}
	m->marks[m->n++] = mark;
}

void
list_marks_add(struct list_marks *m, const struct object *keys, size_t n_keys,
	       bool is_end, unsigned stride)
{
	size_t back = is_end ? 0 : (m->n_added + 1) % n_keys;
	const struct object *o;

	m->n_keys += (int64_t)n_keys;
	m->n_pages++;
	if (m->n_pages < stride)
		return;
	o = &keys[n_keys - 1 - back];
	for (size_t i = 0; !start_after_is_plain(o->key, o->key_len); i++) {
		if (i == n_keys)
			return;
		back = (back + 1) % n_keys;
		o = &keys[n_keys - 1 - back];
	}
	add_mark(m, (struct list_cut){ xstrndup(o->key, o->key_len), o->key_len,
				       m->n_keys - (int64_t)back });
	m->n_added++;
	m->n_keys = (int64_t)back;
	m->n_pages = 0;
}

void
list_marks_add_key(struct list_marks *m, const char *key, size_t key_len,
		   int64_t n_keys)
{
	const struct list_cut *before = m->n ? &m->marks[m->n - 1] : NULL;
	size_t len = start_after_plain_length(key, key_len);

	m->n_keys += n_keys;
	if (len == 0 || len > LIST_KEY_MAX ||
	    (before &&
	     key_compare(before->key, before->key_len, key, len) >= 0))
		return;
	add_mark(m, (struct list_cut){ xstrndup(key, len), len, m->n_keys });
	m->n_keys = 0;
}

void
list_marks_thin(struct list_marks *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n; i += 2) {
		struct list_cut mark = m->marks[i];

		if (i + 1 < m->n) {
			free(mark.key);
			m->marks[i + 1].n_keys += mark.n_keys;
			mark = m->marks[i + 1];
		}
		m->marks[n++] = mark;
	}
	m->n = n;
}

void
list_marks_append(struct list_marks *m, struct list_marks *next)
{
	for (size_t i = 0; i < next->n; i++) {
		struct list_cut mark = next->marks[i];

		mark.n_keys += m->n_keys;
		m->n_keys = 0;
		add_mark(m, mark);
	}
	m->n_keys += next->n_keys;
	next->n = 0; /* the keys have moved */
	list_marks_clear(next);
}

void
list_marks_clear(struct list_marks *m)
{
	for (size_t i = 0; i < m->n; i++)
		free(m->marks[i].key);
	free(m->marks);
	*m = (struct list_marks){ 0 };
}

/* --- memory --- */

static void
forget_cuts(struct list_memory *m)
{
	for (size_t i = 0; i < m->n_cuts; i++)
		free(m->cuts[i].key);
	free(steal(&m->cuts));
	m->n_cuts = 0;
}

void
list_memory_clear(struct list_memory *m)
{
	forget_cuts(m);
	*m = (struct list_memory){ 0 };
}

bool
list_memory_lacks_cuts(const struct list_memory *m)
{
	return list_pages(m->n_keys) < PAGES_TO_CUT;
}

enum list_plan
list_memory_plan(struct list_memory *m, int64_t now_ms)
{
	if (m->sequential_until_ms && now_ms >= m->sequential_until_ms) {
		m->sequential_until_ms = 0;
		m->plan = LIST_PARALLEL;
		m->n_disagreements = 0;
		m->is_start_refused = false;
	}
	return m->plan;
}

const char *
list_memory_set_plan(struct list_memory *m, enum list_plan plan, int64_t now_ms)
{
	if (plan <= m->plan)
		return NULL;
	if (plan == LIST_UNORDERED) {
		m->plan = plan;
		m->sequential_until_ms = 0;
		return "the store does not list in the order of bytes: it is "
		       "listed on one connection from now on";
	}
	if (m->is_start_ignored) {
		m->plan = plan;
		return "the store does not honour start-after: it is listed "
		       "on one connection from now on";
	}
	if (!m->is_start_refused && m->n_disagreements < LIST_DISAGREEMENTS_MAX)
		return NULL;
	m->plan = plan;
	m->sequential_until_ms = now_ms + LIST_SEQUENTIAL_MS;
	if (m->is_start_refused)
		return "the store refuses start-after: it is listed on one "
		       "connection for an hour";
	return "its ranges do not agree, again and again: it is listed "
	       "on one connection for an hour";
}

static void
add_cut(struct list_memory *m, const struct list_cut *mark, int64_t n_keys)
{
	m->cuts[m->n_cuts++] =
		(struct list_cut){ xstrndup(mark->key, mark->key_len),
				   mark->key_len, n_keys };
}

void
list_memory_remember(struct list_memory *m, const struct list_marks *marks)
{
	int64_t total = marks->n_keys, pages, n_ranges, seen = 0, cut_at = 0;

	for (size_t i = 0; i < marks->n; i++)
		total += marks->marks[i].n_keys;
	forget_cuts(m);
	m->n_keys = total;
	pages = list_pages(total);
	if (pages < PAGES_TO_CUT)
		return;
	n_ranges = list_ranges_allowed(total);
	if (n_ranges > pages)
		n_ranges = pages;
	if (n_ranges > LIST_RANGES_MAX)
		n_ranges = LIST_RANGES_MAX;
	m->cuts = xcalloc((size_t)n_ranges, sizeof(m->cuts[0]));
	for (size_t i = 0; i < marks->n; i++) {
		seen += marks->marks[i].n_keys;
		if (total - seen < LIST_PAGE_KEYS / 4 ||
		    (seen + LIST_PAGE_KEYS / 4) * n_ranges <
			    (int64_t)(m->n_cuts + 1) * total)
			continue;
		if (m->n_cuts + 1 >= (size_t)n_ranges)
			break;
		add_cut(m, &marks->marks[i], seen - cut_at);
		cut_at = seen;
	}
}
