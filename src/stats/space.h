/* SPDX-License-Identifier: MIT */
/*
 * A deltaspace: the objects whose keys agree up to and including the last "/".
 * Partial sums of one, and where they are kept until it is complete.
 *
 * Within a range of keys that is listed in order, the keys of "a/" surround
 * those of "a/b/": spaces nest, and those that can still get keys are a stack.
 * A space closes when a key comes that does not begin with its prefix.  Its
 * reference.bin may come after half of its deltas, and the answers to HEADs
 * after it has closed: a closed space lives until it has them all.
 *
 * A bucket may be listed as several ranges at once.  A space of one range may
 * have a part in another one exactly if its prefix begins the key at which the
 * range starts, or if it is still open at the range's end.  Those, one for each
 * level of depth at each cut, are kept apart ("shared") until all ranges have
 * ended, and then added up by prefix.
 *
 * Where the keys come in no order, every space is shared.
 *
 * The prefix of a space is kept as the beginning of the first key that came: of all
 * its keys only that one is known when the space closes, to name it by.
 *
 * Memory: the depth of keys for each range and each cut, and HEADs under way;
 * without order, all deltaspaces, up to SPACES_BYTES_MAX; keys of deltas that may turn
 * out to have no reference, if they are wanted, as far as there is room.  Pure; one
 * thread at a time.
 */
#ifndef STATS_SPACE_H
#define STATS_SPACE_H

#define uthash_fatal(msg) die_no_memory()
#include <uthash.h>

#include "stats/key-list.h"
#include "util/object.h"

/* Shared spaces together; some 400 bytes each with keys of usual length. */
#define SPACES_BYTES_MAX (128 * 1024 * 1024)

struct space {
	const char *prefix; /* bytes, with the last "/"; empty for the root */
	size_t prefix_len;
	const char *first; /* the first key of those that came */
	size_t first_len;
	int64_t n_deltas;
	int64_t delta_bytes; /* own sizes, saturating */
	int64_t n_known; /* deltas whose own metadata told the original size */
	int64_t known_original; /* their original sizes, saturating */
	int64_t missing_bytes; /* own sizes of those that had no answer, saturating */
	bool has_reference;
	int64_t reference_size;
	unsigned n_pending; /* HEADs not answered yet */
	/* The deltaspace has no key before the first one that came here. */
	bool has_start;
	bool is_closed;
	bool is_shared;
	struct object *candidate; /* a delta put by; space_put_by() */
	struct key_list
		deltas; /* if keys are wanted, until a reference comes */
	char *earlier; /* `first`, if it was not the first one to come */
	struct space *below; /* the stack; NULL at the bottom */
	struct space *rest; /* shared: other parts of the same deltaspace */
	UT_hash_handle hh; /* shared: of the first part */
};

/* What is called once for each deltaspace; frees nothing. */
struct space_events {
	/* It has all its keys; HEADs may still be pending. */
	void (*on_listed)(void *arg, const struct space *s);
	/* And they are answered. */
	void (*on_done)(void *arg, const struct space *s);
};

/* All spaces of a bucket. */
struct spaces {
	struct space *shared; /* by prefix */
	size_t shared_bytes;
	size_t keys_room; /* for `deltas` of spaces; 0: not wanted, or no more */
	bool is_listed; /* all ranges have ended, and on_listed was called */
	const struct space_events *events;
	void *arg;
};

/* Those of one range of keys. */
struct space_stack {
	struct spaces *spaces;
	char *after; /* the range begins behind this key; NULL: no limit */
	size_t after_len;
	bool is_ordered;
	struct space *top;
};

/* Bytes of a key up to its last "/". */
size_t space_prefix_length(const char *key, size_t key_len);

void spaces_init(struct spaces *s, const struct space_events *events,
		 void *arg);

/*
 * Free those that are shared, without on_done.  Spaces closed but pending belong
 * to whoever holds their HEADs: each must come back by spaces_answered() first,
 * even when everything is given up.
 */
void spaces_clear(struct spaces *s);

/* One pending HEAD of `space` was answered. */
void spaces_answered(struct spaces *s, struct space *space);

/* More than SPACES_BYTES_MAX are kept: give up. */
bool spaces_are_too_many(const struct spaces *s);

/*
 * Of all deltas put by, those that are the first one of their deltaspace: a
 * space that has one as its candidate, after *last (NULL: the first such), or
 * NULL.  All ranges must have ended.
 */
struct space *spaces_next_candidate(const struct spaces *s,
				    struct space **last);

/* All ranges have ended: the shared ones have all their keys, too. */
void spaces_end_listing(struct spaces *s);

/* And all HEADs were answered: complete the shared ones. */
void spaces_fold(struct spaces *s);

/* A range that begins behind `after` (copied; NULL: with the first key). */
void space_stack_init(struct space_stack *s, struct spaces *spaces,
		      const char *after, size_t after_len, bool is_ordered);

/* The space of `key`, opened if need be; others that can't get keys close. */
struct space *space_stack_enter(struct space_stack *s, const char *key,
				size_t key_len);

/*
 * Remember this delta, unless one with a smaller key was: it may turn out to be
 * the first of its deltaspace.
 */
void space_put_by(struct spaces *spaces, struct space *s,
		  const struct object *o);

/* No more keys in this range.  Frees what it holds. */
void space_stack_end(struct space_stack *s);

/* Give up: free what is open. */
void space_stack_clear(struct space_stack *s);

#endif
