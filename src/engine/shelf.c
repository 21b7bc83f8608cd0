/* SPDX-License-Identifier: MIT */
/*
 * Our objects in a bucket, by hand: see shelf.h.  Net thread only.
 */
#include "config.h"

#include "engine/shelf.h"

#include <errno.h>

#include <utlist.h>

#include "engine/block-memo.h"
#include "engine/ours.h"
#include "list/memory.h"
#include "net/http-header.h"
#include "util/number.h"

/* Packs lie in this range of keys, with what else begins so. */
#define PACKS_AFTER INTERNAL_PREFIX "originals_"
#define PACKS_UNTIL INTERNAL_PREFIX "originals_999.bin"

const struct shelf_row shelf_rows[] = {
	{ "quick", OURS_QUICK, true, MODE_QUICK, false },
	{ "sampled", OURS_SAMPLED, true, MODE_SAMPLED, false },
	{ "detailed", OURS_DETAILED, true, MODE_DETAILED, false },
	{ "prefixes", OURS_PREFIXES, true, MODE_PREFIXES, false },
	{ "memo", OURS_MEMO_INDEX, false, MODE_DETAILED, false },
	{ "memo", OURS_MEMO_PACKS, false, MODE_DETAILED, true },
	{ "memo", OURS_MEMO_BASE, false, MODE_DETAILED, false },
	{ "memo", OURS_MEMO_RECENT, false, MODE_DETAILED, false },
};

struct shelf {
	struct shelf_env *env;
	const struct shelf_row *row;
	char *bucket;
	bool is_removal;
	struct s3_call *call;
	struct timer deadline;
	bool is_late, is_stopped; /* nothing more is asked for */
	struct shelf_look look;
	/* of packs alone */
	enum list_plan plan;
	struct lister *lister;
	bool is_listing; /* a page is being asked for */
	struct slots_used slots; /* in which there is one */
	unsigned slot; /* the one that is being deleted */
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
	if (s->waiters && err->code == 0) {
		*s->waiters->shelf.look = s->look;
		s->look.result = NULL;
	} else if (s->waiters) {
		s->waiters->shelf.look->n_packs = s->look.n_packs;
	}
	waiters_complete(&s->waiters, NULL, err);
	result_unref(s->look.result);
	lister_free(s->lister);
	free(s->bucket);
	free(s);
}

static bool
may_go_on(const struct shelf *s)
{
	return !s->is_late && !s->is_stopped;
}

/* --- one object --- */

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
	if (s->is_removal && s->look.is_there && may_go_on(s))
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
look(struct shelf *s)
{
	s->call = s3_get_object(s->env->s3,
				&(struct s3_get){ .bucket = s->bucket,
						  .key = s->row->key,
						  .max = most(s) },
				on_look, s);
}

/* --- packs --- */

static void remove_pack(struct shelf *s);

static void
on_pack_removed(void *arg, const struct s3_answer *answer)
{
	struct shelf *s = arg;
	struct err err = answer->err;
	char key[BLOCK_MEMO_KEY_MAX];

	s->call = NULL;
	if (err.code == 0) {
		s->look.n_packs++;
		s->slot++;
		remove_pack(s);
		return;
	}
	block_memo_print_pack_key(key, sizeof(key), s->slot);
	err_wrap(&err, "%s", key);
	finish(s, &err);
}

/* The next one, if there is one; each has all the time there is for an answer. */
static void
remove_pack(struct shelf *s)
{
	char key[BLOCK_MEMO_KEY_MAX];

	while (s->slot < PACK_SLOTS && !s->slots.is_used[s->slot])
		s->slot++;
	if (s->slot == PACK_SLOTS || !may_go_on(s)) {
		finish(s, &(struct err)ERR_INIT);
		return;
	}
	timer_arm(s->env->timers, &s->deadline, s->env->limits->timeout_ms);
	block_memo_print_pack_key(key, sizeof(key), s->slot);
	s->call = s3_delete_object(s->env->s3, s->bucket, key, on_pack_removed,
				   s);
}

/* The slot of a pack; -1: the object is something else. */
static int
slot_of(const struct object *o)
{
	const char *digits = o->key + strlen(PACKS_AFTER);
	char key[BLOCK_MEMO_KEY_MAX];
	unsigned slot = 0;

	if (o->key_len != strlen(OURS_MEMO_PACKS))
		return -1;
	for (int i = 0; i < 3; i++) {
		if (digits[i] < '0' || digits[i] > '9')
			return -1;
		slot = 10 * slot + (unsigned)(digits[i] - '0');
	}
	block_memo_print_pack_key(key, sizeof(key), slot);
	return memcmp(key, o->key, o->key_len) == 0 ? (int)slot : -1;
}

static void
next_page(struct shelf *s)
{
	s->is_listing = true;
	lister_next(s->lister);
}

static void
take_page(struct shelf *s, const struct list_page *page)
{
	for (size_t i = 0; i < page->n_objects; i++) {
		const struct object *o = &page->objects[i];
		int slot = slot_of(o);

		if (slot < 0 || s->slots.is_used[slot])
			continue;
		slots_used_add(&s->slots, (unsigned)slot);
		s->look.size = add_saturating(s->look.size, o->size);
	}
}

static void
end_list(struct shelf *s)
{
	s->look.is_there = s->slots.n > 0;
	if (s->is_removal) {
		remove_pack(s);
		return;
	}
	s->look.n_packs = s->slots.n;
	finish(s, &(struct err)ERR_INIT);
}

static bool lists_otherwise(struct shelf *s, enum lister_fault fault);

static void
on_page(void *arg, const struct lister_answer *answer)
{
	struct shelf *s = arg;
	struct err err = answer->err ? *answer->err : (struct err)ERR_INIT;

	s->is_listing = false;
	if (err.code && lists_otherwise(s, answer->fault))
		return;
	if (err.code)
		err_wrap(&err, "%s", s->row->key);
	else
		take_page(s, answer->page);
	if (err.code || !may_go_on(s))
		finish(s, &err);
	else if (answer->is_last)
		end_list(s);
	else
		next_page(s);
}

/*
 * The range alone, if the store can do that: a page, as a rule.  Else all that is in
 * front of it, too, which is little; or all that there is, where keys have no order.
 */
static void
list_packs(struct shelf *s, enum list_plan plan)
{
	s->plan = plan;
	s->slots = (struct slots_used){ 0 };
	s->look.size = 0;
	lister_free(s->lister);
	s->lister = lister_new(&(struct lister_options){
		.s3 = s->env->s3,
		.shared = s->env->lists,
		.bucket = s->bucket,
		.after = plan == LIST_PARALLEL ? PACKS_AFTER : NULL,
		.until = plan == LIST_UNORDERED ? NULL : PACKS_UNTIL,
		.until_len = strlen(PACKS_UNTIL),
		.is_unordered = plan == LIST_UNORDERED,
		.on_page = on_page,
		.arg = s,
	});
	next_page(s);
}

static bool
lists_otherwise(struct shelf *s, enum lister_fault fault)
{
	enum list_plan plan =
		fault == LISTER_DISORDER ? LIST_UNORDERED : LIST_SEQUENTIAL;

	if (fault == LISTER_NO_FAULT || plan <= s->plan || !may_go_on(s))
		return false;
	list_packs(s, plan);
	return true;
}

/* --- from first to last --- */

/* What is under way ends soon. */
static void
cancel(struct shelf *s)
{
	if (s->is_listing)
		lister_stop(s->lister);
	else
		s3_cancel(s->call);
}

static void
on_deadline(void *arg)
{
	struct shelf *s = arg;

	s->is_late = true;
	cancel(s);
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
	if (s->row->is_packs)
		list_packs(s, LIST_PARALLEL);
	else
		look(s);
}

void
shelf_stop(struct shelf_env *env)
{
	struct shelf *s;

	DL_FOREACH (env->running, s) {
		s->is_stopped = true;
		cancel(s);
	}
}
