/* SPDX-License-Identifier: MIT */
/*
 * Whether to ask a listing for user metadata (metadata=true, see
 * user-metadata.h).  No store announces it, so the first page decides: those
 * that don't know it ignore it or refuse it.  Net thread only.
 *
 * A page that was asked with it and failed because of it is asked again without
 * it.  That may be so if the store refuses the request: if it is served then,
 * there is no such question for an hour.  And if the page can't be read, which on
 * MinIO and RustFS a single object is enough for, whose metadata have a name that
 * is no XML ("1st", "a!b").
 */
#ifndef LIST_METADATA_H
#define LIST_METADATA_H

#include "list/page.h"
#include "s3/s3.h"

/* Of one store; {0} at the start. */
struct list_metadata {
	enum { LIST_METADATA_UNKNOWN, LIST_METADATA_YES, LIST_METADATA_NO } has;
	int64_t refused_until_ms; /* 0: it is not refused */
};

/* Now, which is date_mono_ms(). */
bool list_metadata_should_ask(const struct list_metadata *m, int64_t now_ms);

/*
 * A page has come that was asked with it, or again without it.  With objects in
 * it, it decides; that a store has it is never taken back.
 */
void list_metadata_observe(struct list_metadata *m,
			   const struct list_page *page);

/*
 * A page that was asked with it has failed (a->err is set): whether to ask again
 * without it.
 */
bool list_metadata_is_to_blame(const struct s3_answer *a);

/* It was refused, and then served without: not asked for an hour. */
void list_metadata_refuse(struct list_metadata *m, int64_t now_ms);

#endif
