/* SPDX-License-Identifier: MIT */
/*
 * The net thread: everything that talks to the store happens there.  Others
 * post waiters and are called back.  Knows no FUSE.
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "engine/bucket-memo.h"
#include "engine/scan.h"
#include "engine/waiter.h"
#include "net/http.h"

struct engine;

struct engine_options {
	struct http_options http;
	const struct endpoint *endpoint; /* these four outlive the engine */
	struct s3_terms terms; /* said with each request */
	struct creds_chain *creds;
	struct buckets *buckets;
	struct meter *meter; /* NULL: nobody counts; outlives it */
	const struct limits *limits;
	enum cache_policy cache;
	enum memo_place memo;
	unsigned interval_modes; /* bits, 1 << enum mode; see keeper.h */
	bool is_first_round_prompt; /* as is_prompt there */
	bool is_detailed_on_refresh; /* as in flight.h */
	size_t spaces_max; /* as in scan.h, as is the next one */
	int64_t gather_ms;
	const char *sse,
		*sse_kms_key_id; /* of documents; NULL: none; outlive it */
};

/* After the fork: starts the thread, with all signals blocked. */
int engine_start(struct engine **out, const struct engine_options *o,
		 struct err *err);

/*
 * Answers every waiter with EINTR, ends all work and joins the thread.  Nothing
 * may be posted any more.  NULL is fine.
 */
void engine_stop(struct engine *e);

/* Hand a waiter over; its completion may come before this returns. */
void engine_post(struct engine *e, struct waiter *w);

/* Whether a document, or a memo, is on its way into its bucket.  Any thread. */
bool engine_is_storing(const struct engine *e);

/* Read the sources of keys again for the next request.  Any thread. */
void engine_reload_keys(struct engine *e);

/* New connections trust these; takes the reference.  Any thread. */
void engine_set_trust(struct engine *e, struct trust *trust);

/* w->is_interrupted was set: complete that waiter with EINTR soon. */
void engine_interrupt(struct engine *e);

#endif
