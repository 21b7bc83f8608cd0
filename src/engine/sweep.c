/* SPDX-License-Identifier: MIT */
/*
 * The HEADs of one computation: see sweep.h.  Net thread only.
 */
#include "config.h"

#include "engine/sweep.h"

#include <utlist.h>

#include "util/log.h"

/* A delta whose HEAD waits or is under way. */
struct head {
	struct sweep *sweep;
	struct tally *tally;
	struct space *space;
	char *key, *etag, *last_modified;
	size_t key_len;
	int64_t size;
	struct s3_call *call; /* NULL: it waits */
	struct head *prev, *next;
};

/* Its one answer: to the tally, and the head is gone. */
static void
answer(struct head *h, int64_t original)
{
	tally_answer(h->tally, h->space, h->size, original);
	free(h->key);
	free(h->etag);
	free(h->last_modified);
	free(h);
}

/* The original size that the fields of a HEAD tell. */
static int64_t
find_original_size(const struct http_answer *http)
{
	char name[64];
	const char *field;
	size_t len;

	for (size_t i = 0; i < n_original_size_names; i++) {
		CLEANUP_FREE char *value = NULL;

		snprintf(name, sizeof(name), "x-amz-meta-%s",
			 original_size_names[i]);
		field = http_header(http, name, &len);
		if (!field || len == 0)
			continue; /* the next alias counts */
		value = xstrndup(field, len); /* leading zeros: of any length */
		return original_size_parse(value);
	}
	return ORIGINAL_UNKNOWN;
}

/* The result will not be cached: the log says why, once for each sweep. */
static void
note_change(struct sweep *s, const struct head *h, const char *what)
{
	if (!s->saw_change)
		log_info("bucket=%s: %s after it was listed, so this result is "
			 "not cached: %s",
			 s->bucket, what, h->key);
	s->saw_change = true;
}

static int64_t
judge(struct sweep *s, const struct head *h, const struct s3_answer *a)
{
	if (a->status == 404) {
		note_change(s, h, "deleted");
		return ORIGINAL_UNKNOWN;
	}
	if (a->err.code)
		return ORIGINAL_UNKNOWN;
	if (!s3_head_is_object(a->http, h->etag, h->size, h->last_modified))
		note_change(s, h, "replaced");
	return find_original_size(a->http);
}

static void
on_head(void *arg, const struct s3_answer *a)
{
	struct head *h = arg;
	struct sweep *s = h->sweep;

	DL_DELETE(s->sent, h);
	answer(h, judge(s, h, a));
	slots_completed(s->slots, &s->client);
	s->on_answer(s->arg, a->err.code && a->status != 404 ? &a->err : NULL);
}

/* A slot is free: send what has waited longest. */
static bool
send_one(void *arg)
{
	struct sweep *s = arg;
	struct head *h = s->queue;

	DL_DELETE(s->queue, h);
	s->n_queued--;
	DL_APPEND(s->sent, h);
	h->call = s3_head_object(s->s3, s->bucket, h->key, h->key_len, on_head,
				 h);
	return s->queue != NULL;
}

void
sweep_add(struct sweep *s, struct tally *tally, struct space *space,
	  const struct object *o)
{
	struct head *h = xnew(struct head);

	h->sweep = s;
	h->tally = tally;
	h->space = space;
	h->key = xstrndup(o->key, o->key_len);
	h->key_len = o->key_len;
	h->etag = xstrdup(o->etag);
	h->last_modified = xstrdup(o->last_modified);
	h->size = o->size;
	DL_APPEND(s->queue, h);
	s->n_queued++;
}

void
sweep_send(struct sweep *s)
{
	s->client.send = send_one;
	s->client.arg = s;
	if (s->queue)
		slots_want(s->slots, &s->client);
}

bool
sweep_is_behind(const struct sweep *s)
{
	return s->n_queued > 2 * slots_limit(s->slots);
}

bool
sweep_is_idle(const struct sweep *s)
{
	return !s->queue && !s->sent;
}

void
sweep_stop(struct sweep *s)
{
	struct head *h;

	slots_leave(s->slots, &s->client);
	while ((h = s->queue)) {
		DL_DELETE(s->queue, h);
		answer(h, ORIGINAL_UNKNOWN);
	}
	s->n_queued = 0;
	DL_FOREACH (s->sent, h)
		s3_cancel(h->call);
}
