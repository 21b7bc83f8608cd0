/* SPDX-License-Identifier: MIT */
/*
 * What is known of buckets: see buckets.h.  Any thread: one leaf lock.
 */
#include "config.h"

#include "engine/buckets.h"

#define uthash_fatal(msg) die_no_memory()
#include <uthash.h>

#include "util/date.h"
#include "util/lock.h"

/* Names answered with no or denied that are remembered at a time. */
#define ABSENT_MAX 4096

/* Who is silent is not asked again for each of a thousand names. */
#define SILENCE_MS 2000

struct entry {
	struct bucket bucket;
	UT_hash_handle hh;
};

/* A name of which the store said that it is not there, or not for us. */
struct absent {
	char name[BUCKET_NAME_MAX + 1];
	enum bucket_answer answer;
	int64_t expires_ms;
	UT_hash_handle hh; /* in order of insertion, so of expiry */
};

struct buckets {
	int64_t ttl_ms;
	bool is_confined;

	/* under lock */
	pthread_mutex_t lock;
	struct entry *by_name;
	struct entry **by_index;
	unsigned n;
	struct absent *absent;
	int64_t list_expires_ms;
	int64_t silent_until_ms;
	bool is_list_denied;
};

/* --- under lock --- */

static bool
is_there(const struct entry *e)
{
	return e->bucket.is_listed || e->bucket.is_reached;
}

/* And that need not be asked now. */
static bool
is_fresh(const struct buckets *b, const struct entry *e)
{
	int64_t now = date_mono_ms();

	return (b->is_confined && e->bucket.is_listed) ||
	       e->bucket.fresh_until_ms > now || b->silent_until_ms > now;
}

static struct bucket *
add(struct buckets *b, const char *name)
{
	struct entry *e;

	HASH_FIND_STR(b->by_name, name, e);
	if (!e) {
		e = xnew(struct entry);
		e->bucket.name = xstrdup(name);
		e->bucket.index = b->n;
		published_init(&e->bucket.published);
		for (int i = 0; i < BUCKET_FILES_MAX; i++)
			atomic_init(&e->bucket.files[i].changed_at, date_now());
		b->by_index = xrealloc(b->by_index,
				       (b->n + 1) * sizeof(b->by_index[0]));
		b->by_index[b->n++] = e;
		HASH_ADD_KEYPTR(hh, b->by_name, e->bucket.name,
				strlen(e->bucket.name), e);
	}
	e->bucket.fresh_until_ms = date_mono_ms() + b->ttl_ms;
	return &e->bucket;
}

static void
forget_absent(struct buckets *b, const char *name)
{
	struct absent *a;

	HASH_FIND_STR(b->absent, name, a);
	if (a) {
		HASH_DEL(b->absent, a);
		free(a);
	}
}

static void
entry_free(struct entry *e)
{
	free((char *)e->bucket.name);
	list_memory_clear(&e->bucket.list_memory);
	published_clear(&e->bucket.published);
	free(e);
}

/* --- asking --- */

enum bucket_answer
buckets_find(struct buckets *b, const char *name, struct bucket **out)
{
	struct entry *e;
	struct absent *a;
	LOCKED(b);

	HASH_FIND_STR(b->by_name, name, e);
	*out = e && is_there(e) ? &e->bucket : NULL;
	if (*out)
		return is_fresh(b, e) ? BUCKET_IS_THERE : BUCKET_IS_UNKNOWN;
	HASH_FIND_STR(b->absent, name, a);
	if (a && a->expires_ms > date_mono_ms())
		return a->answer;
	return e || !b->is_confined ? BUCKET_IS_UNKNOWN : BUCKET_IS_NOT;
}

struct bucket *
buckets_get(struct buckets *b, unsigned index)
{
	LOCKED(b);

	return index < b->n ? &b->by_index[index]->bucket : NULL;
}

unsigned
buckets_count(struct buckets *b)
{
	LOCKED(b);

	return b->n;
}

bool
buckets_any(struct buckets *b)
{
	LOCKED(b);

	for (unsigned i = 0; i < b->n; i++)
		if (is_there(b->by_index[i]))
			return true;
	return false;
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Whether a name is wanted; under lock. */
typedef bool choose_fn(const struct buckets *b, const struct entry *e);

static char **
choose_names(struct buckets *b, choose_fn *choose, size_t *n)
{
	char **names;
	LOCKED(b);

	*n = 0;
	names = xcalloc(b->n, sizeof(names[0]));
	for (unsigned i = 0; i < b->n; i++) {
		if (choose(b, b->by_index[i]))
			names[(*n)++] = xstrdup(b->by_index[i]->bucket.name);
	}
	qsort(names, *n, sizeof(names[0]), compare_names);
	return names;
}

static bool
choose_there(const struct buckets *b, const struct entry *e)
{
	(void)b;
	return is_there(e);
}

char **
buckets_names(struct buckets *b, size_t *n)
{
	return choose_names(b, choose_there, n);
}

static bool
choose_stale(const struct buckets *b, const struct entry *e)
{
	return e->bucket.is_reached && !e->bucket.is_listed && !is_fresh(b, e);
}

char **
buckets_stale_names(struct buckets *b, size_t *n)
{
	return choose_names(b, choose_stale, n);
}

static bool
choose_missing(const struct buckets *b, const struct entry *e)
{
	return b->is_confined && !is_there(e);
}

char **
buckets_missing_names(struct buckets *b, size_t *n)
{
	return choose_names(b, choose_missing, n);
}

bool
buckets_list_is_fresh(struct buckets *b, bool *denied)
{
	LOCKED(b);

	*denied = b->is_list_denied;
	for (unsigned i = 0; i < b->n; i++)
		if (choose_stale(b, b->by_index[i]))
			return false;
	return b->is_confined || b->list_expires_ms > date_mono_ms();
}

bool
buckets_is_confined(const struct buckets *b)
{
	return b->is_confined;
}

/* --- being told --- */

void
buckets_set_list(struct buckets *b, char *const *names, size_t n)
{
	LOCKED(b);

	b->silent_until_ms = 0;
	for (unsigned i = 0; i < b->n; i++)
		b->by_index[i]->bucket.is_listed = false;
	for (size_t i = 0; i < n; i++) {
		add(b, names[i])->is_listed = true;
		forget_absent(b, names[i]);
	}
	b->list_expires_ms = date_mono_ms() + b->ttl_ms;
	b->is_list_denied = false;
}

void
buckets_set_list_denied(struct buckets *b)
{
	LOCKED(b);

	b->silent_until_ms = 0;
	b->list_expires_ms = date_mono_ms() + b->ttl_ms;
	b->is_list_denied = true;
}

void
buckets_set_there(struct buckets *b, const char *name)
{
	struct bucket *bucket;
	LOCKED(b);

	b->silent_until_ms = 0;
	bucket = add(b, name);
	bucket->is_reached = true;
	if (b->is_confined) /* no ListBuckets is to tell of it */
		bucket->is_listed = true;
	forget_absent(b, name);
}

void
buckets_set_not_there(struct buckets *b, const char *name,
		      enum bucket_answer answer)
{
	struct entry *e;
	struct absent *a;
	LOCKED(b);

	b->silent_until_ms = 0;
	HASH_FIND_STR(b->by_name, name, e);
	if (e)
		e->bucket.is_listed = e->bucket.is_reached = false;
	forget_absent(b, name);
	if (HASH_COUNT(b->absent) >= ABSENT_MAX) {
		a = b->absent; /* the oldest */
		HASH_DEL(b->absent, a);
		free(a);
	}
	a = xnew(struct absent);
	snprintf(a->name, sizeof(a->name), "%s", name);
	a->answer = answer;
	a->expires_ms = date_mono_ms() + b->ttl_ms;
	HASH_ADD_STR(b->absent, name, a);
}

void
buckets_set_silent(struct buckets *b)
{
	LOCKED(b);

	b->silent_until_ms = date_mono_ms() + SILENCE_MS;
}

/* --- documents --- */

struct buckets *
buckets_new(int64_t ttl_ms, char *const *names, size_t n_names)
{
	struct buckets *b = xnew(struct buckets);

	b->ttl_ms = ttl_ms;
	b->is_confined = n_names > 0;
	pthread_mutex_init(&b->lock, NULL);
	for (size_t i = 0; i < n_names; i++)
		add(b, names[i])->is_listed = true;
	return b;
}

void
buckets_free(struct buckets *b)
{
	struct absent *a, *next;

	if (!b)
		return;
	HASH_CLEAR(hh, b->by_name);
	for (unsigned i = 0; i < b->n; i++)
		entry_free(b->by_index[i]);
	free(b->by_index);
	HASH_ITER (hh, b->absent, a, next) {
		HASH_DEL(b->absent, a);
		free(a);
	}
	pthread_mutex_destroy(&b->lock);
	free(b);
}
