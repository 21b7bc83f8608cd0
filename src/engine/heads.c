/* SPDX-License-Identifier: MIT */
/*
 * Admission of HEADs: see heads.h.  Net thread only.
 */
#include "config.h"

#include "engine/heads.h"

#include <utlist.h>

static void
pump(struct heads *h)
{
	struct heads_client *c;

	while (h->n_running < h->limit && (c = h->queue)) {
		DL_DELETE(h->queue, c);
		h->n_running++;
		c->is_queued = c->send(c->arg);
		if (c->is_queued)
			DL_APPEND(h->queue, c); /* to the end: round robin */
	}
}

void
heads_want(struct heads *h, struct heads_client *c)
{
	if (!c->is_queued) {
		c->is_queued = true;
		DL_APPEND(h->queue, c);
	}
	pump(h);
}

void
heads_leave(struct heads *h, struct heads_client *c)
{
	if (c->is_queued)
		DL_DELETE(h->queue, c);
	c->is_queued = false;
}

void
heads_completed(struct heads *h)
{
	h->n_running--;
	pump(h);
}
