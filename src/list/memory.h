/* SPDX-License-Identifier: MIT */
/*
 * What one listing of a bucket leaves for the next one: how the store has to be
 * listed, and keys that cut the bucket into ranges of the same size.  Bounded,
 * whatever the size of the bucket.  Pure; one thread at a time.
 */
#ifndef LIST_MEMORY_H
#define LIST_MEMORY_H

#include "util/date.h"
#include "util/object.h"

/* Ranges that a bucket is cut into at most. */
#define LIST_RANGES_MAX 256

#define LIST_PAGE_KEYS 1000 /* that are asked for */
#define LIST_KEY_MAX 1024 /* bytes of a key: what S3 allows */

enum list_plan {
	LIST_PARALLEL, /* in ranges, by start-after */
	LIST_SEQUENTIAL, /* by continuation tokens alone: ranges can't be trusted */
	LIST_UNORDERED, /* the same, and the keys come in no order */
};

struct list_cut {
	char *key;
	size_t key_len;
	int64_t n_keys; /* since the cut before it, itself included */
};

struct list_memory {
	enum list_plan plan; /* what was found out of the store */
	bool is_start_ignored; /* a range did not begin behind start-after */
	bool is_start_refused; /* a range was refused: for an hour, if it is so */
	unsigned
		n_disagreements; /* listings in a row whose ranges did not agree */
	int64_t sequential_until_ms; /* so long it is sequential; 0: for good, or not */
	int64_t n_keys; /* of the last complete listing; 0: none yet */
	struct list_cut *cuts; /* ascending */
	size_t n_cuts;
};

void list_memory_clear(struct list_memory *m);

/* Nothing is known of where to cut the bucket, and it may be worth while. */
bool list_memory_lacks_cuts(const struct list_memory *m);

/*
 * Ranges that do not agree may be the work of a writer, or of a store that loses
 * keys.  So many times in a row, and ranges are given up for an hour.
 */
#define LIST_DISAGREEMENTS_MAX 3
#define LIST_SEQUENTIAL_MS HOUR_MS

/* How to list the bucket at the time `now_ms`, by date_mono_ms(). */
enum list_plan list_memory_plan(struct list_memory *m, int64_t now_ms);

/*
 * A listing was complete in this plan, so the store can do it; before, a fault
 * may have been only the first sign of a worse one.  Returns what there is to say
 * of that; NULL: nothing new.
 */
const char *list_memory_set_plan(struct list_memory *m, enum list_plan plan,
				 int64_t now_ms);

/* Pages that `n_keys` need at least. */
int64_t list_pages(int64_t n_keys);

/*
 * In how many ranges a bucket of `n_keys` may be listed: each may cost one
 * request more than it has full pages, and all together a tenth, and a few.
 */
int64_t list_ranges_allowed(int64_t n_keys);

/*
 * Keys seen on the way, in order: each near the end of some pages, one key
 * further from it than the one before.  So a range between two of them is some
 * pages less a few keys, and its last page shows what is behind its end: it can
 * be checked that the next range begins there.
 */
struct list_marks {
	struct list_cut *marks;
	size_t n, size;
	size_t n_added; /* in all */
	int64_t n_keys; /* since the last mark */
	unsigned n_pages; /* likewise */
};

/*
 * A page of `n_keys`, 1 or more, has come; one mark for every `stride` pages.
 * `is_end`: its last key is a cut that could be checked, and so will be again.
 */
void list_marks_add(struct list_marks *m, const struct object *keys,
		    size_t n_keys, bool is_end, unsigned stride);

/*
 * A key that was told, at least `n_keys` behind the one before it.  There is a mark, or
 * where its plain part ends, if that is behind the mark before.
 */
void list_marks_add_key(struct list_marks *m, const char *key, size_t key_len,
			int64_t n_keys);

/* Leave every second one. */
void list_marks_thin(struct list_marks *m);

/* Append the marks of the following range; leaves nothing in it. */
void list_marks_append(struct list_marks *m, struct list_marks *next);

void list_marks_clear(struct list_marks *m);

/* A listing is complete: choose cuts from its marks. */
void list_memory_remember(struct list_memory *m,
			  const struct list_marks *marks);

#endif
