/* SPDX-License-Identifier: MIT */
/*
 * The net thread and others: waiters posted, interrupted and answered at the
 * end, from several threads at once.  No request is ever answered here.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>

#include "engine-fixture.h"
#include "engine/engine.h"

#define N_THREADS 3
#define N_WAITERS 40 /* of each thread */

struct world {
	struct fixture fx; /* for what outlives the engine */
	struct engine *engine;
	pthread_mutex_t lock;
	pthread_cond_t is_done;
	unsigned n_done; /* under lock */
};

struct guest {
	struct waiter w;
	struct world *world;
	unsigned n_done; /* under the world's lock, as code */
	int code;
};

static void
on_done(struct waiter *w, struct result *r, const struct err *err)
{
	struct guest *g = CONTAINER_OF(w, struct guest, w);
	struct world *world = g->world;

	(void)r;
	pthread_mutex_lock(&world->lock);
	g->n_done++;
	g->code = err->code;
	world->n_done++;
	pthread_cond_broadcast(&world->is_done);
	pthread_mutex_unlock(&world->lock);
}

static void
world_init(struct world *w)
{
	struct err err = ERR_INIT;

	*w = (struct world){ .n_done = 0 };
	fixture_init(&w->fx);
	w->fx.limits.connections = FIXTURE_CONNECTIONS;
	w->fx.limits.connect_timeout_ms = 5000;
	w->fx.limits.linger_ms = 1000;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->is_done, NULL);
	assert_int_equal(engine_start(&w->engine,
				      &(struct engine_options){
					      .http = { .user_agent = "test" },
					      .endpoint = w->fx.endpoint,
					      .creds = w->fx.creds,
					      .buckets = w->fx.buckets,
					      .limits = &w->fx.limits },
				      &err),
			 0);
}

static void
world_clear(struct world *w)
{
	engine_stop(w->engine);
	pthread_mutex_destroy(&w->lock);
	pthread_cond_destroy(&w->is_done);
	fixture_clear(&w->fx);
}

/* Of all kinds. */
static void
post(struct world *w, struct guest *g, unsigned i)
{
	*g = (struct guest){ .world = w,
			     .w = { .kind = (enum waiter_kind)(i % 3),
				    .on_done = on_done } };
	if (g->w.kind == WAIT_FOR_STATS) {
		g->w.stats.bucket = w->fx.bucket;
		g->w.stats.mode = (enum mode)(i / 3 % N_MODES);
	} else if (g->w.kind == WAIT_FOR_BUCKET) {
		strcpy(g->w.name, "some-bucket");
	}
	engine_post(w->engine, &g->w);
}

static void
interrupt(struct world *w, struct guest *g)
{
	atomic_store(&g->w.is_interrupted, true);
	engine_interrupt(w->engine);
}

static void
wait_for(struct world *w, struct guest *g)
{
	pthread_mutex_lock(&w->lock);
	while (!g->n_done)
		pthread_cond_wait(&w->is_done, &w->lock);
	pthread_mutex_unlock(&w->lock);
}

struct visit {
	struct world *world;
	struct guest guests[N_WAITERS];
};

static void *
visit(void *arg)
{
	struct visit *v = arg;

	for (unsigned i = 0; i < N_WAITERS; i++)
		post(v->world, &v->guests[i], i);
	for (unsigned i = 0; i < N_WAITERS; i += 2)
		interrupt(v->world, &v->guests[i]);
	for (unsigned i = 0; i < N_WAITERS; i += 2)
		wait_for(v->world, &v->guests[i]);
	return NULL;
}

/* The interrupted end at once, the others with the mount; each once. */
static void
test_visitors(void **state)
{
	struct world w;
	pthread_t threads[N_THREADS];
	struct visit *visits = xcalloc(N_THREADS, sizeof(*visits));

	(void)state;
	world_init(&w);
	for (unsigned t = 0; t < N_THREADS; t++) {
		visits[t].world = &w;
		assert_int_equal(
			pthread_create(&threads[t], NULL, visit, &visits[t]),
			0);
	}
	for (unsigned t = 0; t < N_THREADS; t++)
		pthread_join(threads[t], NULL);
	assert_int_equal(w.n_done, N_THREADS * N_WAITERS / 2);
	world_clear(&w);
	for (unsigned t = 0; t < N_THREADS; t++) {
		for (unsigned i = 0; i < N_WAITERS; i++) {
			assert_int_equal(visits[t].guests[i].n_done, 1);
			assert_int_equal(visits[t].guests[i].code, EINTR);
		}
	}
	free(visits);
}

/* Interrupted before it was posted: the flag is seen all the same. */
static void
test_early_interrupt(void **state)
{
	struct world w;
	struct guest g = { .n_done = 0 };

	(void)state;
	world_init(&w);
	g = (struct guest){ .world = &w,
			    .w = { .kind = WAIT_FOR_STATS,
				   .on_done = on_done,
				   .stats = { .bucket = w.fx.bucket } } };
	interrupt(&w, &g);
	engine_post(w.engine, &g.w);
	wait_for(&w, &g);
	assert_int_equal(g.code, EINTR);
	world_clear(&w);
}

/* Posted just before the end. */
static void
test_stop_at_once(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		struct world w;
		struct guest guests[6];

		world_init(&w);
		for (unsigned k = 0; k < ARRAY_SIZE(guests); k++)
			post(&w, &guests[k], k);
		world_clear(&w);
		for (unsigned k = 0; k < ARRAY_SIZE(guests); k++)
			assert_int_equal(guests[k].n_done, 1);
	}
	engine_stop(NULL);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_visitors),
		cmocka_unit_test(test_early_interrupt),
		cmocka_unit_test(test_stop_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
