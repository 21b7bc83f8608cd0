/* SPDX-License-Identifier: MIT */
/*
 * Admission of requests: see slots.h.  Net thread only.
 *
 * The limit is read anew for each request.  It grows with answers only, which are
 * mostly the end of a request: then what it has grown by is used at once.  The
 * other changes are seen by slots_pump().
 *
 * Requests that hang.  They hold their slots, perhaps for minutes, and the limit
 * may be as low as one.  What has hung for long does not count against it, and if
 * as many hang as there may be at all, who has nothing under way may still send
 * one: a reader of another bucket, or of another file of this one, goes on.
 */
#include "config.h"

#include "engine/slots.h"

#include <assert.h>

#include <utlist.h>

#define STUCK_POLL_MS 200

/* The clients of a bucket that have something to send or under way. */
struct slots_group {
	const void *key;
	unsigned n_running;
	struct slots_client *queue; /* who was served longest ago first */
	struct slots_group *prev, *next;
};

unsigned
slots_limit(const struct slots *s)
{
	return pace_limit(s->pace);
}

static struct slots_group *
find_group(const struct slots *s, const void *key)
{
	struct slots_group *g;

	DL_FOREACH (s->groups, g)
		if (g->key == key)
			break;
	return g;
}

static void
enqueue(struct slots *s, struct slots_client *c)
{
	struct slots_group *g;

	if (c->is_queued)
		return;
	g = find_group(s, c->group);
	if (!g) {
		g = xnew(struct slots_group);
		g->key = c->group;
		DL_APPEND(s->groups, g);
	}
	DL_APPEND(g->queue, c);
	c->is_queued = true;
}

static void
drop_if_idle(struct slots *s, struct slots_group *g)
{
	if (g->queue || g->n_running)
		return;
	DL_DELETE(s->groups, g);
	free(g);
}

/* Of those that have something to send the group with the fewest under way. */
static struct slots_group *
next_group(const struct slots *s)
{
	struct slots_group *g, *best = NULL;

	DL_FOREACH (s->groups, g)
		if (g->queue && (!best || g->n_running < best->n_running))
			best = g;
	return best;
}

static struct slots_client *
next_client(const struct slots_group *g)
{
	struct slots_client *c, *best = g->queue;

	DL_FOREACH (g->queue, c)
		if (c->n_running < best->n_running)
			best = c;
	return best;
}

/* Anyone who has something to send, and nothing under way. */
static struct slots_client *
idle_client(const struct slots *s)
{
	struct slots_group *g;

	DL_FOREACH (s->groups, g) {
		struct slots_client *c = g->queue ? next_client(g) : NULL;

		if (c && c->n_running == 0)
			return c;
	}
	return NULL;
}

/* Who may send now; NULL: nobody. */
static struct slots_client *
choose(const struct slots *s)
{
	struct slots_group *g = next_group(s);
	unsigned room;

	assert(s->most > 0); /* else each client would have one at a time */
	if (!g || pace_is_held(s->pace))
		return NULL;
	room = slots_limit(s) + pace_n_stuck(s->pace);
	if (s->n_running >= room)
		return NULL;
	return s->n_running < s->most ? next_client(g) : idle_client(s);
}

static void
count_sent(struct slots *s, struct slots_group *g, struct slots_client *c)
{
	s->n_running++;
	g->n_running++;
	c->n_running++;
}

/* Its turn: it and its group go to the end of their queues. */
static void
send_one(struct slots *s, struct slots_client *c)
{
	struct slots_group *g = find_group(s, c->group);

	DL_DELETE(s->groups, g);
	DL_APPEND(s->groups, g);
	DL_DELETE(g->queue, c);
	DL_APPEND(g->queue, c);
	count_sent(s, g, c);
	if (!c->send(c->arg))
		slots_leave(s, c);
}

void
slots_pump(struct slots *s)
{
	struct slots_client *c;

	while ((c = choose(s)))
		send_one(s, c);
}

int
slots_wait_ms(const struct slots *s)
{
	return next_group(s) ? STUCK_POLL_MS : -1;
}

void
slots_want(struct slots *s, struct slots_client *c)
{
	enqueue(s, c);
	slots_pump(s);
}

void
slots_leave(struct slots *s, struct slots_client *c)
{
	struct slots_group *g;

	if (!c->is_queued)
		return;
	g = find_group(s, c->group);
	DL_DELETE(g->queue, c);
	c->is_queued = false;
	drop_if_idle(s, g);
}

void
slots_completed(struct slots *s, struct slots_client *c)
{
	struct slots_group *g = find_group(s, c->group);

	s->n_running--;
	g->n_running--;
	c->n_running--;
	drop_if_idle(s, g);
	slots_pump(s);
}
