/* SPDX-License-Identifier: MIT */
/*
 * Our objects in a bucket, by hand: see shelf.h.  Net thread only.
 */
#include "config.h"

#include "engine/shelf.h"

#include <errno.h>

#include <utlist.h>

#include "engine/ours.h"
#include "net/http-header.h"
#include "util/number.h"

const struct shelf_row shelf_rows[] = {
	{ "quick", OURS_QUICK, true, MODE_QUICK },
	{ "sampled", OURS_SAMPLED, true, MODE_SAMPLED },
	{ "detailed", OURS_DETAILED, true, MODE_DETAILED },
	{ "prefixes", OURS_PREFIXES, true, MODE_PREFIXES },
	{ "memo", OURS_MEMO_INDEX, false, MODE_DETAILED },
	{ "memo", OURS_MEMO_BASE, false, MODE_DETAILED },
	{ "memo", OURS_MEMO_RECENT, false, MODE_DETAILED },
};

struct shelf {
	struct shelf_env *env;
	const struct shelf_row *row;
	char *bucket;
	bool is_removal;
	struct s3_call *call;
	struct timer deadline;
	bool is_late;
	struct shelf_look look;
	struct waiter *waiters; /* one, or none any more */
	struct shelf *prev, *next;
};

unsigned
shelf_find(const char *name, size_t len)
{
	unsigned rows = 0;

	for (size_t i = 0; i < SHELF_ROWS; i++)
		if (strlen(shelf_rows[i].name) == len &&
		    memcmp(shelf_rows[i].name, name, len) == 0)
			rows |= 1u << i;
	return rows;
}

static void
finish(struct shelf *s, const struct err *err)
{
	struct err late;

	timer_disarm(s->env->timers, &s->deadline);
	DL_DELETE(s->env->running, s);
	if (s->is_late) {
		err_set(&late, ETIMEDOUT, "%s: no answer for %lld ms",
			s->row->key, (long long)s->env->limits->timeout_ms);
		err = &late;
	}
	if (s->waiters && err->code == 0)
		*s->waiters->shelf.look =
			(struct shelf_look){ .is_there = s->look.is_there,
					     .size = s->look.size,
					     .verdict = s->look.verdict,
					     .result = steal(&s->look.result),
					     .flaw = s->look.flaw };
	waiters_complete(&s->waiters, NULL, err);
	result_unref(s->look.result);
	free(s->bucket);
	free(s);
}

static void
on_removed(void *arg, const struct s3_answer *answer)
{
	struct shelf *s = arg;
	struct err err = answer->err;

	s->call = NULL;
	if (err.code)
		err_wrap(&err, "%s", s->row->key);
	finish(s, &err);
}

/* Of a body that was too long for us, its head tells how long. */
static int64_t
size_of(const struct s3_answer *answer)
{
	char text[24];
	int64_t size;

	http_copy_header(answer->http, "content-length", text, sizeof(text));
	return number_parse(text, &size) ? size
					 : (int64_t)answer->http->body.len;
}

/* Whether the object is there, or not; else the question has failed. */
static bool
is_answer(const struct s3_answer *answer)
{
	return answer->err.code == 0 || answer->err.code == EFBIG ||
	       strcmp(answer->error.code, "NoSuchKey") == 0;
}

static struct document
document_of(const struct shelf *s)
{
	return (struct document){ .bucket = s->bucket,
				  .mode = s->row->mode,
				  .limits = s->env->limits };
}

static void
take_look(struct shelf *s, const struct s3_answer *answer)
{
	struct shelf_look *look = &s->look;
	struct document document = document_of(s);

	look->is_there = answer->status == 200;
	if (!look->is_there)
		return;
	look->size = size_of(answer);
	if (s->row->is_document)
		look->verdict = cache_read(answer, &document, &look->result,
					   &look->flaw);
}

static void
on_look(void *arg, const struct s3_answer *answer)
{
	struct shelf *s = arg;
	struct err err = answer->err;

	s->call = NULL;
	if (!is_answer(answer)) {
		err_wrap(&err, "%s", s->row->key);
		finish(s, &err);
		return;
	}
	take_look(s, answer);
	if (s->is_removal && s->look.is_there && !s->is_late)
		s->call = s3_delete_object(s->env->s3, s->bucket, s->row->key,
					   on_removed, s);
	else
		finish(s, &(struct err)ERR_INIT);
}

/* Bytes that are looked at. */
static size_t
most(const struct shelf *s)
{
	struct document document = document_of(s);

	return s->row->is_document ? document_max(&document) : DOC_MAX;
}

static void
on_deadline(void *arg)
{
	struct shelf *s = arg;

	s->is_late = true;
	s3_cancel(s->call);
}

void
shelf_add(struct shelf_env *env, struct waiter *w)
{
	struct shelf *s = xnew(struct shelf);

	s->env = env;
	s->row = &shelf_rows[w->shelf.row];
	s->bucket = xstrdup(w->shelf.bucket->name);
	s->is_removal = w->kind == WAIT_FOR_REMOVAL;
	timer_init(&s->deadline, on_deadline, s);
	timer_arm(env->timers, &s->deadline, env->limits->timeout_ms);
	DL_APPEND(env->running, s);
	waiter_move(w, &s->waiters);
	s->call = s3_get_object(env->s3,
				&(struct s3_get){ .bucket = s->bucket,
						  .key = s->row->key,
						  .max = most(s) },
				on_look, s);
}

void
shelf_stop(struct shelf_env *env)
{
	struct shelf *s;

	DL_FOREACH (env->running, s)
		s3_cancel(s->call);
}
