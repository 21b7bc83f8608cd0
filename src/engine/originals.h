/* SPDX-License-Identifier: MIT */
/*
 * The one place that answers "what is the original size of this delta", for one
 * computation: what the listing told, else a HEAD (sweep.h).  Modes differ in what
 * they ask, not in how they are answered.  Net thread only.
 */
#ifndef ENGINE_ORIGINALS_H
#define ENGINE_ORIGINALS_H

#include "engine/sweep.h"

struct originals {
	struct sweep sweep; /* what its owner sets is set by ours */

	/* of this listing */
	unsigned n_heads; /* that were found to be needed */
};

/* A listing begins; nothing of an earlier one waits or is wanted. */
void originals_begin(struct originals *o);

/* That of `object` is wanted by `space` of `tally`, which is told now or later. */
void originals_ask(struct originals *o, struct tally *tally,
		   struct space *space, const struct object *object);

#endif
