/* SPDX-License-Identifier: MIT */
/*
 * The net thread: see engine.h.
 *
 * The loop: take the mail out under the lock, then work without it; look for
 * interrupted waiters; run timers; move bytes.  All state but the mailbox and
 * two flags belongs to the net thread.
 */
#include "config.h"

#include "engine/engine.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>

#include <utlist.h>

#include "engine/block-memo.h"
#include "engine/flight.h"
#include "engine/keeper.h"
#include "engine/lookup.h"
#include "engine/shelf.h"
#include "engine/slots.h"
#include "list/lister.h"
#include "util/hand.h"
#include "util/thread.h"

struct engine {
	pthread_t thread;
	struct http *http; /* http_wake() from any thread */
	atomic_bool is_stopping;
	atomic_bool has_interrupts; /* some waiter has is_interrupted set */
	atomic_bool must_reload_keys;

	/* under lock */
	pthread_mutex_t lock;
	struct waiter *mail;
	struct trust *new_trust; /* NULL: none */

	/* net thread only */
	struct timers timers;
	struct creds_chain *creds;
	struct pace *pace;
	struct s3 *s3;
	struct list_shared lists;
	struct hand *hand; /* of those; NULL: it would have no CPU */
	struct slots slots;
	struct scan_env scans;
	struct flight_env flights;
	struct memo_env memos;
	struct lookup_env lookups;
	struct shelf_env shelves;
	unsigned interval_modes;
	bool is_first_round_prompt;
	struct keeper *keeper; /* NULL: no interval */
	struct waiter *all; /* every waiter that was not completed yet */
};

/* --- mail --- */

void
engine_post(struct engine *e, struct waiter *w)
{
	pthread_mutex_lock(&e->lock);
	DL_APPEND(e->mail, w);
	pthread_mutex_unlock(&e->lock);
	http_wake(e->http);
}

void
engine_interrupt(struct engine *e)
{
	atomic_store(&e->has_interrupts, true);
	http_wake(e->http);
}

void
engine_reload_keys(struct engine *e)
{
	atomic_store(&e->must_reload_keys, true);
	http_wake(e->http);
}

void
engine_set_trust(struct engine *e, struct trust *trust)
{
	struct trust *before;

	pthread_mutex_lock(&e->lock);
	before = e->new_trust;
	e->new_trust = trust;
	pthread_mutex_unlock(&e->lock);
	trust_unref(before);
	http_wake(e->http);
}

static void
take_trust(struct engine *e)
{
	struct trust *trust;

	pthread_mutex_lock(&e->lock);
	trust = steal(&e->new_trust);
	pthread_mutex_unlock(&e->lock);
	if (trust)
		http_set_trust(e->http, trust);
}

static void
accept_waiter(struct engine *e, struct waiter *w)
{
	w->list = NULL;
	w->all = &e->all;
	DL_APPEND2(e->all, w, all_prev, all_next);
	/* interrupted while in the mail: has_interrupts was taken for others */
	if (atomic_load(&w->is_interrupted))
		atomic_store(&e->has_interrupts, true);
	if (w->kind == WAIT_FOR_STATS)
		flight_add(
			flight_get(&e->flights, w->stats.bucket, w->stats.mode),
			w);
	else if (w->kind == WAIT_FOR_LOOK || w->kind == WAIT_FOR_REMOVAL)
		shelf_add(&e->shelves, w);
	else
		lookup_add(&e->lookups, w);
}

static void
take_mail(struct engine *e)
{
	struct waiter *mail, *w;

	pthread_mutex_lock(&e->lock);
	mail = steal(&e->mail);
	pthread_mutex_unlock(&e->lock);
	while ((w = mail)) {
		DL_DELETE(mail, w);
		accept_waiter(e, w);
	}
}

static void
accept_own(void *arg, struct waiter *w)
{
	accept_waiter(arg, w);
}

/* It asks for nothing at the start: the first to do so is a timer. */
static void
start_keeper(struct engine *e)
{
	const struct limits *limits = e->flights.limits;

	if (limits->interval_ms == 0)
		return;
	e->keeper = keeper_new(&(struct keeper_options){
		.s3 = e->s3,
		.timers = &e->timers,
		.buckets = e->flights.buckets,
		.limits = limits,
		.modes = e->interval_modes,
		.is_prompt = e->is_first_round_prompt,
		.post = accept_own,
		.arg = e,
	});
}

/* --- interrupts --- */

static void
complete_interrupted(struct waiter *w)
{
	struct flight *left = NULL;
	struct err err;

	if (w->kind == WAIT_FOR_STATS)
		left = w->stats.bucket->flights[w->stats.mode];
	err_set(&err, EINTR, "interrupted");
	waiter_complete(w, NULL, &err); /* w is gone */
	if (left)
		flight_left(left);
}

static void
look_for_interrupts(struct engine *e)
{
	struct waiter *w, *next;

	if (!atomic_exchange(&e->has_interrupts, false))
		return;
	DL_FOREACH_SAFE2(e->all, w, next, all_next)
	{
		if (atomic_load(&w->is_interrupted))
			complete_interrupted(w);
	}
}

/* --- the loop --- */

/* Whether anything is under way. */
static bool
is_busy(const struct engine *e)
{
	return e->flights.jobs.n_jobs || e->scans.n_scans ||
	       e->flights.writebacks.n_running || e->memos.n_gets ||
	       e->lookups.lookups || e->shelves.running ||
	       keeper_is_busy(e->keeper);
}

static void
turn(struct engine *e)
{
	int wait, poll;

	s3_unpark(e->s3);
	timers_run(&e->timers);
	slots_pump(&e->slots);
	if (e->flights.is_stopping && !is_busy(e))
		return; /* a timer was the last thing to wait for */
	wait = timers_wait_ms(&e->timers);
	poll = slots_wait_ms(&e->slots);
	http_poll(e->http,
		  poll >= 0 && (wait < 0 || wait > poll) ? poll : wait);
}

/* Call `fn` for every flight there is. */
static void
for_flights(struct engine *e, void (*fn)(struct flight *))
{
	unsigned n = buckets_count(e->flights.buckets);

	for (unsigned i = 0; i < n; i++) {
		struct bucket *bucket = buckets_get(e->flights.buckets, i);

		for (int mode = 0; mode < N_DOCUMENTS; mode++)
			if (bucket->flights[mode])
				fn(bucket->flights[mode]);
	}
}

/* Call them for every memo there is. */
static void
for_memos(struct engine *e, void (*fn)(struct bucket_memo *),
	  void (*block_fn)(struct block_memo *))
{
	unsigned n = buckets_count(e->flights.buckets);

	for (unsigned i = 0; i < n; i++) {
		struct bucket *bucket = buckets_get(e->flights.buckets, i);

		if (bucket->memo)
			fn(bucket->memo);
		if (bucket->block_memo)
			block_fn(bucket->block_memo);
	}
}

/* Everybody gets an answer, then all that is under way is waited for. */
static void
wind_down(struct engine *e)
{
	struct err err;

	e->flights.is_stopping = true;
	keeper_stop(e->keeper);
	take_mail(e);
	err_set(&err, EINTR, "the mount ends");
	while (e->all)
		waiter_complete(e->all, NULL, &err);
	for_flights(e, flight_stop);
	for_memos(e, bucket_memo_stop, block_memo_stop);
	lookup_stop(&e->lookups);
	shelf_stop(&e->shelves);
	while (is_busy(e))
		turn(e);
	for_flights(e, flight_free);
	for_memos(e, bucket_memo_free, block_memo_free);
	keeper_free(steal(&e->keeper));
}

static void *
run(void *arg)
{
	struct engine *e = arg;

	start_keeper(e);
	while (!atomic_load(&e->is_stopping)) {
		if (atomic_exchange(&e->must_reload_keys, false))
			creds_look_again(e->creds, NULL);
		take_trust(e);
		take_mail(e);
		look_for_interrupts(e);
		turn(e);
	}
	wind_down(e);
	return NULL;
}

/* --- start and stop --- */

static void
engine_free(struct engine *e)
{
	list_shared_clear(&e->lists);
	hand_free(e->hand);
	s3_free(e->s3);
	pace_free(e->pace);
	http_free(e->http);
	trust_unref(e->new_trust);
	pthread_mutex_destroy(&e->lock);
	free(e);
}

/* Whether another thread of ours could run beside this one. */
static bool
has_cpus(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) == 0 &&
	       CPU_COUNT(&set) > 1;
}

static void
set_environments(struct engine *e, const struct engine_options *o)
{
	e->hand = has_cpus() ? hand_new() : NULL;
	e->lists.parsers.readers.hand = e->hand;
	e->lists.parsers.readers.timers = &e->timers;
	e->slots.pace = e->pace;
	e->slots.most = (unsigned)o->limits->connections;
	e->scans = (struct scan_env){ .s3 = e->s3,
				      .lists = &e->lists,
				      .slots = &e->slots,
				      .timers = &e->timers,
				      .memos = &e->memos,
				      .gather_ms = o->gather_ms,
				      .spaces_max = o->spaces_max };
	e->flights = (struct flight_env){
		.jobs = { .s3 = e->s3,
			  .timers = &e->timers,
			  .scans = &e->scans,
			  .memos = &e->memos,
			  .limits = o->limits },
		.buckets = o->buckets,
		.is_detailed_on_refresh = o->is_detailed_on_refresh,
		.writebacks = { .s3 = e->s3,
				.timers = &e->timers,
				.policy = o->cache,
				.sse = o->sse,
				.sse_kms_key_id = o->sse_kms_key_id,
				.limits = o->limits },
		.limits = o->limits,
	};
	e->shelves = (struct shelf_env){ .s3 = e->s3,
					 .lists = &e->lists,
					 .timers = &e->timers,
					 .limits = o->limits };
	e->memos = (struct memo_env){ .writebacks = &e->flights.writebacks,
				      .place = o->cache == CACHE_POLICY_OFF
						       ? MEMO_NOWHERE
						       : o->memo };
	e->lookups = (struct lookup_env){
		.s3 = e->s3,
		.timers = &e->timers,
		.buckets = o->buckets,
		.limits = o->limits,
	};
}

int
engine_start(struct engine **out, const struct engine_options *o,
	     struct err *err)
{
	struct engine *e = xnew(struct engine);
	int rc;

	pthread_mutex_init(&e->lock, NULL);
	e->creds = o->creds;
	e->interval_modes = o->interval_modes;
	e->is_first_round_prompt = o->is_first_round_prompt;
	rc = http_new(&e->http, &o->http, &e->timers, err);
	if (rc == 0) {
		e->pace = pace_new((unsigned)o->limits->connections);
		e->s3 = s3_new(e->http, &e->timers, o->endpoint, o->creds,
			       e->pace, (int)o->limits->retries);
		s3_set_terms(e->s3, &o->terms);
		s3_set_meter(e->s3, o->meter);
		set_environments(e, o);
		rc = thread_start(&e->thread, run, e);
		if (rc)
			rc = err_set(err, rc, "no thread: %s", strerror(rc));
	}
	if (rc) {
		engine_free(e);
		return rc;
	}
	*out = e;
	return 0;
}

bool
engine_is_storing(const struct engine *e)
{
	return atomic_load(&e->flights.writebacks.n_running) > 0;
}

void
engine_stop(struct engine *e)
{
	if (!e)
		return;
	atomic_store(&e->is_stopping, true);
	http_wake(e->http);
	pthread_join(e->thread, NULL);
	engine_free(e);
}
