/* SPDX-License-Identifier: MIT */
/*
 * Changed blocks, listed again: see relist.h.  Net thread only.
 */
#include "config.h"

#include "engine/relist.h"

#include <utlist.h>

#include "list/start-after.h"
#include "s3/s3-object.h"

#define KEY_MAX 128

/* Some extents that touch each other, as they are read. */
struct part_get {
	struct again *again;
	size_t first, n; /* of the run's extents */
	struct s3_call *call;
	struct timer limit;
	struct part_get *prev, *next;
};

/* A run that is under way. */
struct again {
	struct relist *relist;
	struct memo_run run;
	size_t n_asked; /* extents */
	struct part_get *gets;
	struct lister *lister; /* NULL: records are still to come */
	bool is_sent; /* its next page is under way */
	struct again *prev, *next;
};

struct relist {
	struct relist_options o;
	struct slots_client client;
	struct again *runs;
	unsigned n_runs;
	unsigned n_under_way; /* requests */
	unsigned n_pages_sent, n_pages; /* under way, and that have come */
	size_t from; /* the block that the next run is looked for from */
	bool has_all; /* runs, begun or over */
	bool is_outdated; /* one of them */
	bool has_hung; /* a pack: of runs that begin now none is read */
	bool is_over, is_stopped;
	enum relist_how how;
	struct err err;
};

/* --- runs --- */

static void
again_free(struct again *a)
{
	struct relist *r = a->relist;

	DL_DELETE(r->runs, a);
	r->n_runs--;
	lister_free(a->lister);
	memo_run_clear(&a->run);
	free(a);
}

static void on_page(void *arg, const struct lister_answer *answer);

/* All its records are there: it can be listed. */
static void
begin_list(struct again *a)
{
	const struct relist_options *o = &a->relist->o;
	struct memo_run *run = &a->run;
	char *after CLEANUP_FREE =
		run->after ? xstrndup(run->after, run->after_len) : NULL;

	memo_run_ready(run);
	a->lister = lister_new(&(struct lister_options){
		.s3 = o->s3,
		.shared = o->lists,
		.bucket = o->bucket,
		.after = after,
		.until = run->last,
		.until_len = run->last_len,
		.traffic = o->pages,
		.on_page = on_page,
		.arg = a,
	});
}

static void
end(struct relist *r, enum relist_how how, const struct err *err)
{
	if (r->is_over)
		return;
	r->is_over = true;
	r->how = how;
	if (err)
		r->err = *err;
	slots_leave(r->o.slots, &r->client);
	for (struct again *a = r->runs; a; a = a->next) {
		struct part_get *g;

		DL_FOREACH (a->gets, g) {
			timer_disarm(r->o.timers, &g->limit);
			s3_cancel(g->call);
		}
		if (a->is_sent)
			lister_stop(a->lister);
	}
}

/* The next run, if there is one and it can be listed. */
static bool
begin_run(struct relist *r)
{
	struct again *a = xnew(struct again);
	const struct memo_run *run = &a->run;

	a->relist = r;
	DL_APPEND(r->runs, a);
	r->n_runs++;
	r->has_all = !memo_run_init(&a->run, r->o.index, r->o.listed, r->from,
				    r->o.is_anew);
	if (r->has_all) {
		again_free(a);
		return false;
	}
	r->from = run->to;
	if (run->after && !start_after_is_possible(run->after, run->after_len))
		end(r, RELIST_IMPOSSIBLE, NULL);
	else if (run->n_extents == 0 || r->has_hung) {
		a->n_asked = run->n_extents;
		begin_list(a);
	}
	return true;
}

static void
begin_runs(struct relist *r)
{
	while (!r->is_over && !r->has_all && r->n_runs < RELIST_RUNS_MAX)
		if (!begin_run(r))
			break;
	if (r->has_all && !r->runs)
		end(r, r->is_outdated ? RELIST_OUTDATED : RELIST_COMPLETE,
		    NULL);
}

/* --- requests --- */

/* One that has something to send, and whether there is room for that. */
static struct again *
find_sender(const struct relist *r, bool has_room)
{
	struct again *a;

	if (!r->is_over)
		DL_FOREACH (r->runs, a)
			if (a->n_asked < a->run.n_extents ||
			    (has_room && a->lister && !a->is_sent))
				return a;
	return NULL;
}

static bool
wants_slot(const struct relist *r)
{
	return find_sender(
		r, r->o.has_room(r->o.arg, r->n_pages_sent, r->n_pages));
}

static void
ask(struct relist *r)
{
	if (!r->is_over && wants_slot(r))
		slots_want(r->o.slots, &r->client);
	else
		slots_leave(r->o.slots, &r->client);
}

/* A request has ended: the last thing that is done with the relist. */
static void
step(struct relist *r)
{
	r->n_under_way--;
	begin_runs(r);
	ask(r);
	slots_completed(r->o.slots, &r->client);
	if (r->is_over && r->n_under_way == 0 && !r->is_stopped)
		r->o.on_end(r->o.arg, r->how, &r->err);
	else
		r->o.on_step(r->o.arg);
}

/* --- records --- */

/* Bytes of some extents that touch. */
static size_t
length_of(const struct extent *e, size_t n)
{
	size_t len = 0;

	for (size_t i = 0; i < n; i++)
		len += extent_length(&e[i]);
	return len;
}

static bool
touch(const struct extent *a, const struct extent *b)
{
	return a->slot == b->slot && a->first + a->n == b->first;
}

/* What is not read, or not what it should be, is HEADed. */
static void
take_part(const struct part_get *g, const struct s3_answer *answer)
{
	const struct relist_options *o = &g->again->relist->o;
	struct memo_run *run = &g->again->run;
	const struct extent *e = &run->extents[g->first];
	const char *data =
		s3_part(answer, extent_offset(e), length_of(e, g->n));

	for (size_t i = 0; data && i < g->n; i++) {
		if (memo_run_take(run, g->first + i, o->bucket, data,
				  extent_length(&e[i])))
			*o->n_records += e[i].n;
		data += extent_length(&e[i]);
	}
}

static void
on_get(void *arg, const struct s3_answer *answer)
{
	struct part_get *g = arg;
	struct again *a = g->again;
	struct relist *r = a->relist;

	timer_disarm(r->o.timers, &g->limit);
	if (answer->err.code == 0 && !r->is_over)
		take_part(g, answer);
	DL_DELETE(a->gets, g);
	free(g);
	if (!a->gets && a->n_asked == a->run.n_extents && !r->is_over)
		begin_list(a);
	step(r);
}

/* HEADs tell the same. */
static void
on_part_limit(void *arg)
{
	struct part_get *g = arg;

	g->again->relist->has_hung = true;
	s3_cancel(g->call);
}

static void
send_get(struct again *a)
{
	struct relist *r = a->relist;
	const struct extent *e = &a->run.extents[a->n_asked];
	size_t left = a->run.n_extents - a->n_asked;
	struct part_get *g = xnew(struct part_get);
	char key[KEY_MAX];

	*g = (struct part_get){ .again = a, .first = a->n_asked, .n = 1 };
	while (g->n < left && touch(&e[g->n - 1], &e[g->n]))
		g->n++;
	a->n_asked += g->n;
	r->o.print_key(key, sizeof(key), e->slot);
	DL_APPEND(a->gets, g);
	g->call = s3_get_object(r->o.s3,
				&(struct s3_get){ .bucket = r->o.bucket,
						  .key = key,
						  .max = PACK_BYTES_MAX,
						  .traffic = r->o.records,
						  .first = extent_offset(e),
						  .n = length_of(e, g->n) },
				on_get, g);
	timer_init(&g->limit, on_part_limit, g);
	timer_arm(r->o.timers, &g->limit, r->o.records_ms);
}

/* --- pages --- */

static void
take_page(struct again *a, const struct list_page *page)
{
	struct relist *r = a->relist;

	for (size_t i = 0; i < page->n_objects; i++) {
		const struct object *o = &page->objects[i];
		int64_t original;
		enum run_answer answer = memo_run_add(&a->run, o, &original);

		if (answer == RUN_KNOWN)
			r->o.on_delta(r->o.arg, o, &original);
		else if (answer == RUN_UNKNOWN)
			r->o.on_delta(r->o.arg, o, NULL);
	}
}

static void
take_answer(struct again *a, const struct lister_answer *answer)
{
	struct relist *r = a->relist;

	if (answer->err) {
		end(r, answer->fault ? RELIST_IMPOSSIBLE : RELIST_FAILED,
		    answer->err);
		return;
	}
	take_page(a, answer->page);
	if (!answer->is_last)
		return;
	r->is_outdated = !memo_run_end(&a->run) || r->is_outdated;
	again_free(a);
}

static void
on_page(void *arg, const struct lister_answer *answer)
{
	struct again *a = arg;
	struct relist *r = a->relist;

	a->is_sent = false;
	r->n_pages_sent--;
	r->n_pages++;
	if (!r->is_over)
		take_answer(a, answer);
	step(r);
}

/* It was asked for; there may be no room any more, since the pace has changed. */
static bool
send_one(void *arg)
{
	struct relist *r = arg;
	struct again *a = find_sender(r, true);

	r->n_under_way++;
	if (a->n_asked < a->run.n_extents) {
		send_get(a);
	} else {
		a->is_sent = true;
		r->n_pages_sent++;
		lister_next(a->lister);
	}
	return wants_slot(r);
}

/* --- from first to last --- */

struct relist *
relist_new(const struct relist_options *o)
{
	struct relist *r = xnew(struct relist);

	r->o = *o;
	r->client = (struct slots_client){ .send = send_one,
					   .arg = r,
					   .group = o->group };
	return r;
}

void
relist_begin(struct relist *r)
{
	begin_runs(r);
	if (r->is_over)
		r->o.on_end(r->o.arg, r->how, &r->err);
	else
		ask(r);
}

void
relist_go_on(struct relist *r)
{
	if (!r->is_over)
		ask(r);
}

void
relist_stop(struct relist *r)
{
	r->is_stopped = true;
	end(r, RELIST_OUTDATED, NULL);
}

bool
relist_is_idle(const struct relist *r)
{
	return r->n_under_way == 0;
}

void
relist_free(struct relist *r)
{
	if (!r)
		return;
	while (r->runs)
		again_free(r->runs);
	free(r);
}
