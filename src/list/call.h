/* SPDX-License-Identifier: MIT */
/*
 * One request for a page of a listing, with the parser that reads its answer.
 * Part of lister.c's inside.  Net thread only.
 *
 * A call takes a parser when the first bytes of the page come in, and has it
 * until the page has been read.  When all are taken, the bytes wait in the
 * kernel: memory does not grow with the number of requests under way.
 *
 * A page may stop coming in half-way and keep its parser as long as a request
 * may be idle.  So a bucket that has no parser gets one in any case, and one
 * that is free goes to the bucket that has the fewest: pages of one bucket that
 * hang delay no other one.
 *
 * Memory: LIST_PARSERS_MAX parsers, and one more at most for each bucket that is
 * being listed.  Each needs 210 to 380 KiB for a page of 1000 keys of 20 to 100
 * bytes: 8 to 15 MiB in all.  LIST_PARSERS_MAX of them at most are kept.
 */
#ifndef LIST_CALL_H
#define LIST_CALL_H

#include "list/page-reader.h"
#include "s3/s3.h"

struct list_call;
struct list_parsers_bucket;

/* Parsers, which keep their memory from page to page. */
#define LIST_PARSERS_MAX 40

struct list_parsers {
	struct list_parser *spare[LIST_PARSERS_MAX];
	size_t n_spare, n_taken;
	struct list_call *waiting; /* for one, in order */
	struct list_parsers_bucket *buckets; /* with calls, by name */
	struct page_readers readers;
	enum list_echo echo; /* of this store's pages so far */
};

/*
 * A page that contradicts itself, or that is not what was asked for, is asked for
 * once more, over a new connection, and is EIO if it comes again.  A store whose
 * pages never repeat what they were asked for, but something else, is believed
 * if it says so again: that is its way.
 */

/* What is kept for the next pages goes. */
void list_parsers_rest(struct list_parsers *p);

/* No call may be under way. */
void list_parsers_clear(struct list_parsers *p);

/* User metadata that the listing should tell, if the store can. */
struct list_wanted {
	const char *const *names; /* see list_parser_want() */
	size_t n; /* 0: none */
	bool is_over; /* not asked for from now on; pages under way tell them */
};

struct list_call_options {
	struct s3 *s3;
	struct list_parsers *parsers; /* of all calls to this store */
	const char *bucket;
	/* Where the page begins: one of them, or neither. */
	const char *token, *start_after;
	const struct list_wanted *wanted; /* asked for; NULL: nothing is */
	struct traffic *traffic; /* as in s3/request.h */
	/* The one completion; list_call_free() is up to who gets it. */
	void (*on_done)(void *arg, struct list_call *c,
			const struct s3_answer *answer);
	void *arg;
};

/* Copies what it is given, but for `wanted` and `traffic`. */
struct list_call *list_call_start(const struct list_call_options *o);

/* After its completion.  NULL is fine. */
void list_call_free(struct list_call *c);

/* End it soon, with ECANCELED. */
void list_call_cancel(struct list_call *c);

bool list_call_has_asked_metadata(const struct list_call *c);

/* One answer, at least, was not that of what was asked. */
bool list_call_was_contradictory(const struct list_call *c);

/* After a completion without error: it lives as long as the call. */
const struct list_page *list_call_page(const struct list_call *c);

#endif
