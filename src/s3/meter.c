/* SPDX-License-Identifier: MIT */
/*
 * What is asked of a store: see meter.h.  Any thread: one leaf lock.
 */
#include "config.h"

#include "s3/meter.h"

#include <pthread.h>

#define uthash_fatal(msg) die_no_memory()
#include <uthash.h>

#include "util/date.h"
#include "util/lock.h"

const char *const meter_operation_names[N_METER_OPERATIONS] = {
	[METER_LIST] = "list",
	[METER_HEAD] = "head",
	[METER_GET] = "get",
	[METER_PUT] = "put",
	[METER_BUCKETS] = "list_buckets",
	[METER_BUCKET] = "bucket",
};

const char *const meter_outcome_names[N_METER_OUTCOMES] = {
	[METER_OK] = "ok",	     [METER_MISSING] = "missing",
	[METER_REFUSED] = "refused", [METER_PUSHED_BACK] = "pushed_back",
	[METER_BROKEN] = "broken",   [METER_CANCELLED] = "cancelled",
};

const int64_t meter_steps_ms[N_METER_STEPS] = { 5,     10,    25,   50,	  100,
						250,   500,   1000, 2500, 5000,
						10000, 30000, 60000 };

/* A bucket that calls are about; it goes with the last of them. */
struct meter_place {
	char *bucket;
	unsigned n_calls;
	struct meter_load load;
	UT_hash_handle hh;
};

struct meter {
	struct prices prices; /* does not change */
	pthread_mutex_t lock;
	struct meter_counts counts;
	struct meter_place *places;
};

struct meter *
meter_new(void)
{
	struct meter *m = xnew(struct meter);

	m->counts.changed_at = date_now();
	pthread_mutex_init(&m->lock, NULL);
	return m;
}

void
meter_free(struct meter *m)
{
	if (!m)
		return;
	pthread_mutex_destroy(&m->lock);
	free(m);
}

void
meter_set_prices(struct meter *m, const struct prices *p)
{
	m->prices = *p;
}

const struct prices *
meter_prices(const struct meter *m)
{
	return &m->prices;
}

int64_t
meter_counts_cost(const struct meter_counts *c, const struct prices *p)
{
	static const bool is_list[N_METER_OPERATIONS] = {
		[METER_LIST] = true,
		[METER_PUT] = true,
		[METER_BUCKETS] = true,
	};
	int64_t cost = 0;

	for (int i = 0; i < N_METER_OPERATIONS; i++) {
		uint64_t n = 0;

		for (int k = 0; k < N_METER_OUTCOMES; k++)
			n += c->n[i][k];
		cost += prices_of(p, is_list[i] ? n : 0, is_list[i] ? 0 : n);
	}
	return cost;
}

void
meter_get(struct meter *m, struct meter_counts *out)
{
	LOCKED(m);

	*out = m->counts;
}

void
meter_get_load(struct meter *m, const char *bucket, struct meter_load *out)
{
	struct meter_place *place;
	LOCKED(m);

	HASH_FIND_STR(m->places, bucket, place);
	*out = place ? place->load : (struct meter_load){ 0 };
}

/* --- under lock --- */

static struct meter_place *
find_or_add(struct meter *m, const char *bucket)
{
	struct meter_place *place;

	HASH_FIND_STR(m->places, bucket, place);
	if (place)
		return place;
	place = xnew(struct meter_place);
	place->bucket = xstrdup(bucket);
	HASH_ADD_KEYPTR(hh, m->places, place->bucket, strlen(place->bucket),
			place);
	return place;
}

static void
drop(struct meter *m, struct meter_place *place)
{
	if (--place->n_calls > 0)
		return;
	HASH_DEL(m->places, place);
	free(place->bucket);
	free(place);
}

static void
subtract(struct meter_load *load, const struct meter_call *c)
{
	load->n_running -= c->is_running;
	load->n_waiting -= c->is_waiting;
}

static void
add(struct meter_load *load, const struct meter_call *c)
{
	load->n_running += c->is_running;
	load->n_waiting += c->is_waiting;
}

/* It is the only place where the state of a call changes. */
static void
set(struct meter *m, struct meter_call *c, bool is_running, bool is_waiting)
{
	subtract(&m->counts.load, c);
	if (c->place)
		subtract(&c->place->load, c);
	c->is_running = is_running;
	c->is_waiting = is_waiting;
	add(&m->counts.load, c);
	if (c->place)
		add(&c->place->load, c);
	m->counts.changed_at = date_now();
}

static size_t
step_of(int64_t ms)
{
	size_t i = 0;

	while (i < N_METER_STEPS && ms > meter_steps_ms[i])
		i++;
	return i;
}

/* --- what the net thread tells --- */

void
meter_enter(struct meter *m, struct meter_call *c, const char *bucket)
{
	*c = (struct meter_call){ .place = NULL };
	if (!m || !bucket)
		return;
	pthread_mutex_lock(&m->lock);
	c->place = find_or_add(m, bucket);
	c->place->n_calls++;
	pthread_mutex_unlock(&m->lock);
}

void
meter_leave(struct meter *m, struct meter_call *c)
{
	if (!m)
		return;
	pthread_mutex_lock(&m->lock);
	set(m, c, false, false);
	if (c->place)
		drop(m, steal(&c->place));
	pthread_mutex_unlock(&m->lock);
}

void
meter_began(struct meter *m, struct meter_call *c)
{
	if (!m)
		return;
	pthread_mutex_lock(&m->lock);
	c->sent_ms = date_mono_ms();
	set(m, c, true, false);
	pthread_mutex_unlock(&m->lock);
}

void
meter_ended(struct meter *m, struct meter_call *c,
	    enum meter_operation operation, enum meter_outcome outcome)
{
	int64_t ms = date_mono_ms() - c->sent_ms;

	if (!m)
		return;
	pthread_mutex_lock(&m->lock);
	set(m, c, false, false);
	m->counts.n[operation][outcome]++;
	if (outcome != METER_CANCELLED) {
		m->counts.n_within[operation][step_of(ms)]++;
		m->counts.sum_ms[operation] += ms;
	}
	pthread_mutex_unlock(&m->lock);
}

void
meter_waits(struct meter *m, struct meter_call *c)
{
	if (!m)
		return;
	pthread_mutex_lock(&m->lock);
	set(m, c, false, true);
	pthread_mutex_unlock(&m->lock);
}

void
meter_set_limit(struct meter *m, unsigned limit)
{
	if (!m)
		return;
	pthread_mutex_lock(&m->lock);
	m->counts.limit = limit;
	pthread_mutex_unlock(&m->lock);
}
