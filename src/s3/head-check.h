/* SPDX-License-Identifier: MIT */
/*
 * Whether the answer to a HEAD is of the object that was listed.  Net thread
 * only.
 *
 * An answer that is another's gives wrong figures that nobody sees: where one
 * answer came unasked on a connection that is kept, each one after it is that of
 * the request before.  So what a HEAD says is compared with what the listing said
 * (head-fields.h), and an answer counts if
 *
 *   - it is one of a store.  One that has no ETag, no length and no date is that
 *     of a captive portal or of a proxy, and so is one that says nothing of what
 *     the listing says but "Content-Length: 0", another length and neither ETag
 *     nor date, or a page of HTML of which nothing fits.  That is a failure of
 *     the transport, and is tried again like others.
 *   - it differs from the listing in nothing.
 *   - or it came again.  One that differs is asked for once more over a new
 *     connection, and the old one is closed.  If the second fits, all is well.  If
 *     it is the same as the first, or has the listed ETag, the object was replaced
 *     (or its metadata) since it was listed, and it counts as it is.  If it is
 *     neither, it may still be another's: a failure of the transport.
 *
 * A 404 is asked for once more, too.  Where 32 have come again in a row (a proxy
 * that mangles keys, a bucket that goes), they are believed at once, until an
 * object is found.
 *
 * Some stores never agree with themselves: their HEADs tell another ETag than
 * their listings, or another time of day, or another length, for every object.
 * There each delta would be asked for twice, and seem to be replaced: nothing
 * would ever be cached.  So an answer that differs in a single field, came the
 * same again, and fits in ETag or date is *odd*: 32 of them in a row, in the same
 * field, or all answers of a sweep that has fewer (the owner knows), make it the
 * way of that store: one warning, and that field is passed over from then on,
 * where ETag or date fits.  Of these two only one is ever passed over.
 *
 * An object that was really replaced is not odd: it has another ETag and another
 * date.  One that was written twice in a second has not, but then the fingerprint
 * of what was listed is never found again, and no cached document with it valid.
 * One that was copied onto itself, for other metadata, has another date and
 * nothing else: but one from between the beginning of the listing and the answer,
 * by the clock of the store.  A date that can be of that time is not odd.
 */
#ifndef S3_HEAD_CHECK_H
#define S3_HEAD_CHECK_H

#include "s3/head-fields.h"

/* How many in a row are the way of a store. */
#define HEAD_HABIT 32

/* What was learned of a store; {0} at the start. */
struct head_habits {
	unsigned
		passed_over; /* HEAD_…: fields that are not compared any more */
	unsigned odd; /* the field of the last answer, if it was odd */
	unsigned n_odd; /* in a row */
	unsigned n_missing; /* 404s that came again, in a row */
	bool has_fine_dates; /* its listings tell fractions of seconds */
};

/* An object was listed with that date. */
void head_habits_see_date(struct head_habits *h, const char *last_modified);

/* It is the way of the store that this field, a single one, differs. */
void head_habits_note(struct head_habits *h, unsigned field);

/* One HEAD, from its first try to its answer. */
struct head_check {
	/* set by the owner, which keeps what they point to */
	struct head_habits *habits;
	const char *etag, *last_modified; /* as listed */
	int64_t size;
	int64_t listed_ms; /* when the listing began; of date_mono_ms() */

	struct head_fields
		*first; /* what was not believed; NULL: nothing yet */
	bool was_missing; /* it was a 404 */
};

/* As on_head of struct s3_request, with a `check` that is told of each head. */
int head_check_accept(struct head_check *check, const struct http_answer *a,
		      bool is_repeat, struct err *err);

enum head_match {
	HEAD_MATCHES,
	HEAD_IS_ODD, /* *odd is the one field that differs */
	HEAD_IS_OTHER, /* the object was replaced, or is gone */
};

/*
 * The call has ended, with this answer: 200 or 404.  Whether it is of the object
 * as it was listed, which the habits note.  To be called once.
 */
enum head_match head_check_end(struct head_check *check,
			       const struct http_answer *a, unsigned *odd);

/*
 * Whether the listed version is the last one with that date: dates may be of whole
 * seconds, and within one there may be several, which LIST does not tell apart.  Then
 * that second was over before the listing began, by the clock of the store.  Nor is it
 * enough that nothing differs: its ETag or its date is the listed one.  Of an answer that matches.
 */
bool head_check_is_settled(const struct head_check *check,
			   const struct http_answer *a);

void head_check_clear(struct head_check *check);

#endif
