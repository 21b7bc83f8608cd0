/* SPDX-License-Identifier: MIT */
/*
 * Records of packs, read: see pack-read.h.  Net thread only.
 */
#include "config.h"

#include "engine/pack-read.h"

#include <errno.h>

#include <utlist.h>

#include "engine/block-memo.h"
#include "s3/s3-object.h"

/* A store that knows no Range sends all of a pack, which has no more as a rule. */
#define WHOLE_MAX (PACK_HEAD_LEN + PACK_RECORDS * sizeof(struct memo_record))

/* A run has as much: a small pack may come as a whole, too, and what the store says. */
#define ANSWER_MAX ((size_t)64 * 1024)

struct pack_get {
	struct pack_reader *reader;
	void *of;
	const struct extent *extents; /* that touch each other */
	size_t n;
	struct s3_call *call; /* NULL: it waits for those before it */
	bool has_room; /* for a whole pack */
	struct timer limit;
	struct pack_get *prev, *next;
};

/* What it says of other packs: a store may have lost one, or never had it. */
static bool
has_no_such_bytes(const struct s3_answer *answer)
{
	return answer->status == 404 || answer->status == 416;
}

static size_t
length_of(const struct extent *e, size_t n)
{
	size_t len = 0;

	for (size_t i = 0; i < n; i++)
		len += extent_length(&e[i]);
	return len;
}

/* The reader may be gone afterwards. */
static void
finish(struct pack_get *g, const char *data)
{
	struct pack_reader *r = g->reader;

	r->on_read(r->arg, g->of, g->extents, g->n, data);
	free(g);
}

static void send_next(struct pack_reader *r);

/* It waits for its turn, now that it is known what the store sends. */
static bool
must_wait(const struct pack_get *g, const struct s3_answer *answer)
{
	return answer->status == 200 && answer->err.code == EFBIG &&
	       !g->has_room && !g->reader->is_useless;
}

static void
on_get(void *arg, const struct s3_answer *answer)
{
	struct pack_get *g = arg;
	struct pack_reader *r = g->reader;
	const char *data = NULL;

	timer_disarm(r->timers, &g->limit);
	g->call = NULL;
	r->has_whole = r->has_whole || answer->status == 200;
	if (must_wait(g, answer)) {
		send_next(r);
		return;
	}
	DL_DELETE(r->gets, g);
	if (answer->err.code == 0)
		data = s3_part(answer, extent_offset(g->extents),
			       length_of(g->extents, g->n));
	if (answer->err.code && !has_no_such_bytes(answer))
		r->is_useless = true;
	send_next(r);
	finish(g, data);
}

/* It hangs, or will not be sent. */
static void
on_limit(void *arg)
{
	struct pack_get *g = arg;

	if (g->call) {
		s3_cancel(g->call);
		return;
	}
	DL_DELETE(g->reader->gets, g);
	finish(g, NULL);
}

static bool
touch(const struct extent *a, const struct extent *b)
{
	return a->slot == b->slot && a->first + a->n == b->first;
}

static size_t
max_of(const struct pack_get *g, size_t n)
{
	size_t least = g->has_room ? WHOLE_MAX : ANSWER_MAX;

	return n > least ? n : least;
}

static void
send(struct pack_get *g)
{
	struct pack_reader *r = g->reader;
	const struct extent *first = &g->extents[0];
	size_t len = length_of(g->extents, g->n);
	char key[BLOCK_MEMO_KEY_MAX];

	g->has_room = r->has_whole;
	block_memo_print_pack_key(key, sizeof(key), first->slot);
	g->call = s3_get_object(r->s3,
				&(struct s3_get){ .bucket = r->bucket->name,
						  .key = key,
						  .max = max_of(g, len),
						  .traffic = r->traffic,
						  .first = extent_offset(first),
						  .n = len },
				on_get, g);
	timer_arm(r->timers, &g->limit, r->limits->timeout_ms / CACHE_GET_PART);
}

/* Of those that wait; whole packs come one at a time. */
static void
send_next(struct pack_reader *r)
{
	struct pack_get *g;

	DL_FOREACH (r->gets, g)
		if (g->call && !r->is_useless)
			return;
		else if (!g->call && r->is_useless)
			timer_arm(r->timers, &g->limit, 0);
	if (r->gets && !r->is_useless)
		send(r->gets);
}

size_t
pack_read(struct pack_reader *r, void *of, const struct extent *e, size_t n)
{
	struct pack_get *g = xnew(struct pack_get);

	*g = (struct pack_get){ .reader = r, .of = of, .extents = e, .n = 1 };
	while (g->n < n && touch(&e[g->n - 1], &e[g->n]))
		g->n++;
	timer_init(&g->limit, on_limit, g);
	DL_APPEND(r->gets, g);
	if (r->has_whole)
		send_next(r);
	else
		send(g);
	return g->n;
}

void
pack_read_close(struct pack_reader *r)
{
	r->is_useless = true;
	send_next(r);
}

void
pack_read_stop(struct pack_reader *r)
{
	struct pack_get *g;

	pack_read_close(r);
	DL_FOREACH (r->gets, g)
		if (g->call)
			s3_cancel(g->call);
}

bool
pack_read_is_idle(const struct pack_reader *r)
{
	return !r->gets;
}
