/* SPDX-License-Identifier: MIT */
/*
 * Changed blocks, listed again: see relist.h.  Net thread only.
 */
#include "config.h"

#include "engine/relist.h"

#include <utlist.h>

#include "engine/buckets.h"
#include "list/start-after.h"
#include "util/heap.h"

/* A run that is under way. */
struct again {
	struct relist *relist;
	struct memo_run run;
	size_t n_records; /* with all that is to be read */
	size_t n_asked; /* extents */
	unsigned n_reads; /* of them, under way */
	struct lister *lister; /* NULL: records are still to come */
	bool is_sent; /* its next page is under way */
	struct again *prev, *next;
};

struct relist {
	struct relist_options o;
	struct slots_client client;
	struct pack_reader packs;
	struct again *runs;
	unsigned n_runs;
	size_t n_held; /* records of all of them */
	unsigned n_under_way; /* requests */
	unsigned n_pages_sent, n_pages; /* under way, and that have come */
	size_t from; /* the block that the next run is looked for from */
	bool has_all; /* runs, begun or over */
	bool is_outdated; /* one of them */
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
	r->n_held -= a->n_records;
	lister_free(a->lister);
	memo_run_clear(&a->run);
	free(a);
}

static void on_page(void *arg, const struct lister_answer *answer);

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
		.bucket = o->bucket->name,
		.after = after,
		.until = run->last,
		.until_len = run->last_len,
		.traffic = o->pages,
		.on_page = on_page,
		.arg = a,
	});
}

/* It can be listed as soon as all its records are there. */
static void
begin_list_if_read(struct again *a)
{
	if (!a->lister && a->n_reads == 0 && a->n_asked == a->run.n_extents)
		begin_list(a);
}

/* What HEADs tell as well. */
static void
ask_for_no_records(struct again *a)
{
	a->n_asked = a->run.n_extents;
	begin_list_if_read(a);
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
	pack_read_stop(&r->packs);
	for (struct again *a = r->runs; a; a = a->next)
		if (a->is_sent)
			lister_stop(a->lister);
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
	a->n_records = memo_run_records(run);
	r->n_held += a->n_records;
	if (run->after && !start_after_is_possible(run->after, run->after_len))
		end(r, RELIST_IMPOSSIBLE, NULL);
	else if (run->n_extents == 0 || r->packs.is_useless)
		ask_for_no_records(a);
	return true;
}

static bool
may_begin_run(const struct relist *r)
{
	return !r->is_over && !r->has_all && r->n_runs < RELIST_RUNS_MAX &&
	       r->n_held < RELIST_RECORDS_MAX;
}

static void
begin_runs(struct relist *r)
{
	while (may_begin_run(r))
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

static struct again *
find_next(const struct relist *r)
{
	return find_sender(
		r, r->o.has_room(r->o.arg, r->n_pages_sent, r->n_pages));
}

static bool
wants_slot(const struct relist *r)
{
	return find_next(r);
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

/* What is not read, or not what it should be, is HEADed. */
static void
take_records(struct again *a, const struct extent *e, size_t n,
	     const char *data)
{
	const struct relist_options *o = &a->relist->o;
	size_t first = (size_t)(e - a->run.extents);

	for (size_t i = 0; i < n; i++) {
		size_t len = extent_length(&e[i]);

		if (memo_run_take(&a->run, first + i, o->bucket->name, data,
				  len))
			*o->n_records += e[i].n;
		data += len;
	}
}

static void
on_read(void *arg, void *of, const struct extent *e, size_t n, const char *data)
{
	struct relist *r = arg;
	struct again *a = of;

	a->n_reads--;
	if (data && !r->is_over)
		take_records(a, e, n, data);
	if (!r->is_over)
		begin_list_if_read(a);
	if (!r->is_over && r->packs.is_useless)
		DL_FOREACH (r->runs, a)
			ask_for_no_records(a);
	step(r);
}

static void
read_records(struct again *a)
{
	struct memo_run *run = &a->run;

	a->n_reads++;
	a->n_asked += pack_read(&a->relist->packs, a, run->extents + a->n_asked,
				run->n_extents - a->n_asked);
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
	struct again *a = find_next(r);

	if (!a)
		a = find_sender(r, true);
	r->n_under_way++;
	if (a->n_asked < a->run.n_extents) {
		read_records(a);
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

	/* records will need what the LIST has taken */
	list_shared_rest(o->lists);
	r->o = *o;
	r->client = (struct slots_client){ .send = send_one,
					   .arg = r,
					   .group = o->bucket };
	r->packs = (struct pack_reader){ .s3 = o->s3,
					 .timers = o->timers,
					 .bucket = o->bucket,
					 .limits = o->limits,
					 .traffic = o->records,
					 .on_read = on_read,
					 .arg = r };
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

/*
 * Pages and records are many blocks of memory that libc keeps, as a rule: 7 MiB after 3,000
 * changes among 260,000 deltas.  And parsers are as many as the LIST before had.
 */
static void
give_back(struct list_shared *lists)
{
	list_shared_rest(lists);
	heap_trim();
}

void
relist_free(struct relist *r)
{
	struct list_shared *lists;
	bool has_listed;

	if (!r)
		return;
	lists = r->o.lists;
	has_listed = r->n_pages > 0;
	while (r->runs)
		again_free(r->runs);
	free(r);
	if (has_listed)
		give_back(lists);
}
