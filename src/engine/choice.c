/* SPDX-License-Identifier: MIT */
/*
 * Which document is served: see choice.h.  Pure.
 */
#include "config.h"

#include "engine/choice.h"

static bool
is_last_best(const struct candidates *c)
{
	if (c->is_last_young)
		return true;
	return c->is_last_true && c->may_last_serve &&
	       (c->is_last_fresher || !c->is_cached_true);
}

/* What was computed before comes first: it keeps the time of its figures. */
enum choice
choose_document(const struct candidates *c)
{
	if (!c->is_forced && is_last_best(c))
		return CHOOSE_LAST;
	if (!c->is_forced && c->is_cached_true)
		return CHOOSE_CACHED;
	return c->has_computed ? CHOOSE_COMPUTED : CHOOSE_NONE;
}
