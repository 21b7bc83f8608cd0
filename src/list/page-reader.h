/* SPDX-License-Identifier: MIT */
/*
 * The bytes of a page on their way into its parser.  Where several pages come in at a
 * time, they are copied in pieces for a hand (hand.h) to read, as far as it keeps up:
 * then two threads share the reading of a large bucket.  Part of call.c's inside.  Net
 * thread only.
 *
 * The last bytes of a page are never given away: what is wrong with them must be known
 * while its connection can still be closed.  If the hand has not read all before them yet,
 * they wait in curl, the page is *held*, and the hand goes on with it first; a moment later
 * the net thread reads what the hand has not begun.  Nobody waits for the hand, which has
 * no CPU for milliseconds when others want it.
 *
 * Memory: PIECES_MAX pieces, 1 MiB, however many pages there are.
 */
#ifndef LIST_PAGE_READER_H
#define LIST_PAGE_READER_H

#include <stdatomic.h>

#include "list/page.h"
#include "util/hand.h"
#include "util/timer.h"

#define PIECES_MAX 64

struct page_reader;

/* Of all pages of a store; {0} at first. */
struct page_readers {
	struct hand *hand; /* set by the owner; NULL: none */
	struct timers *timers; /* his, too, where there is a hand */
	struct page_reader *held; /* see page_reader_add() */
	struct timer look; /* at those */
	struct hand_task *spare; /* pieces that hold nothing */
	unsigned n_pieces;
	unsigned n_pages; /* that come in */
};

/* No page is coming in. */
void page_readers_clear(struct page_readers *all);

struct page_reader {
	struct page_readers *all;
	struct list_parser *parser; /* NULL: no page comes in */
	struct hand_row row;
	bool has_given; /* pieces of the row, maybe read by now */
	bool is_held;
	void (*resume)(void *arg);
	void *arg;
	struct page_reader *prev, *next; /* that are held */
	atomic_bool is_refused; /* by the parser, which knows why */
};

/*
 * A page comes in, for which `parser` has been reset.  `resume` is called with `arg` after
 * an HTTP_PAUSE.
 */
void page_reader_begin(struct page_reader *r, struct page_readers *all,
		       struct list_parser *parser, void (*resume)(void *arg),
		       void *arg);

/*
 * -EIO: some bytes, maybe earlier ones, were refused by the parser.  HTTP_PAUSE: those
 * before are not read yet; these are to come again after `resume`.
 */
int page_reader_add(struct page_reader *r, const char *data, size_t len);

/* All bytes there were are read, and the parser is the caller's again. */
void page_reader_end(struct page_reader *r);

/* Nobody wants the page: what is not read yet never is.  Fine after its end. */
void page_reader_drop(struct page_reader *r);

#endif
