/* SPDX-License-Identifier: MIT */
/*
 * The bytes of a page on their way into its parser: see page-reader.h.  Net thread only,
 * but for read_piece().
 */
#include "config.h"

#include "list/page-reader.h"

#include <errno.h>
#include <utlist.h>

#include "net/http.h"

#define PIECE_BYTES (16 * 1024) /* curl has so many at most */

/* So many pages come in before a hand is worth it. */
#define PAGES_FOR_HAND 4

#define LOOK_MS 1 /* so long the hand has for a page that is held */

#define PAGE_END "ListBucketResult>" /* of its last tag, whatever the prefix */

struct piece {
	struct hand_task task; /* first, so that it is the piece */
	struct page_reader *reader;
	size_t len;
	char bytes[PIECE_BYTES];
};

static void
read_bytes(struct page_reader *r, const char *data, size_t len)
{
	if (!atomic_load(&r->is_refused) &&
	    list_parser_feed(r->parser, data, len, NULL))
		atomic_store(&r->is_refused, true);
}

/* On either thread. */
static void
read_piece(struct hand_task *t)
{
	struct piece *p = (struct piece *)t;

	read_bytes(p->reader, p->bytes, p->len);
}

/* NULL: the hand is behind. */
static struct piece *
take_piece(struct page_readers *all)
{
	struct hand_task *t;

	if (!all->spare)
		all->spare = hand_done(all->hand);
	t = all->spare;
	if (t) {
		LL_DELETE(all->spare, t);
		return (struct piece *)t;
	}
	if (all->n_pieces == PIECES_MAX)
		return NULL;
	all->n_pieces++;
	return xmalloc(sizeof(struct piece));
}

void
page_readers_clear(struct page_readers *all)
{
	struct hand_task *done = all->hand ? hand_done(all->hand) : NULL, *t;

	timer_disarm(all->timers, &all->look);
	LL_CONCAT(all->spare, done);
	while ((t = all->spare)) {
		all->spare = t->next;
		free(t);
	}
	all->n_pieces = 0;
}

void
page_reader_begin(struct page_reader *r, struct page_readers *all,
		  struct list_parser *parser, void (*resume)(void *arg),
		  void *arg)
{
	*r = (struct page_reader){
		.all = all, .parser = parser, .resume = resume, .arg = arg
	};
	all->n_pages++;
}

static bool
give(struct page_reader *r, const char *data, size_t len)
{
	struct page_readers *all = r->all;
	struct piece *p;

	if (!all->hand || all->n_pages < PAGES_FOR_HAND || len > PIECE_BYTES)
		return false;
	p = take_piece(all);
	if (!p)
		return false;
	p->task.run = read_piece;
	p->reader = r;
	p->len = len;
	memcpy(p->bytes, data, len);
	r->has_given = true;
	hand_give(all->hand, &r->row, &p->task);
	return true;
}

/*
 * What ends the page, or may: it is read here, when it can still be refused.  Then
 * nobody uses the connection again, from which came what is not believed.
 */
static bool
may_be_end(const char *data, size_t len)
{
	size_t n = strlen(PAGE_END);

	while (len > 0 && strchr(" \t\r\n", data[len - 1]) && data[len - 1])
		len--;
	return len < n || memcmp(data + len - n, PAGE_END, n) == 0;
}

/* --- pages whose end has come before the hand has read the rest --- */

static void
release(struct page_reader *r)
{
	if (r->is_held)
		DL_DELETE(r->all->held, r);
	r->is_held = false;
}

/* They had some time; what the hand has not begun by now it is too late for. */
static void
on_look(void *arg)
{
	struct page_readers *all = arg;
	struct page_reader *r, *next;

	DL_FOREACH_SAFE (all->held, r, next) {
		if (!hand_try_take_back(all->hand, &r->row))
			continue;
		r->has_given = false;
		release(r);
		r->resume(r->arg);
	}
	if (all->held)
		timer_arm(all->timers, &all->look, LOOK_MS);
}

static int
hold(struct page_reader *r)
{
	struct page_readers *all = r->all;

	if (!all->look.on_due)
		timer_init(&all->look, on_look, all);
	if (!all->look.is_armed)
		timer_arm(all->timers, &all->look, LOOK_MS);
	DL_APPEND(all->held, r);
	r->is_held = true;
	return HTTP_PAUSE;
}

/* --- bytes --- */

/* Whether all that was given has been read; what is not at its end is read for it. */
static bool
is_in_order(struct page_reader *r, bool is_end)
{
	struct hand *hand = r->all->hand;

	if (!r->has_given)
		return true;
	r->has_given = is_end && !hand_is_idle(hand)
			       ? !hand_has_run(hand, &r->row)
			       : !hand_try_take_back(hand, &r->row);
	return !r->has_given;
}

int
page_reader_add(struct page_reader *r, const char *data, size_t len)
{
	bool is_end = may_be_end(data, len);

	if (!atomic_load(&r->is_refused) && (is_end || !give(r, data, len))) {
		if (!is_in_order(r, is_end))
			return hold(r);
		read_bytes(r, data, len);
	}
	return atomic_load(&r->is_refused) ? -EIO : 0;
}

void
page_reader_drop(struct page_reader *r)
{
	if (r->parser)
		atomic_store(&r->is_refused, true);
	page_reader_end(r);
}

void
page_reader_end(struct page_reader *r)
{
	if (!r->parser)
		return;
	release(r);
	if (r->has_given)
		hand_take_back(r->all->hand, &r->row);
	r->has_given = false;
	r->parser = NULL;
	r->all->n_pages--;
}
