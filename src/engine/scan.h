/* SPDX-License-Identifier: MIT */
/*
 * One LIST of a bucket for all who wait for one.  Net thread only.
 *
 * Whoever wants a LIST joins the scan of its bucket that has not begun yet, and is
 * then given every page; what it takes from them is its own affair.  A listing
 * that has to be begun again by another plan is, by the scan itself: what came
 * of it before is void, for all.  If it fails, it fails for all.
 *
 * When does it begin?  A moment after somebody joined (SCAN_GATHER_MS), so that
 * files that are opened together meet in it; at once, where only one mode is ever
 * asked for.  And not while another scan of the bucket runs: who comes then joins
 * the one that is next.  Nobody joins a scan that has begun: its users rely on a
 * LIST that began after they came.
 *
 * Who can't keep up?  A mode whose HEADs fall behind wants the listing to pause,
 * or memory would grow with the bucket; the others want it to go on.  So there are
 * two lanes in each bucket, and at most one scan runs in each.  In the *shared* one,
 * where all begin, a listing pauses only while none of its users has room.  If one
 * can be given no more while another has room, it leaves, together with those who
 * are behind as well; what they had is void.  They list together in the *slow*
 * lane, where a listing pauses while any of them has no room, as long as it takes.
 * So quick does not wait for HEADs, nor sampled, which needs few, for those of
 * detailed.  Who leaves while a slow scan runs joins the next one there.
 *
 * Where is a bucket cut that this mount has never listed?  If its listing shows the
 * memo's index, and has more than two pages, at keys of that, which is read meanwhile:
 * nobody waits for it.  That it has more is known with the second page; or with the
 * first one already, if the cached document says so, which is asked for beside it.  And
 * it says how many requests at a time its writer could send (pace.h).
 *
 * A shared scan that stands still, since all its users are behind or the store
 * hangs, would hold up those who wait for its end.  Then it goes to the slow lane
 * as it is, and loses nothing; but if a scan runs there, it goes on while it can,
 * as if somebody had room, and then those who are behind leave.
 */
#ifndef ENGINE_SCAN_H
#define ENGINE_SCAN_H

#include "engine/scan-queue.h"
#include "s3/traffic.h"
#include "util/err.h"
#include "util/timer.h"

struct bucket;
struct index_read;
struct list_page;
struct list_shared;
struct memo_env;
struct s3;
struct scan;
struct slots;

/*
 * Programs that are started together open their files within a millisecond or two.
 * The cached document is asked for meanwhile, so that little is lost.
 */
#define SCAN_GATHER_MS 2

/* What all scans share; it outlives them. */
struct scan_env {
	struct s3 *s3;
	struct list_shared *lists; /* at this store */
	struct slots *slots;
	struct timers *timers;
	struct memo_env *memos; /* NULL: there are none */
	int64_t gather_ms; /* SCAN_GATHER_MS */
	size_t spaces_max; /* as tally_list_flaws() has it; 0: as usual */
	unsigned n_scans; /* not freed yet */
};

/* Whether somebody can be given a page more; the last two want a pause. */
enum scan_room {
	SCAN_HAS_ROOM,
	SCAN_IS_CAREFUL, /* not more pages at a time than there are */
	SCAN_IS_BEHIND, /* with what came of the pages before */
	SCAN_IS_FULL, /* so far that more pages are too many */
};

/* What a user is told and asked; nothing from inside scan_join(). */
struct scan_events {
	/*
	 * The LIST begins, maybe again: what came before it is void.  When, by
	 * date_mono_ms(), is one time for all users.
	 */
	void (*on_begin)(void *arg, int64_t began_at_ms);
	/* As struct listing_events has them; here nobody may leave. */
	void *(*on_range)(void *arg, const char *after, size_t after_len,
			  bool is_ordered);
	void (*on_page)(void *arg, void *range, const struct list_page *page);
	void (*on_range_end)(void *arg, void *range);
	enum scan_room (*room)(void *arg, unsigned in_flight);
	/* A request has ended, its page delivered; the LIST goes on. */
	void (*on_step)(void *arg);
	/* It is behind, and others wait for it: it makes room, or leaves. */
	void (*on_hold_up)(void *arg);
	/* The LIST is complete (`err` NULL) or has failed; it is out of the scan. */
	void (*on_end)(void *arg, const struct err *err);
};

/* One who takes part, or may. */
struct scan_user {
	/* set by the owner */
	const struct scan_events *events;
	void *arg;
	bool wants_metadata; /* that tell original sizes, when the LIST begins */
	bool may_read_index; /* for its keys, where nothing else tells of ranges */

	/* What the LISTs that it took part in have cost, with on_step and on_end. */
	struct traffic traffic;
	struct traffic before; /* of those before this one */
	struct scan *scan; /* NULL: in none */
	size_t index; /* there */
};

/* Take part in the next LIST of the bucket.  The user is in none. */
void scan_join(struct scan_env *env, struct bucket *bucket, enum scan_lane lane,
	       struct scan_user *user);

/* Take part no longer; on_end does not come.  Fine if it is in none. */
void scan_leave(struct scan_user *user);

/*
 * The index of the memo, for all users of its scan: so it is read once.  NULL if this
 * mount has no memo in buckets.
 */
struct index_read *scan_index(const struct scan_user *user);

/* A document says that the bucket has so many keys: nothing is believed of it. */
void scan_expect(struct scan_user *user, int64_t n_keys);

/* Something went on at the user's: it may have room again. */
void scan_go_on(struct scan_user *user);

/* Metadata are of no use to it any more. */
void scan_want_no_metadata(struct scan_user *user);

/*
 * When something last went on of what it waits for: its LIST, or the one before it
 * in its lane, or the HEADs of those who take part in it; 0 if it is in none.
 */
int64_t scan_progress_ms(const struct scan_user *user);

#endif
