/* SPDX-License-Identifier: MIT */
/*
 * Admission of requests: see slots.h.  Net thread only.
 *
 * The limit is read anew for each request.  It grows with answers only, which are
 * mostly the end of a request: then what it has grown by is used at once.  The
 * other changes are seen by slots_pump().
 */
#include "config.h"

#include "engine/slots.h"

#include <utlist.h>

/* The clients of a bucket that have something to send; there is one at least. */
struct slots_group {
	const void *key;
	struct slots_client *queue; /* the next first */
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
dequeue(struct slots *s, struct slots_group *g, struct slots_client *c)
{
	DL_DELETE(g->queue, c);
	c->is_queued = false;
	if (g->queue)
		return;
	DL_DELETE(s->groups, g);
	free(g);
}

/* Whose turn it is; the client and its group go to the end of their queues. */
static struct slots_client *
take_turn(struct slots *s)
{
	struct slots_group *g = s->groups;
	struct slots_client *c = g->queue;

	DL_DELETE(s->groups, g);
	DL_APPEND(s->groups, g);
	DL_DELETE(g->queue, c);
	DL_APPEND(g->queue, c);
	return c;
}

static void
send_one(struct slots *s, struct slots_client *c)
{
	s->n_running++;
	c->n_running++;
	if (!c->send(c->arg))
		slots_leave(s, c);
}

void
slots_pump(struct slots *s)
{
	while (s->groups && s->n_running < slots_limit(s) &&
	       !pace_is_held(s->pace))
		send_one(s, take_turn(s));
}

void
slots_want(struct slots *s, struct slots_client *c)
{
	enqueue(s, c);
	if (c->n_running == 0)
		send_one(s, c);
	slots_pump(s);
}

void
slots_leave(struct slots *s, struct slots_client *c)
{
	if (c->is_queued)
		dequeue(s, find_group(s, c->group), c);
}

void
slots_completed(struct slots *s, struct slots_client *c)
{
	s->n_running--;
	c->n_running--;
	if (c->is_queued && c->n_running == 0)
		send_one(s, c);
	slots_pump(s);
}
