/* SPDX-License-Identifier: MIT */
/*
 * Which document an open is answered with: the only place that decides.  Pure.
 *
 * There may be up to three: the last result of this mount, in memory; the document
 * that lies in the bucket; new figures.  A document is true if a LIST that began
 * after the open gives the validation in it, or young enough if the user has
 * allowed for an older one.
 */
#ifndef ENGINE_CHOICE_H
#define ENGINE_CHOICE_H

#include "util/base.h"

enum choice {
	CHOOSE_NONE, /* nothing can be served yet */
	CHOOSE_LAST,
	CHOOSE_CACHED,
	CHOOSE_COMPUTED,
};

struct candidates {
	/* nocache, or a refresh that is newer than `last`: new figures only */
	bool is_forced;
	/*
	 * The last result serves without a LIST: its own began within max_age,
	 * or its reader has waited for max_wait.
	 */
	bool is_last_young;
	bool is_last_true;
	/*
	 * It may stand in for what lies in the bucket: it is not known to lie
	 * there, or could not be put there.  Else the bucket's word counts.
	 */
	bool may_last_serve;
	/*
	 * It is of a refresh, and not in the bucket yet: what is there, though true
	 * for the LIST, may be of HEADs from before the refresh.
	 */
	bool is_last_fresher;
	bool is_cached_true;
	bool has_computed; /* of this LIST, with all its HEADs */
};

enum choice choose_document(const struct candidates *c);

#endif
