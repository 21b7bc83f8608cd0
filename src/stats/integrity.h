/* SPDX-License-Identifier: MIT */
/*
 * What is wrong with the deltas of a bucket: found on the way, at no request.
 *
 * Of each flaw it is known how many objects have it, how many bytes those are, and
 * the first deltaspaces that have some, in the order of their prefixes; how many of
 * these, who begins decides.  That does
 * not depend on the order in which they are found: a deltaspace that was left out
 * has as many before it as are kept, now and later.
 *
 * Memory: that many keys for each flaw; and of all these objects the keys, if somebody
 * wants them, up to INTEGRITY_KEYS_BYTES.  Pure; one thread until it is
 * complete, then immutable, counted references, any thread.
 */
#ifndef STATS_INTEGRITY_H
#define STATS_INTEGRITY_H

#include <stdatomic.h>

#include "stats/key-list.h"

#define INTEGRITY_SPACES_MAX 20 /* unless somebody wants to know more */
#define INTEGRITY_SPACES_LISTED 10000 /* by who does */
#define INTEGRITY_KEYS_BYTES ((size_t)64 * 1024 * 1024)

enum flaw {
	FLAW_NO_REFERENCE, /* a delta: no reference in its deltaspace */
	FLAW_ORPHAN, /* a reference: no delta in its deltaspace */
	FLAW_EMPTY, /* a delta of no bytes */
	FLAW_NOT_SMALLER, /* a delta as large as its original, or larger */
	N_FLAWS
};

extern const char *const flaw_names[N_FLAWS];
extern const char *const flaw_phrases[N_FLAWS]; /* for people */

/* A deltaspace that has some. */
struct flawed_space {
	char *key; /* the first one of these objects */
	size_t key_len;
	size_t prefix_len; /* that of the deltaspace */
	int64_t n; /* of these objects */
};

struct findings {
	int64_t n; /* objects, and their bytes as stored, saturating */
	int64_t bytes;
	struct flawed_space *spaces; /* the first ones; NULL: none */
	size_t n_spaces, room;
	struct key_list
		keys; /* of the objects; fewer than n: there was no room */
};

struct integrity {
	atomic_uint refs;
	size_t spaces_max; /* of each flaw */
	size_t keys_room; /* for their keys; 0: not wanted, or no more */
	/*
	 * FLAW_NOT_SMALLER is known; else it has no findings.  It takes a HEAD of
	 * each delta, or a listing that tells as much.
	 */
	bool has_originals;
	struct findings of[N_FLAWS];
};

/* Objects of one deltaspace. */
struct flawed {
	const char *key; /* the first one, or one of them if they come singly */
	size_t key_len;
	int64_t n, bytes;
};

/* One reference, the caller's. */
struct integrity *integrity_new(void); /* up to INTEGRITY_SPACES_MAX */
void integrity_add(struct integrity *in, enum flaw flaw,
		   const struct flawed *f); /* copies the key */
void integrity_add_key(struct integrity *in, enum flaw flaw, const char *key,
		       size_t key_len); /* of one that is counted */
void integrity_add_keys(struct integrity *in, enum flaw flaw,
			const struct key_list *keys);
void integrity_forget(struct integrity *in, enum flaw flaw);

bool integrity_has_any(const struct integrity *in);

struct integrity *integrity_ref(struct integrity *in); /* NULL is fine */
void integrity_unref(struct integrity *in); /* NULL is fine */
void integrity_release(struct integrity **in); /* for CLEANUP */

#endif
