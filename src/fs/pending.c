/* SPDX-License-Identifier: MIT */
/*
 * A request that waits for the engine.  Made on the FUSE thread, answered on
 * the net thread.
 *
 * How a blocked request ends.  Four rules, each from libfuse's own locking
 * (lib/fuse_lowlevel.c, fuse_req_interrupt_func() and do_interrupt()):
 *
 * 1. Arm, then post.  The interrupt callback is set before the waiter is in the
 *    mailbox: from then on the net thread may answer at any time, and the
 *    request may be gone.
 * 2. The callback sets an atomic flag and wakes the net thread, nothing else.
 *    It runs with the request's lock held, and may run inside
 *    fuse_req_interrupt_func(), when the interrupt came first.  To answer there
 *    would free the request under libfuse's feet.
 * 3. Disarm, then answer, then free.  fuse_req_interrupt_func (req, NULL, NULL)
 *    waits for a callback that is running; only after it may the waiter be
 *    freed.  Never with a lock of ours held.
 * 4. If fuse_reply_open() fails, the opener has gone and no release will
 *    follow: the handle is dropped there.
 *
 * Only the net thread answers what was posted, and the engine completes each
 * waiter once, so exactly one party replies.  Promptness is a matter of
 * correctness: the kernel lets a killed process go only when we answer.
 */
#include "config.h"

#include "fs/session.h"

static void
on_interrupt(fuse_req_t req, void *arg)
{
	struct pending *p = arg;

	(void)req;
	atomic_store(&p->waiter.is_interrupted, true);
	engine_interrupt(p->fs->engine);
}

static void
on_done(struct waiter *w, struct result *r, const struct err *err)
{
	struct pending *p = CONTAINER_OF(w, struct pending, waiter);

	fuse_req_interrupt_func(p->req, NULL, NULL);
	p->reply(p, r, err);
	free(p);
}

struct pending *
pending_new(struct fs *fs, fuse_req_t req, enum waiter_kind kind,
	    pending_reply_fn *reply)
{
	struct pending *p = xnew(struct pending);

	p->waiter.kind = kind;
	p->waiter.on_done = on_done;
	p->fs = fs;
	p->req = req;
	p->reply = reply;
	return p;
}

void
pending_start(struct pending *p)
{
	fuse_req_interrupt_func(p->req, on_interrupt, p);
	engine_post(p->fs->engine, &p->waiter);
}
