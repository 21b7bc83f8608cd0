/* SPDX-License-Identifier: MIT */
/*
 * Original sizes of deltas: see originals.h.  Net thread only.
 */
#include "config.h"

#include "engine/originals.h"

void
originals_begin(struct originals *o)
{
	sweep_stop(&o->sweep);
	sweep_begin(&o->sweep);
	o->n_heads = 0;
}

void
originals_ask(struct originals *o, struct tally *tally, struct space *space,
	      const struct object *object)
{
	if (object->metadata) {
		tally_answer(tally, space, object,
			     original_size_parse(object->metadata));
		return;
	}
	o->n_heads++;
	sweep_add(&o->sweep, tally, space, object);
}
