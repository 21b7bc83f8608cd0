/* SPDX-License-Identifier: MIT */
/*
 * The engine's world in a test: see engine-fixture.h.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine-fixture.h"

#include "util/log.h"

void
fixture_init(struct fixture *fx)
{
	fixture_init_with(fx, FIXTURE_CONNECTIONS);
}

void
fixture_init_with(struct fixture *fx, unsigned connections)
{
	static const struct http_options http = { .user_agent = "test" };
	char *names[] = { (char *)FIXTURE_BUCKET };
	struct err err = ERR_INIT;

	fake_clock_reset();
	log_open(LOG_TO_STDERR, "/dev/null", LOG_LEVEL_DEBUG, &err);
	*fx = (struct fixture){ .pace = pace_new(connections) };
	fx->limits.timeout_ms = FIXTURE_TIMEOUT_MS;
	fx->slots.pace = fx->pace;
	fx->slots.most = connections;
	assert_int_equal(http_new(&fx->http, &http, &fx->timers, &err), 0);
	assert_int_equal(endpoint_new(&fx->endpoint,
				      &(struct endpoint_options){
					      .url = "http://s3.test:9000" },
				      &err),
			 0);
	fx->creds = creds_new(&(struct creds_options){ .is_anonymous = true,
						       .profile = "default" });
	fx->s3 = s3_new(fx->http, &fx->timers, fx->endpoint, fx->creds,
			fx->pace, 0);
	fx->scans = (struct scan_env){ .s3 = fx->s3,
				       .lists = &fx->lists,
				       .slots = &fx->slots,
				       .timers = &fx->timers };
	fx->buckets = buckets_new(60000, names, 1);
	assert_int_equal(buckets_find(fx->buckets, FIXTURE_BUCKET, &fx->bucket),
			 BUCKET_IS_THERE);
}

struct job_env
fixture_job_env(struct fixture *fx)
{
	return (struct job_env){ .s3 = fx->s3,
				 .timers = &fx->timers,
				 .scans = &fx->scans,
				 .limits = &fx->limits };
}

void
fixture_clear(struct fixture *fx)
{
	assert_int_equal(timers_wait_ms(&fx->timers), -1);
	assert_int_equal(fx->scans.n_scans, 0);
	assert_int_equal(fx->slots.n_running, 0);
	assert_null(fx->slots.groups);
	fake_store_clear(&fx->store);
	buckets_free(fx->buckets);
	list_shared_clear(&fx->lists);
	s3_free(fx->s3);
	pace_free(fx->pace);
	creds_free(fx->creds);
	endpoint_free(fx->endpoint);
	http_free(fx->http);
	log_close();
}

void
fixture_settle(struct fixture *fx)
{
	while (timers_wait_ms(&fx->timers) == 0 ||
	       fake_http_has_ended(fx->http)) {
		timers_run(&fx->timers);
		slots_pump(&fx->slots);
		http_poll(fx->http, 0);
	}
}

void
fixture_advance(struct fixture *fx, int64_t ms)
{
	int wait;

	fixture_settle(fx);
	while ((wait = timers_wait_ms(&fx->timers)) >= 0 && wait <= ms) {
		fake_clock_advance(wait);
		ms -= wait;
		fixture_settle(fx);
	}
	fake_clock_advance(ms);
}

struct http_transfer *
fixture_find(struct fixture *fx, const char *method, const char *part)
{
	struct http_transfer *t = fake_http_find(fx->http, method, part);

	if (!t)
		fail_msg("no %s of %s is under way", method, part);
	return t;
}

void
fixture_answer(struct fixture *fx, const char *method, const char *part)
{
	fake_store_answer(&fx->store, fixture_find(fx, method, part));
	fixture_settle(fx);
}

void
fixture_refuse(struct fixture *fx, const char *method, const char *part,
	       int status)
{
	fake_http_answer(fixture_find(fx, method, part),
			 &(struct fake_answer){ .status = status });
	fixture_settle(fx);
}

/* The oldest pending one, of any method. */
static struct http_transfer *
find_oldest(struct fixture *fx)
{
	struct http_transfer *t;

	for (size_t i = 0; (t = fake_http_get(fx->http, i)); i++)
		if (t->state == TRANSFER_PENDING)
			return t;
	return NULL;
}

bool
fixture_step(struct fixture *fx)
{
	struct http_transfer *t;

	fixture_settle(fx);
	t = find_oldest(fx);
	if (!t)
		return false;
	fake_store_answer(&fx->store, t);
	fixture_settle(fx);
	return true;
}

void
fixture_run(struct fixture *fx)
{
	while (fixture_step(fx))
		continue;
}

unsigned
fixture_pending(struct fixture *fx, const char *method, const char *part)
{
	return fake_http_pending(fx->http, method, part);
}

unsigned
fixture_seen(struct fixture *fx, const char *method, const char *part)
{
	return fake_http_seen(fx->http, method, part);
}
