/* SPDX-License-Identifier: MIT */
/*
 * The HEADs of one computation: which deltas still wait for theirs, which are
 * under way, and what the answers say.  Net thread only.
 *
 * LIST and HEAD are two moments.  A delta that was replaced or deleted between
 * them counts as the HEAD says, and is noticed: the result is right for its
 * reader, and not to be cached.  What only seems to be replaced, since it is the
 * way of the store that LIST and HEAD do not agree, is not held against it: see
 * s3/head-check.h.
 */
#ifndef ENGINE_SWEEP_H
#define ENGINE_SWEEP_H

#include "engine/slots.h"
#include "s3/head-check.h"
#include "s3/s3-object.h"
#include "stats/stats.h"

struct head;

struct sweep {
	/* set by the owner */
	struct s3 *s3;
	struct slots *slots;
	const char *bucket;
	/*
	 * After each answer, which the tally has got already; `err` NULL, or
	 * why there is none.
	 */
	void (*on_answer)(void *arg, const struct err *err);
	/*
	 * An answer is that of the version that was listed, and of no other one
	 * that a listing would show alike.
	 */
	void (*on_known)(void *arg, const struct object *listed,
			 int64_t original);
	void *arg;

	struct head *queue, *sent;
	struct head *held; /* until sweep_judge() */
	unsigned n_queued; /* and held */
	struct traffic traffic; /* of all listings */
	struct slots_client client; /* `group` is set by the owner */

	/* of this listing */
	int64_t listed_ms; /* when it began */
	unsigned n_answers, n_missing; /* 404: deleted, or mangled on the way */
	unsigned n_odd; /* differ in one field, which may be the store's way */
	unsigned odd; /* in which: HEAD_… */
	bool saw_change; /* an object is not the listed one any more */
};

/* A listing begins; nothing of an earlier one waits or is wanted. */
void sweep_begin(struct sweep *s);

/* The HEAD of `o` is wanted; the answer goes to `space` of `tally`. */
void sweep_add(struct sweep *s, struct tally *tally, struct space *space,
	       const struct object *o);

/* Likewise, once sweep_judge() says so. */
void sweep_hold(struct sweep *s, struct tally *tally, struct space *space,
		const struct object *o);

enum head_fate {
	HEAD_WAITS,
	HEAD_IS_NEEDED, /* it waits for its HEAD now */
	HEAD_IS_SPARED, /* *original is the answer */
};

/* What becomes of each that is held. */
void sweep_judge(struct sweep *s,
		 enum head_fate (*judge)(void *arg, const struct object *listed,
					 int64_t *original),
		 void *arg);

/* Answer those that wait, or are held, and of which `find` knows the original size. */
void sweep_settle(struct sweep *s,
		  bool (*find)(void *arg, const struct object *listed,
			       int64_t *original),
		  void *arg);

/* Send what was added, as far as there are slots. */
void sweep_send(struct sweep *s);

/* So many wait that the LIST had better pause. */
bool sweep_is_behind(const struct sweep *s);

/* Nothing waits or is held, and nothing is under way. */
bool sweep_is_idle(const struct sweep *s);

/*
 * All HEADs were answered: whether the objects were the listed ones.  To be called
 * once.
 */
bool sweep_is_exact(struct sweep *s);

/*
 * Forget what waits, cancel what is under way.  The tallies may go: on_answer still
 * comes for each that is under way, but without an answer or an error.
 */
void sweep_stop(struct sweep *s);

#endif
