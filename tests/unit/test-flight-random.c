/* SPDX-License-Identifier: MIT */
/*
 * Anything in any order: readers come and are interrupted, the bucket changes,
 * answers come late, fail or do not come, modes are marked, the cache is
 * switched off and on.  Whatever happens: one completion for each reader; a
 * result that is at least as new as its open (but with max_wait, max_age and
 * for those who do not wait), and as the mark before it; at most one sweep and
 * one probe at a time; nothing left in the end.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "brief.h"
#include <errno.h>

#include "flight-fixture.h"
#include "util/date.h"

#define N_READERS 12
#define N_JOBS_MAX (2 * N_MODES) /* each with a probe */
#define N_STEPS 400
#define N_SEEDS 300

struct watched {
	struct reader r;
	bool is_open;
	bool was_interrupted;
	int version; /* of the bucket when it was opened */
	bool was_marked; /* then */
	int64_t opened_at; /* seconds */
};

struct chaos {
	struct world w;
	unsigned seed;
	enum mode mode; /* of all readers, but if they are mixed */
	bool is_mixed;
	bool has_pollers;
	int version;
	char listing[128];
	int64_t marked_at[N_MODES]; /* when the last mark was set */
	long newest[N_MODES]; /* version of the newest document */
	struct watched readers[N_READERS];
};

static unsigned
pick(struct chaos *c, unsigned n)
{
	return (unsigned)rand_r(&c->seed) % n;
}

static enum mode
some_mode(struct chaos *c)
{
	return c->is_mixed ? (enum mode)pick(c, N_MODES) : c->mode;
}

/* The size of the last object tells the version. */
static void
change_bucket(struct chaos *c)
{
	c->version++;
	snprintf(c->listing, sizeof(c->listing),
		 "a/1.delta=10 a/2.delta=20 a/3.delta=30 z.bin=%d", c->version);
	c->w.fx.store.pages[0] = c->listing;
}

static long
version_of(const struct reader *r)
{
	return reader_member(r, "compressed_size") - 60;
}

/* What the registry has is as new as what anybody was given, and gets no older. */
static void
look_at_newest(struct chaos *c, enum mode mode)
{
	struct result *r CLEANUP(result_release) =
		published_result(&c->w.fx.bucket->published, mode);
	long version;

	if (!r)
		return;
	version = version_of(&(struct reader){ .doc = (char *)r->text->data });
	assert_in_range(version, c->newest[mode], c->version);
	c->newest[mode] = version;
}

static bool
may_be_old(const struct chaos *c, const struct watched *x)
{
	return c->w.fx.limits.max_wait_ms || c->w.fx.limits.max_age_ms ||
	       x->r.w.is_impatient;
}

static void
check_result(struct chaos *c, struct watched *x)
{
	long version;

	assert_int_equal(x->r.n_done, 1);
	x->is_open = false;
	x->r.n_done = 0;
	if (x->was_interrupted)
		assert_int_equal(x->r.code, EINTR);
	if (x->r.code)
		return;
	assert_int_equal(reader_member(&x->r, "delta_objects"), 3);
	version = version_of(&x->r);
	assert_in_range(version, may_be_old(c, x) ? 1 : x->version, c->version);
	assert_true(version <= c->newest[x->r.w.stats.mode]);
	if (x->was_marked) {
		const char *at = strstr(x->r.doc, "\"computed_at\": \"");
		char when[DATE_ISO_LEN];
		int64_t computed_at;

		snprintf(when, sizeof(when), "%.20s",
			 at + strlen("\"computed_at\": \""));
		assert_true(date_parse_iso(when, &computed_at));
		assert_true(computed_at >= c->marked_at[x->r.w.stats.mode]);
	}
	reader_clear(&x->r);
}

static void
look(struct chaos *c)
{
	unsigned n_jobs_max = c->is_mixed ? N_JOBS_MAX : 2;
	/* where as many hang, each sweep and LIST may have one */
	unsigned n_more = c->is_mixed ? N_MODES + 2 : 0;

	for (int mode = 0; mode < N_MODES; mode++)
		look_at_newest(c, (enum mode)mode);
	for (size_t i = 0; i < N_READERS; i++)
		if (c->readers[i].is_open && c->readers[i].r.n_done)
			check_result(c, &c->readers[i]);
	/* settled: none winds down */
	assert_true(c->w.env.jobs.n_jobs <= n_jobs_max);
	assert_true(c->w.fx.scans.n_scans <= 4); /* two run, two are next */
	assert_true(c->w.fx.slots.n_running <= FIXTURE_CONNECTIONS + n_more);
}

/* --- what happens --- */

static void
someone_comes_or_goes(struct chaos *c)
{
	struct watched *x = &c->readers[pick(c, N_READERS)];
	struct bucket *b = c->w.fx.bucket;
	enum mode mode = some_mode(c);

	if (x->r.n_done)
		return; /* it was answered just now */
	if (x->is_open) {
		x->was_interrupted = true;
		reader_interrupt(&c->w, &x->r);
		return;
	}
	*x = (struct watched){
		.is_open = true,
		.version = c->version,
		.was_marked = atomic_load(&b->marked[mode]) !=
			      atomic_load(&b->done[mode]),
	};
	reader_init(&c->w, &x->r, mode);
	x->r.w.is_impatient = c->has_pollers && pick(c, 2);
	flight_add(flight_get(&c->w.env, b, mode), &x->r.w);
	if (pick(c, 2))
		fixture_settle(&c->w.fx);
}

/* A mark is only set while no earlier one is pending: so it is clear which. */
static void
somebody_marks(struct chaos *c)
{
	struct bucket *b = c->w.fx.bucket;
	enum mode mode = some_mode(c);

	if (atomic_load(&b->marked[mode]) != atomic_load(&b->done[mode]))
		return;
	for (size_t i = 0; i < N_READERS; i++)
		if (c->readers[i].is_open &&
		    c->readers[i].r.w.stats.mode == mode)
			return;
	fixture_advance(&c->w.fx, 1000);
	c->marked_at[mode] = date_now();
	atomic_fetch_add(&b->marked[mode], 1);
}

static struct http_transfer *
pick_pending(struct chaos *c)
{
	struct http_transfer *t, *found = NULL;
	unsigned n = 0;

	for (size_t i = 0; (t = fake_http_get(c->w.fx.http, i)); i++)
		if (t->state == TRANSFER_PENDING && pick(c, ++n) == 0)
			found = t;
	return found;
}

static void
an_answer_comes(struct chaos *c, bool is_failure)
{
	static const int statuses[] = { 403, 404, 500, 0 };
	struct http_transfer *t = pick_pending(c);

	if (!t)
		return;
	if (is_failure)
		fake_http_answer(t, &(struct fake_answer){
					    .status = statuses[pick(c, 4)],
					    .err = ECONNRESET });
	else
		fake_store_answer(&c->w.fx.store, t);
	if (pick(c, 3))
		fixture_settle(&c->w.fx);
}

static void
something_happens(struct chaos *c)
{
	struct bucket *b = c->w.fx.bucket;
	unsigned what = pick(c, 100);

	if (what < 30)
		someone_comes_or_goes(c);
	else if (what < 75)
		an_answer_comes(c, false);
	else if (what < 78)
		an_answer_comes(c, true);
	else if (what < 84)
		change_bucket(c);
	else if (what < 94)
		fixture_advance(&c->w.fx, (int64_t)pick(c, 3000));
	else if (what < 95)
		fixture_advance(&c->w.fx, (int64_t)pick(c, 100000));
	else if (what < 98)
		somebody_marks(c);
	else {
		atomic_store(&b->nocache, pick(c, 2));
		atomic_fetch_add(&b->nocache_writes, 1);
	}
}

static void
play(unsigned seed, enum mode mode, enum cache_policy cache)
{
	struct chaos *c = xnew(struct chaos);

	c->seed = seed;
	c->mode = mode;
	c->is_mixed = seed % 2;
	world_init(&c->w, cache);
	c->w.fx.scans.gather_ms = seed % 4 / 2;
	c->w.fx.limits.max_wait_ms = seed % 7 == 1 ? 2000 : 0;
	c->w.fx.limits.max_age_ms = seed % 7 == 2 ? 3000 : 0;
	c->w.fx.limits.deadline_ms = seed % 7 == 3 ? 4000 : 0;
	c->has_pollers = seed % 7 == 4;
	change_bucket(c);
	for (unsigned i = 0; i < N_STEPS; i++) {
		something_happens(c);
		if (pick(c, 4)) {
			fixture_settle(&c->w.fx);
			look(c);
		}
	}
	for (int i = 0; i < N_JOBS_MAX; i++) { /* nobody is forgotten */
		fixture_advance(&c->w.fx, N_MODES); /* and gathers any more */
		fixture_run(&c->w.fx);
	}
	look(c);
	for (size_t i = 0; i < N_READERS; i++)
		assert_false(c->readers[i].is_open);
	world_clear(&c->w);
	free(c);
}

static void
test_chaos(void **state)
{
	unsigned *seed = *state;

	for (*seed = 1; *seed <= brief(N_SEEDS); (*seed)++)
		play(*seed, (enum mode)(*seed % N_MODES),
		     *seed % 5 == 0 ? CACHE_POLICY_RO : CACHE_POLICY_RW);
}

/* Whoever looks for a failure wants to know its seed. */
static int
print_seed(void **state)
{
	const unsigned *seed = *state;

	if (*seed <= brief(N_SEEDS))
		print_message("seed %u\n", *seed);
	return 0;
}

int
main(void)
{
	unsigned seed;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate_setup_teardown(test_chaos, NULL,
							 print_seed, &seed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
