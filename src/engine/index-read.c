/* SPDX-License-Identifier: MIT */
/*
 * The index of a bucket's memo, read once for a scan: see index-read.h.  Net thread
 * only.
 */
#include "config.h"

#include "engine/index-read.h"

#include <errno.h>

#include <utlist.h>

#include "engine/ours.h"
#include "list/page.h"
#include "util/date.h"

struct index_read {
	struct memo_env *env;
	struct bucket *bucket;
	unsigned n_refs;
	struct s3_call *call; /* NULL: it is not under way */
	bool is_ready;
	struct timer
		timer; /* the limit of the GET; then: somebody is to be told */
	struct index_reader *readers; /* who wait */
	struct traffic traffic;
	struct index_answer answer;
};

static void on_timer(void *arg);

struct index_read *
index_read_new(struct memo_env *env, struct bucket *bucket)
{
	struct index_read *r = xnew(struct index_read);

	r->env = env;
	r->bucket = bucket;
	r->n_refs = 1;
	timer_init(&r->timer, on_timer, r);
	buf_init(&r->answer.body, INDEX_BYTES_MAX);
	return r;
}

static void
free_if_unused(struct index_read *r)
{
	if (r->n_refs > 0 || r->call)
		return;
	timer_disarm(r->env->writebacks->timers, &r->timer);
	buf_clear(&r->answer.body);
	free(r);
}

struct index_read *
index_read_ref(struct index_read *r)
{
	r->n_refs++;
	return r;
}

void
index_read_unref(struct index_read *r)
{
	if (!r || --r->n_refs > 0)
		return;
	if (r->call)
		s3_cancel(r->call);
	free_if_unused(r);
}

/* --- what comes --- */

static void
tell(struct index_read *r)
{
	struct index_reader *u;

	index_read_ref(r); /* they may let it go */
	while ((u = r->readers)) {
		index_read_leave(r, u);
		u->on_ready(u->arg);
	}
	index_read_unref(r);
}

static void
take_body(struct index_answer *a, const struct buf *body)
{
	if (buf_add(&a->body, body->data, body->len))
		err_set(&a->err, ENOMEM, "no memory for %zu bytes", body->len);
}

/* It would be asked for, and waited for, each time the bucket changes. */
static void
note_failure(struct index_read *r)
{
	const struct index_answer *a = &r->answer;
	bool is_told =
		a->err.code == 0 || a->err.code == EFBIG || a->status == 404;
	int64_t wait_ms = a->err.code == EACCES ? HOUR_MS : MINUTE_MS;

	if (!is_told && r->n_refs > 0)
		r->bucket->index_unread_until_ms = date_mono_ms() + wait_ms;
}

static void
on_get(void *arg, const struct s3_answer *answer)
{
	struct index_read *r = arg;
	struct index_answer *a = &r->answer;

	r->call = NULL;
	r->env->n_gets--;
	timer_disarm(r->env->writebacks->timers, &r->timer);
	a->status = answer->status;
	a->err = answer->err;
	a->has_etag = s3_etag(answer, a->etag);
	if (a->err.code == 0)
		take_body(a, &answer->http->body);
	note_failure(r);
	r->is_ready = true;
	if (r->n_refs > 0)
		tell(r);
	else
		free_if_unused(r);
}

static void
on_timer(void *arg)
{
	struct index_read *r = arg;

	if (r->call)
		s3_cancel(r->call);
	else
		tell(r);
}

static void
send(struct index_read *r)
{
	struct writeback_env *w = r->env->writebacks;

	r->call = s3_get_object(w->s3,
				&(struct s3_get){ .bucket = r->bucket->name,
						  .key = OURS_MEMO_INDEX,
						  .max = INDEX_BYTES_MAX,
						  .traffic = &r->traffic },
				on_get, r);
	r->env->n_gets++;
	timer_arm(w->timers, &r->timer, w->limits->timeout_ms / CACHE_GET_PART);
}

/* --- whether it is there --- */

static int
compare_to_index(const struct object *o)
{
	return key_compare(o->key, o->key_len, OURS_MEMO_INDEX,
			   sizeof(OURS_MEMO_INDEX) - 1);
}

enum index_sight
index_sight(const struct list_page *page, bool is_first, bool is_ordered)
{
	const struct object *o = page->objects;
	size_t n = page->n_objects, i = 0;
	int c = 1;

	while (i < n && (c = compare_to_index(&o[i])) != 0 &&
	       (c < 0 || !is_ordered))
		i++;
	if (i < n && c == 0)
		return INDEX_SHOWN;
	return i < n && (i > 0 || is_first) ? INDEX_ABSENT : INDEX_UNSEEN;
}

/* --- who wants it --- */

bool
index_read_is_useless(const struct index_read *r)
{
	return r->bucket->index_unread_until_ms > date_mono_ms();
}

void
index_read_join(struct index_read *r, struct index_reader *u)
{
	u->is_waiting = true;
	DL_APPEND(r->readers, u);
	if (!r->is_ready && !r->call && index_read_is_useless(r)) {
		err_set(&r->answer.err, EIO, "it could not be read before");
		r->is_ready = true;
	}
	if (r->is_ready)
		timer_arm(r->env->writebacks->timers, &r->timer, 0);
	else if (!r->call)
		send(r);
}

void
index_read_leave(struct index_read *r, struct index_reader *u)
{
	if (!u->is_waiting)
		return;
	u->is_waiting = false;
	DL_DELETE(r->readers, u);
}

const struct index_answer *
index_read_answer(const struct index_read *r)
{
	return &r->answer;
}

const char *
index_read_over(const struct index_read *r)
{
	return r->answer.has_etag ? r->answer.etag : NULL;
}

void
index_read_cuts(const struct index_read *r, struct list_memory *out,
		unsigned *at_once)
{
	const struct buf *body = &r->answer.body;
	struct list_marks marks = { 0 };
	struct memo_index x;
	struct err err = ERR_INIT;

	memo_index_init(&x);
	memo_index_parse(&x, buf_str(body), body->len, r->bucket->name, &err);
	*at_once = x.stamp.at_once;
	for (size_t i = 0; i < x.list.n; i++) {
		const struct block *b = &x.list.blocks[i];

		list_marks_add_key(&marks, b->key, b->key_len, b->n);
	}
	list_memory_remember(out, &marks);
	list_marks_clear(&marks);
	memo_index_clear(&x);
}

struct traffic
index_read_traffic(const struct index_read *r)
{
	return r ? r->traffic : (struct traffic){ 0 };
}
