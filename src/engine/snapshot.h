/* SPDX-License-Identifier: MIT */
/*
 * A document that readers see: immutable bytes, counted references.  Any
 * thread.
 */
#ifndef ENGINE_SNAPSHOT_H
#define ENGINE_SNAPSHOT_H

#include <stdatomic.h>

#include "stats/fingerprint.h"

struct snapshot {
	const char *data;
	size_t len;
	int64_t computed_at; /* seconds since 1970: the mtime of the file */
	struct validation validation; /* of a document; zero for other text */
	atomic_uint refs;
};

/* One reference, the caller's; takes `data`, which is on the heap. */
struct snapshot *snapshot_new(char *data, size_t len, int64_t computed_at,
			      const struct validation *validation);
struct snapshot *snapshot_ref(struct snapshot *s); /* NULL is fine */
void snapshot_unref(struct snapshot *s); /* NULL is fine */
void snapshot_release(struct snapshot **s); /* for CLEANUP */

#endif
