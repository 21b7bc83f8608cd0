/* SPDX-License-Identifier: MIT */
/*
 * Records of the memo by blocks, as they lie in packs (stats/memo-pack.h): extents that
 * touch each other are read by one GET.  Nobody needs them, since HEADs tell the same:
 * what can't be read is not known.  After a failure no other one is likely to be of use,
 * so that nothing more is read; unless it is that the store has no such bytes.
 *
 * All GETs that are asked for are sent at once, and each is given as much memory as its
 * range has, or 64 KiB.  A store that knows no Range has more to send: that is cut, and
 * from then on one pack is read after the other, as a whole, 1 MiB.  HEADs would cost more: for
 * one changed delta those of a block, 1,024.
 *
 * Net thread only.
 */
#ifndef ENGINE_PACK_READ_H
#define ENGINE_PACK_READ_H

#include "s3/traffic.h"
#include "stats/memo-pack.h"
#include "util/timer.h"

struct bucket;
struct limits;
struct pack_get;
struct s3;

/* All that somebody reads; a computation has one for each kind of use. */
struct pack_reader {
	/* set by the owner */
	struct s3 *s3;
	struct timers *timers;
	const struct bucket *bucket;
	const struct limits *limits; /* of each GET a part: CACHE_GET_PART */
	struct traffic *traffic; /* as in s3/request.h */
	/*
	 * Those extents `of` something were read: `data` are their bytes, one after the
	 * other, or NULL.
	 */
	void (*on_read)(void *arg, void *of, const struct extent *e, size_t n,
			const char *data);
	void *arg;

	struct pack_get *gets; /* under way, or waiting for others */
	bool is_useless; /* to read more: ask for all by HEADs */
	bool has_whole; /* the store knows no Range, and sends all of a pack */
};

/*
 * Of `n` extents read the first one, and those behind it that touch it: how many is
 * returned, and on_read follows.  They must live until then.
 */
size_t pack_read(struct pack_reader *r, void *of, const struct extent *e,
		 size_t n);

/* Send nothing more: on_read follows soon for what waits, too. */
void pack_read_close(struct pack_reader *r);

/* Give up: on_read follows soon for each that is under way. */
void pack_read_stop(struct pack_reader *r);
bool pack_read_is_idle(const struct pack_reader *r);

#endif
