/* SPDX-License-Identifier: MIT */
/*
 * One pass over a bucket: a LIST (scan.h) into a tally, and the HEADs that the
 * tally asks for.  Net thread only.
 *
 * The HEADs are sent while the listing goes on, or wait until it is known
 * whether they are needed, or are not needed at all.  When they fall behind,
 * there is no room for more pages: memory grows with what is under way, not with
 * the bucket.  Where the LIST is begun again, so are tally and HEADs.
 *
 * By blocks (by-blocks.h) HEADs wait for the end of the LIST, if there is an index.
 *
 * And where others wait meanwhile?  A walk whose HEADs are being sent leaves the
 * scan, and takes part in a slow one.  Of one whose HEADs are held the listing is
 * of more use than they are: it forgets them, and is good for a validation.  Only
 * if they turn out to be needed, all begins again.
 */
#ifndef ENGINE_WALK_H
#define ENGINE_WALK_H

#include "engine/by-blocks.h"
#include "engine/originals.h"
#include "engine/scan.h"
#include "util/limits.h"

enum walk_heads {
	WALK_HOLD, /* they wait */
	WALK_DROP, /* only what LIST gives is of use */
	WALK_SEND,
};

struct walk {
	/* set by the owner */
	struct scan_env *env;
	struct bucket *bucket;
	const struct limits *limits; /* of prefixes; else NULL will do */
	/* A LIST begins: what comes of it is right for all who have come. */
	void (*on_begin)(void *arg, int64_t began_at_ms);
	/*
	 * Something has ended: a request, successfully if `err` is NULL.  The
	 * last thing that is done with the walk before the call returns.
	 */
	void (*on_step)(void *arg, const struct err *err);
	void *arg;
	struct bucket_memo *memo; /* for its originals, as is is_anew */
	struct block_memo *block_memo; /* NULL: none */
	bool may_go_by_blocks; /* of that memo; else only single deltas are looked up */
	bool is_anew;

	enum walk_heads heads;
	enum mode mode; /* of the tally */
	struct scan_user user;
	struct index_read *read; /* of the index, in its scan; NULL: none */
	struct traffic before; /* of those before it */
	struct tally *tally;
	struct originals originals;
	unsigned n_pages; /* so far */
	uint64_t n_objects;
	bool is_listed; /* the listing is complete */
	bool is_asked; /* all candidates were asked for, too, not by blocks */
	bool has_forgotten; /* HEADs that were held: the figures are void */
	bool is_stopped;
	struct by_blocks blocks;
};

/* `w` has its first fields set. */
void walk_init(struct walk *w);

/* List the bucket for figures of `mode`.  Not while it is being listed. */
void walk_begin(struct walk *w, enum mode mode);

/* What is done with HEADs from now on.  DROP forgets those that wait. */
void walk_set_heads(struct walk *w, enum walk_heads heads);

/* The listing is complete, and this is what it was. */
bool walk_is_listed(const struct walk *w);
const struct validation *walk_validation(const struct walk *w);
struct newest walk_newest(const struct walk *w);

/*
 * And all HEADs were answered.  `is_exact`: nothing changed meanwhile.  To be
 * asked for the figures once.
 */
bool walk_is_complete(const struct walk *w);
void walk_figures(struct walk *w, struct figures *out, bool *is_exact);

/* And of a walk of prefixes their tree, else NULL; after the figures. */
const struct prefixes *walk_prefixes(const struct walk *w);

/*
 * The listing is complete: what is wrong with the deltas that it showed, and with
 * their originals if it is a complete walk of detailed.  One reference, the caller's.
 */
struct integrity *walk_integrity(const struct walk *w);

/*
 * The LIST is complete, and if originals are wanted, they are those of this listing:
 * it need not be begun again for that.  But it may have to be for another reason, as
 * long as this is so.
 */
bool walk_goes_on(const struct walk *w);

/* How far it is, since its LIST began. */
struct counts walk_counts(const struct walk *w);

/* What its requests have cost so far. */
struct traffic walk_list_traffic(const struct walk *w);
struct traffic walk_head_traffic(const struct walk *w);
struct traffic walk_memo_traffic(const struct walk *w);

/* What the memo was good for; when the figures are there. */
struct memo_use walk_memo_use(const struct walk *w);

/* When something last went on of the LIST that it waits for; 0: there is none. */
int64_t walk_progress_ms(const struct walk *w);

/* Give up: what is under way is cancelled; on_step still comes for it. */
void walk_stop(struct walk *w);

bool walk_is_idle(const struct walk *w);
void walk_clear(struct walk *w); /* it must be idle */

#endif
