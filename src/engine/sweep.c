/* SPDX-License-Identifier: MIT */
/*
 * The HEADs of one computation: see sweep.h.  Net thread only.
 */
#include "config.h"

#include "engine/sweep.h"

#include <errno.h>

#include <utlist.h>

#include "util/date.h"
#include "util/log.h"

/* A delta whose HEAD waits or is under way. */
struct head {
	struct sweep *sweep;
	struct tally *tally; /* NULL: nobody wants the answer any more */
	struct space *space;
	char *key, *etag, *last_modified;
	size_t key_len;
	int64_t size;
	struct head_check check;
	bool is_other; /* the answer is of an object that was put since then */
	struct s3_call *call; /* NULL: it waits */
	struct head *prev, *next;
};

static struct object
listed_object(const struct head *h)
{
	return (struct object){ .key = h->key,
				.key_len = h->key_len,
				.size = h->size,
				.etag = h->etag,
				.last_modified = h->last_modified };
}

/* Its one answer. */
static void
answer(struct head *h, int64_t original)
{
	struct object listed = listed_object(h);

	if (h->tally && h->is_other)
		tally_answer_other(h->tally, h->space, &listed, original);
	else if (h->tally)
		tally_answer(h->tally, h->space, &listed, original);
	h->tally = NULL;
}

static void
give_up(struct head *h)
{
	struct object listed = listed_object(h);

	if (h->tally)
		tally_give_up(h->tally, h->space, &listed);
	h->tally = NULL;
}

static void
head_free(struct head *h)
{
	free(h->key);
	free(h->etag);
	free(h->last_modified);
	head_check_clear(&h->check);
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

/* An answer, and not one whose head was cut behind its status. */
static bool
is_missing(const struct s3_answer *a)
{
	return a->status == 404 && a->err.code == ENOENT;
}

/* It says of the listed version what will be true whenever that is listed. */
static int64_t
note_known(struct sweep *s, const struct head *h, const struct s3_answer *a)
{
	int64_t original = find_original_size(a->http);
	struct object listed = listed_object(h);

	if (head_check_is_settled(&h->check, a->http))
		s->on_known(s->arg, &listed, original);
	return original;
}

static int64_t
original_size_in(struct sweep *s, struct head *h, const struct s3_answer *a)
{
	unsigned odd;
	enum head_match match;

	if (a->err.code && !is_missing(a))
		return ORIGINAL_UNKNOWN;
	s->n_answers++;
	match = head_check_end(&h->check, a->http, &odd);
	if (is_missing(a)) {
		s->n_missing++;
		note_change(s, h, "deleted");
		return ORIGINAL_UNKNOWN;
	}
	if (match == HEAD_IS_OTHER) {
		h->is_other = true;
		note_change(s, h, "replaced");
	}
	if (match == HEAD_IS_ODD) {
		s->n_odd++;
		s->odd |= odd;
	}
	if (match == HEAD_MATCHES && s->on_known)
		return note_known(s, h, a);
	return find_original_size(a->http);
}

static int
on_head(void *arg, const struct http_answer *http, bool is_repeat,
	struct err *err)
{
	struct head *h = arg;

	return head_check_accept(&h->check, http, is_repeat, err);
}

static void
on_answer(void *arg, const struct s3_answer *a)
{
	struct head *h = arg;
	struct sweep *s = h->sweep;
	bool is_wanted = h->tally;
	bool is_failure = is_wanted && a->err.code && !is_missing(a);

	DL_DELETE(s->sent, h);
	if (is_wanted)
		answer(h, original_size_in(s, h, a));
	head_free(h);
	slots_completed(s->slots, &s->client);
	s->on_answer(s->arg, is_failure ? &a->err : NULL);
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
	h->check = (struct head_check){ .habits = s3_head_habits(s->s3),
					.etag = h->etag,
					.last_modified = h->last_modified,
					.size = h->size,
					.listed_ms = s->listed_ms };
	h->call = s3_head_object(s->s3,
				 &(struct s3_head){ .bucket = s->bucket,
						    .key = h->key,
						    .key_len = h->key_len,
						    .on_head = on_head,
						    .traffic = &s->traffic },
				 on_answer, h);
	return s->queue != NULL;
}

void
sweep_begin(struct sweep *s)
{
	s->listed_ms = date_mono_ms();
	s->n_answers = s->n_missing = s->n_odd = s->odd = 0;
	s->saw_change = false;
}

static struct head *
head_new(struct sweep *s, struct tally *tally, struct space *space,
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
	head_habits_see_date(s3_head_habits(s->s3), o->last_modified);
	s->n_queued++;
	return h;
}

void
sweep_add(struct sweep *s, struct tally *tally, struct space *space,
	  const struct object *o)
{
	struct head *h = head_new(s, tally, space, o);

	DL_APPEND(s->queue, h);
}

void
sweep_hold(struct sweep *s, struct tally *tally, struct space *space,
	   const struct object *o)
{
	struct head *h = head_new(s, tally, space, o);

	DL_APPEND(s->held, h);
}

/* That is in the list, and does not wait any more. */
static void
spare(struct sweep *s, struct head **list, struct head *h, int64_t original)
{
	DL_DELETE(*list, h);
	s->n_queued--;
	answer(h, original);
	head_free(h);
}

void
sweep_judge(struct sweep *s,
	    enum head_fate (*judge)(void *arg, const struct object *listed,
				    int64_t *original),
	    void *arg)
{
	struct head *h, *next;

	DL_FOREACH_SAFE (s->held, h, next) {
		struct object listed = listed_object(h);
		int64_t original;

		switch (judge(arg, &listed, &original)) {
		case HEAD_WAITS:
			break;
		case HEAD_IS_NEEDED:
			DL_DELETE(s->held, h);
			DL_APPEND(s->queue, h);
			break;
		case HEAD_IS_SPARED:
			spare(s, &s->held, h, original);
			break;
		}
	}
}

static void
settle(struct sweep *s, struct head **list,
       bool (*find)(void *arg, const struct object *listed, int64_t *original),
       void *arg)
{
	struct head *h, *next;

	DL_FOREACH_SAFE (*list, h, next) {
		struct object listed = listed_object(h);
		int64_t original;

		if (find(arg, &listed, &original))
			spare(s, list, h, original);
	}
}

void
sweep_settle(struct sweep *s,
	     bool (*find)(void *arg, const struct object *listed,
			  int64_t *original),
	     void *arg)
{
	settle(s, &s->queue, find, arg);
	settle(s, &s->held, find, arg);
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
	return !s->queue && !s->held && !s->sent;
}

/* Those that differ in one field: it is known, or seen here, to be always so. */
static bool
are_odd_ones_listed(struct sweep *s)
{
	struct head_habits *habits = s3_head_habits(s->s3);
	bool is_single = (s->odd & (s->odd - 1)) == 0;

	if (s->n_odd == 0)
		return true;
	if (s->n_odd == s->n_answers && is_single)
		head_habits_note(habits, s->odd);
	return !(s->odd & ~habits->passed_over);
}

bool
sweep_is_exact(struct sweep *s)
{
	if (s->saw_change || are_odd_ones_listed(s))
		return !s->saw_change;
	log_info(
		"bucket=%s: %u of %u HEADs do not tell what was listed, so this "
		"result is not cached",
		s->bucket, s->n_odd, s->n_answers);
	return false;
}

static void
drop_all(struct head **list)
{
	struct head *h;

	while ((h = *list)) {
		DL_DELETE(*list, h);
		give_up(h);
		head_free(h);
	}
}

void
sweep_stop(struct sweep *s)
{
	struct head *h;

	slots_leave(s->slots, &s->client);
	drop_all(&s->queue);
	drop_all(&s->held);
	s->n_queued = 0;
	DL_FOREACH (s->sent, h) {
		give_up(h);
		s3_cancel(h->call);
	}
}
