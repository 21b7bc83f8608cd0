/* SPDX-License-Identifier: MIT */
/*
 * Readers of one bucket: see flight-fixture.h.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include <utlist.h>

#include "flight-fixture.h"

void
world_init(struct world *world, enum cache_policy cache)
{
	*world = (struct world){ .all = NULL };
	fixture_init(&world->fx);
	world->fx.limits.linger_ms = LINGER_MS;
	world->env = (struct flight_env){
		.jobs = fixture_job_env(&world->fx),
		.buckets = world->fx.buckets,
		.limits = &world->fx.limits,
	};
	world->env.writebacks = (struct writeback_env){
		.s3 = world->env.jobs.s3,
		.timers = world->env.jobs.timers,
		.policy = cache,
		.limits = world->env.limits,
	};
	world->fx.store.pages[0] = "a/1.delta=10 a/2.delta=20 x.bin=5";
}

void
world_clear(struct world *world)
{
	struct bucket *bucket = world->fx.bucket;

	assert_null(world->all); /* everybody was answered */
	world->env.is_stopping = true;
	for (int mode = 0; mode < N_DOCUMENTS; mode++)
		if (bucket->flights[mode])
			flight_stop(bucket->flights[mode]);
	fixture_settle(&world->fx);
	assert_int_equal(world->env.jobs.n_jobs, 0);
	assert_int_equal(world->env.writebacks.n_running, 0);
	for (int mode = 0; mode < N_DOCUMENTS; mode++)
		if (bucket->flights[mode])
			flight_free(bucket->flights[mode]);
	fixture_clear(&world->fx);
}

static void
on_done(struct waiter *w, struct result *got, const struct err *err)
{
	struct reader *r = CONTAINER_OF(w, struct reader, w);
	struct result *newest CLEANUP(result_release) = NULL;

	assert_null(w->list);
	assert_int_equal(got == NULL, err->code != 0);
	r->n_done++;
	r->code = err->code;
	r->doc = got ? xstrndup(got->text->data, got->text->len) : NULL;
	newest = published_result(&w->stats.bucket->published, w->stats.mode);
	assert_true(!got || newest); /* it is known before it is given away */
}

void
reader_init(struct world *world, struct reader *r, enum mode mode)
{
	*r = (struct reader){ .w = { .kind = WAIT_FOR_STATS,
				     .on_done = on_done,
				     .stats = { world->fx.bucket, mode },
				     .all = &world->all } };
	DL_APPEND2(world->all, &r->w, all_prev, all_next);
}

void
reader_post(struct world *world, struct reader *r, enum mode mode)
{
	reader_init(world, r, mode);
	flight_add(flight_get(&world->env, world->fx.bucket, mode), &r->w);
}

void
reader_open(struct world *world, struct reader *r, enum mode mode)
{
	reader_post(world, r, mode);
	fixture_settle(&world->fx);
}

void
reader_interrupt(struct world *world, struct reader *r)
{
	struct err err;

	err_set(&err, EINTR, "interrupted");
	waiter_complete(&r->w, NULL, &err);
	flight_left(r->w.stats.bucket->flights[r->w.stats.mode]);
	fixture_settle(&world->fx);
}

void
reader_expect(const struct reader *r, int code)
{
	assert_int_equal(r->n_done, 1);
	assert_int_equal(r->code, code);
	assert_int_equal(r->doc != NULL, code == 0);
}

void
reader_expect_waiting(const struct reader *r)
{
	assert_int_equal(r->n_done, 0);
}

long
reader_member(const struct reader *r, const char *name)
{
	char pattern[64];
	const char *at;

	assert_non_null(r->doc);
	snprintf(pattern, sizeof(pattern), "\"%s\": ", name);
	at = strstr(strstr(r->doc, "\"stats\""), pattern);
	assert_non_null(at);
	return strtol(at + strlen(pattern), NULL, 10);
}

void
reader_clear(struct reader *r)
{
	free(r->doc);
	r->doc = NULL;
}

void
read_through(struct world *world, enum mode mode)
{
	struct reader r;

	reader_open(world, &r, mode);
	fixture_run(&world->fx);
	reader_expect(&r, 0);
	reader_clear(&r);
}
