/* SPDX-License-Identifier: MIT */
/*
 * What a sweep by blocks has put, with packs of 64 records: how much it keeps behind PUTs
 * that are slow, that one sweep at a time writes, one thing after the other and the index
 * last, and how long the end of the mount waits.  And how much it begins to list again.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine-fixture.h"
#include "engine/block-sweep.h"
#include "stats/memo-run.h"
#include "stats/stats.h"

#define INDEX_GET "GET", "originals_index"
#define INDEX_PUT "PUT", "originals_index"
#define PUT_ANY "PUT", "originals_"
#define DATE "2025-10-14T10:30:00.000Z"
#define LEARNED_PER_LOOK 1000 /* at least: as block-sweep.c has it */
#define LAST_PUTS_MS 2000 /* as block-memo.c has it */
#define URLS_MAX 64

struct world {
	struct fixture fx;
	struct writeback_env writebacks;
	struct memo_env env;
	struct block_memo *memo;
	struct sha256 *hash;
};

struct sweeping {
	struct world *w;
	struct originals originals;
	struct block_sweep sweep;
	struct index_read *index;
	struct tally *tally;
	struct tally_part *part;
	unsigned n; /* deltas so far */
};

static void
world_init_with(struct world *w, unsigned connections)
{
	*w = (struct world){ .hash = sha256_new() };
	fixture_init_with(&w->fx, connections);
	w->writebacks = (struct writeback_env){ .s3 = w->fx.s3,
						.timers = &w->fx.timers,
						.limits = &w->fx.limits };
	w->env = (struct memo_env){ .writebacks = &w->writebacks,
				    .place = MEMO_IN_BUCKET };
	w->memo = block_memo_get(&w->env, w->fx.bucket);
}

static void
world_init(struct world *w)
{
	world_init_with(w, FIXTURE_CONNECTIONS);
}

static void
world_clear(struct world *w)
{
	fixture_settle(&w->fx);
	assert_int_equal(w->writebacks.n_running, 0);
	assert_int_equal(block_memo_n_waiting(w->memo), 0);
	block_memo_free(w->memo);
	sha256_free(w->hash);
	fixture_clear(&w->fx);
}

static void
on_event(void *arg)
{
	(void)arg;
}

static void
on_answer(void *arg, const struct err *err)
{
	(void)arg;
	(void)err;
}

/* `index` lies there, NULL: there is none. */
static void
read_index(struct sweeping *s, struct world *w, const struct buf *index,
	   bool is_anew)
{
	struct fixture *fx = &w->fx;

	*s = (struct sweeping){ .w = w, .tally = tally_new(MODE_DETAILED) };
	s->originals = (struct originals){ .on_answer = on_answer, .arg = s };
	originals_init(&s->originals,
		       &(struct originals_place){ .s3 = fx->s3,
						  .slots = &fx->slots,
						  .timers = &fx->timers,
						  .limits = &fx->limits,
						  .bucket = fx->bucket,
						  .blocks = w->memo });
	s->sweep = (struct block_sweep){ .s3 = fx->s3,
					 .slots = &fx->slots,
					 .lists = &fx->lists,
					 .limits = &fx->limits,
					 .timers = &fx->timers,
					 .bucket = fx->bucket,
					 .memo = w->memo,
					 .originals = &s->originals,
					 .is_anew = is_anew,
					 .on_read = on_event,
					 .on_step = on_event,
					 .arg = s };
	tally_want_blocks(s->tally);
	s->part = tally_part_new(s->tally, NULL, 0, true);
	s->index = index_read_new(&w->env, fx->bucket);
	block_sweep_read(&s->sweep, s->index);
	fixture_settle(fx);
	if (index)
		fake_http_answer(
			fixture_find(fx, INDEX_GET),
			&(struct fake_answer){ .status = 200,
					       .body = index->data,
					       .body_len = index->len });
	else
		fixture_refuse(fx, INDEX_GET, 404);
	fixture_settle(fx);
}

/* And what HEADs say is learned. */
static void
begin_with(struct sweeping *s, struct world *w, const struct buf *index,
	   bool is_anew)
{
	read_index(s, w, index, is_anew);
	block_sweep_learn(&s->sweep, s->tally);
}

static void
begin(struct sweeping *s, struct world *w)
{
	begin_with(s, w, NULL, false);
}

static void
end(struct sweeping *s)
{
	block_sweep_stop(&s->sweep);
	block_sweep_clear(&s->sweep);
	originals_clear(&s->originals);
	index_read_unref(s->index);
	if (s->part)
		tally_part_end(s->part);
	tally_free(s->tally);
}

/* Whether one that begins now has the set of packs, and so may write. */
static void
assert_next_has_set(struct world *w, bool has_set)
{
	struct sweeping s;

	begin(&s, w);
	assert_int_equal(s.sweep.has_set, has_set);
	end(&s);
}

static size_t
n_kept(const struct sweeping *s)
{
	return blocks_n_kept(tally_blocks(s->tally), true);
}

/* Of blocks of which all is known. */
static size_t
n_kept_whole(const struct sweeping *s)
{
	return blocks_n_kept(tally_blocks(s->tally), false);
}

/* One more delta is listed, and HEADed if so. */
static void
list(struct sweeping *s, bool is_answered)
{
	struct blocks *blocks = tally_blocks(s->tally);
	char key[32];
	struct object o = { .key = key,
			    .key_len = (size_t)snprintf(key, sizeof(key),
							"%06u.delta", s->n++),
			    .size = 10,
			    .etag = "e10",
			    .last_modified = DATE };

	tally_add(s->part, &o);
	if (!is_answered)
		return;
	tally_answer(s->tally, tally_any_space(s->tally), &o, 1000);
	memo_learn_block(blocks_of(blocks, key, o.key_len), &o, s->w->hash,
			 1000);
	s->originals.n_heads++;
}

static void
learn_until(struct sweeping *s, size_t n,
	    size_t (*count)(const struct sweeping *))
{
	while (count(s) < n)
		list(s, true);
}

/* So many more are learned that it looks whether there is a pack of records. */
static void
look(struct sweeping *s)
{
	s->originals.n_learned += LEARNED_PER_LOOK;
	block_sweep_go_on(&s->sweep);
	fixture_settle(&s->w->fx);
}

static void
write(struct sweeping *s)
{
	tally_part_end(steal(&s->part));
	block_sweep_write(&s->sweep);
	fixture_settle(&s->w->fx);
}

static void
answer_put(struct world *w)
{
	fixture_refuse(&w->fx, PUT_ANY, 200);
}

static unsigned
n_puts(struct world *w)
{
	return fixture_seen(&w->fx, PUT_ANY);
}

/* As many packs as may wait do. */
static void
fill(struct sweeping *s)
{
	for (unsigned i = 1; i <= BLOCK_MEMO_WAITING_MAX; i++) {
		learn_until(s, PACK_RECORDS, n_kept_whole);
		look(s);
		assert_int_equal(block_memo_n_waiting(s->w->memo), i);
		assert_true(n_kept_whole(s) < PACK_RECORDS);
	}
	assert_int_equal(n_puts(s->w), 1); /* one after the other */
}

/* The next pack goes as soon as one of those that wait has gone. */
static void
test_packs_wait(void **state)
{
	struct sweeping s;
	struct world w;
	size_t n;

	(void)state;
	world_init(&w);
	begin(&s, &w);
	assert_true(s.sweep.has_set);
	learn_until(&s, PACK_RECORDS / 2, n_kept_whole);
	look(&s);
	assert_int_equal(n_puts(&w), 0);
	fill(&s);
	learn_until(&s, PACK_RECORDS, n_kept_whole);
	n = n_kept(&s);
	look(&s);
	assert_int_equal(block_memo_n_waiting(w.memo), BLOCK_MEMO_WAITING_MAX);
	assert_int_equal(n_kept(&s), n);
	answer_put(&w);
	look(&s);
	assert_int_equal(block_memo_n_waiting(w.memo), BLOCK_MEMO_WAITING_MAX);
	assert_true(n_kept(&s) <= n - PACK_RECORDS);
	while (fixture_pending(&w.fx, PUT_ANY))
		answer_put(&w);
	assert_int_equal(n_puts(&w), BLOCK_MEMO_WAITING_MAX + 1);
	end(&s);
	world_clear(&w);
}

/* Whether a pack is written over one that is old. */
static bool
takes_old(const struct buf *index)
{
	struct slots_old old = { .is_old = { false } };
	struct sweeping s;
	struct world w;
	bool is_taken = false;

	world_init(&w);
	begin_with(&s, &w, index, false);
	s.sweep.old = &old;
	/* none that would be drawn */
	for (unsigned i = 1; i <= SLOTS_OLD_MIN; i++)
		old.is_old[(date_mono_ms() + 500 + i) % PACK_SLOTS] = true;
	learn_until(&s, PACK_RECORDS, n_kept_whole);
	look(&s);
	answer_put(&w);
	for (unsigned slot = 0; slot < PACK_SLOTS; slot++)
		if (s.sweep.slots_used.is_used[slot])
			is_taken = is_taken || old.is_old[slot];
	assert_int_equal(n_puts(&w), 1);
	end(&s);
	world_clear(&w);
	return is_taken;
}

/* Not as long as it is not known what the index names. */
static void
test_packs_that_are_old(void **state)
{
	CLEANUP_BUF struct buf damaged = BUF_INIT(INDEX_BYTES_MAX);

	(void)state;
	assert_true(takes_old(NULL));
	assert_int_equal(buf_add_str(&damaged, "DGINDEX"), 0);
	assert_false(takes_old(&damaged));
}

/* PUTs that take for ever: what is kept is bounded, and then nothing is written. */
static void
test_keep_no_more(void **state)
{
	struct sweeping s;
	struct world w;

	(void)state;
	assert_true(BLOCK_SWEEP_KEPT_MAX <= 2 * PACK_RECORDS);
	world_init(&w);
	begin(&s, &w);
	fill(&s);
	learn_until(&s, BLOCK_SWEEP_KEPT_MAX - 1, n_kept);
	look(&s);
	assert_int_equal(n_kept(&s), BLOCK_SWEEP_KEPT_MAX - 1);
	assert_true(s.sweep.has_set);
	learn_until(&s, BLOCK_SWEEP_KEPT_MAX, n_kept);
	look(&s);
	assert_int_equal(n_kept(&s), 0);
	assert_false(s.sweep.has_set);
	while (fixture_pending(&w.fx, PUT_ANY))
		answer_put(&w);
	learn_until(&s, PACK_RECORDS, n_kept_whole);
	look(&s);
	write(&s);
	assert_int_equal(n_puts(&w), BLOCK_MEMO_WAITING_MAX);
	assert_int_equal(fixture_seen(&w.fx, INDEX_PUT), 0);
	end(&s);
	world_clear(&w);
}

/* What pieces of two ranges make, say: the next sweep would learn in vain, too. */
static void
test_an_index_that_cant_be_made(void **state)
{
	struct sweeping s;
	struct world w;

	(void)state;
	world_init(&w);
	begin(&s, &w);
	list(&s, true);
	blocks_list(tally_blocks(s.tally))->blocks[0].n = BLOCK_DELTAS_MAX + 1;
	assert_false(block_memo_is_given_up(w.memo));
	write(&s);
	assert_int_equal(n_puts(&w), 0);
	assert_true(block_memo_is_given_up(w.memo));
	end(&s);
	world_clear(&w);
}

/* Where in each block an answer is missing, it is written all the same in the end. */
static void
test_blocks_are_not_whole(void **state)
{
	struct sweeping s;
	struct world w;

	(void)state;
	world_init(&w);
	begin(&s, &w);
	while (n_kept(&s) < BLOCK_SWEEP_KEPT_MAX - 1)
		list(&s, s.n % 2);
	assert_true(n_kept_whole(&s) < PACK_RECORDS);
	look(&s);
	assert_int_equal(n_puts(&w), 0);
	while (n_kept(&s) < BLOCK_SWEEP_KEPT_MAX)
		list(&s, s.n % 2);
	look(&s);
	assert_int_equal(n_puts(&w), 1);
	assert_true(n_kept(&s) <= BLOCK_SWEEP_KEPT_MAX - PACK_RECORDS);
	assert_true(n_kept(&s) > 0); /* a pack, not all */
	answer_put(&w);
	end(&s);
	world_clear(&w);
}

/* The index goes when all packs are there, and is the last one. */
static void
test_index_is_last(void **state)
{
	struct sweeping s;
	struct world w;

	(void)state;
	world_init(&w);
	begin(&s, &w);
	fill(&s);
	write(&s);
	assert_int_equal(block_memo_n_waiting(w.memo),
			 BLOCK_MEMO_WAITING_MAX + 1);
	for (unsigned i = 1; i <= BLOCK_MEMO_WAITING_MAX; i++) {
		assert_int_equal(fixture_seen(&w.fx, INDEX_PUT), 0);
		assert_int_equal(n_puts(&w), i);
		answer_put(&w);
	}
	assert_int_equal(fixture_pending(&w.fx, INDEX_PUT), 1);
	answer_put(&w);
	end(&s);
	world_clear(&w);
}

/* An index that names each slot there is; of deltas that are not there. */
static void
print_full(struct buf *out)
{
	struct block_list l = { 0 };
	struct index_stamp stamp = { .written_at = 1, .anew_at = 1 };

	for (unsigned slot = 0; slot < PACK_SLOTS; slot++) {
		struct block *b;
		char key[32];

		if (slot % BLOCK_EXTENTS_MAX == 0) {
			snprintf(key, sizeof(key), "%06u.old", slot);
			b = block_list_add(&l);
			*b = (struct block){ .key = xstrdup(key),
					     .key_len = strlen(key),
					     .n = 1,
					     .n_known = 1 };
		}
		block_add_extent(&l.blocks[l.n - 1],
				 &(struct extent){ .slot = slot, .n = 1 });
	}
	assert_int_equal(memo_index_print(&l, FIXTURE_BUCKET, &stamp, out), 0);
	block_list_clear(&l);
}

/* A refresh does not believe it: what it names is written over. */
static void
test_all_slots_are_used(void **state)
{
	CLEANUP_BUF struct buf index = BUF_INIT(INDEX_BYTES_MAX);
	struct sweeping s;
	struct world w;

	(void)state;
	print_full(&index);
	world_init(&w);
	begin_with(&s, &w, &index, true);
	fill(&s);
	write(&s);
	for (unsigned i = 0; i <= BLOCK_MEMO_WAITING_MAX; i++)
		answer_put(&w);
	assert_int_equal(fixture_seen(&w.fx, INDEX_PUT), 1);
	end(&s);
	world_clear(&w);
}

/* One pack is refused: what follows is of no use, and is not sent for an hour. */
static void
test_refused(void **state)
{
	struct sweeping s;
	struct world w;

	(void)state;
	world_init(&w);
	begin(&s, &w);
	fill(&s);
	answer_put(&w);
	fixture_refuse(&w.fx, PUT_ANY, 403);
	assert_int_equal(block_memo_n_waiting(w.memo), 0);
	learn_until(&s, PACK_RECORDS, n_kept_whole);
	look(&s);
	write(&s);
	assert_int_equal(n_puts(&w), 2);
	end(&s);
	assert_next_has_set(&w, false);
	fixture_advance(&w.fx, HOUR_MS);
	assert_next_has_set(&w, true);
	world_clear(&w);
}

/* Not wanted for a moment: what follows would name packs that are not there. */
static void
test_nocache_in_between(void **state)
{
	struct sweeping s;
	struct world w;

	(void)state;
	world_init(&w);
	begin(&s, &w);
	fill(&s);
	atomic_store(&w.fx.bucket->nocache, true);
	answer_put(&w);
	assert_int_equal(block_memo_n_waiting(w.memo), 0);
	atomic_store(&w.fx.bucket->nocache, false);
	learn_until(&s, PACK_RECORDS, n_kept_whole);
	look(&s);
	write(&s);
	assert_int_equal(n_puts(&w), 1);
	end(&s);
	assert_next_has_set(&w, true);
	world_clear(&w);
}

/* No two PUTs were of the same object. */
static void
assert_all_differ(struct world *w)
{
	const char *urls[URLS_MAX];
	struct http_transfer *t;
	size_t n = 0;

	for (size_t i = 0; (t = fake_http_get(w->fx.http, i)); i++) {
		if (strcmp(t->method, "PUT") != 0)
			continue;
		assert_true(n < URLS_MAX);
		for (size_t k = 0; k < n; k++)
			assert_string_not_equal(t->url, urls[k]);
		urls[n++] = t->url;
	}
}

/* Of two that run at a time one writes, until all of it is put; nothing is mixed. */
static void
test_one_set(void **state)
{
	struct sweeping first, second;
	struct world w;

	(void)state;
	world_init(&w);
	begin(&first, &w);
	begin(&second, &w);
	assert_true(first.sweep.has_set);
	assert_false(second.sweep.has_set);
	fill(&first);
	learn_until(&second, BLOCK_SWEEP_KEPT_MAX - 1, n_kept);
	look(&second);
	assert_int_equal(n_kept(&second), BLOCK_SWEEP_KEPT_MAX - 1);
	learn_until(&second, BLOCK_SWEEP_KEPT_MAX, n_kept);
	look(&second);
	assert_int_equal(n_kept(&second), 0);
	write(&second);
	write(&first);
	assert_int_equal(block_memo_n_waiting(w.memo),
			 BLOCK_MEMO_WAITING_MAX + 1);
	end(&first);
	end(&second);
	assert_next_has_set(&w, false); /* what is left is still under way */
	while (fixture_pending(&w.fx, PUT_ANY))
		answer_put(&w);
	assert_int_equal(n_puts(&w), BLOCK_MEMO_WAITING_MAX + 1);
	assert_all_differ(&w);
	assert_next_has_set(&w, true);
	world_clear(&w);
}

/* Who has given up leaves it to the next one. */
static void
test_owner_goes(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	assert_next_has_set(&w, true);
	assert_next_has_set(&w, true);
	world_clear(&w);
}

/* --- how long a PUT may take --- */

static void
test_limit(void **state)
{
	struct sweeping s;
	struct world w;

	(void)state;
	world_init(&w);
	begin(&s, &w);
	fill(&s);
	fixture_advance(&w.fx, FIXTURE_TIMEOUT_MS - 1);
	answer_put(&w); /* each has its own */
	fixture_advance(&w.fx, FIXTURE_TIMEOUT_MS - 1);
	assert_int_equal(fixture_pending(&w.fx, PUT_ANY), 1);
	fixture_advance(&w.fx, 1);
	assert_int_equal(block_memo_n_waiting(w.memo), 0);
	assert_int_equal(n_puts(&w), 2);
	end(&s);
	world_clear(&w);
}

/* The mount ends: what waits is still put, and all together not for long. */
static void
test_last_puts(void **state)
{
	struct sweeping s;
	struct world w;

	(void)state;
	world_init(&w);
	begin(&s, &w);
	fill(&s);
	fixture_advance(&w.fx, 1000);
	end(&s);
	block_memo_stop(w.memo);
	fixture_advance(&w.fx, LAST_PUTS_MS - 500);
	answer_put(&w);
	assert_int_equal(fixture_pending(&w.fx, PUT_ANY), 1);
	fixture_advance(&w.fx, 499);
	answer_put(&w);
	assert_int_equal(fixture_pending(&w.fx, PUT_ANY), 1);
	assert_true(w.writebacks.n_running > 0);
	fixture_advance(&w.fx, 1);
	assert_int_equal(fixture_pending(&w.fx, PUT_ANY), 0);
	assert_int_equal(w.writebacks.n_running, 0);
	assert_next_has_set(&w, false);
	world_clear(&w);
}

/* All of it comes in time, the index too. */
static void
test_last_puts_in_time(void **state)
{
	struct sweeping s;
	struct world w;

	(void)state;
	world_init(&w);
	begin(&s, &w);
	fill(&s);
	write(&s);
	end(&s);
	block_memo_stop(w.memo);
	while (fixture_pending(&w.fx, PUT_ANY))
		answer_put(&w);
	assert_int_equal(fixture_seen(&w.fx, INDEX_PUT), 1);
	assert_next_has_set(&w, false); /* nothing new is begun */
	world_clear(&w);
}

static void
test_nothing_to_put(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	block_memo_stop(w.memo);
	assert_int_equal(timers_wait_ms(&w.fx.timers), -1);
	world_clear(&w);
}

/* --- what is listed again --- */

/* Of other deltas than are listed. */
static void
print_other(struct buf *out)
{
	struct block_list l = { 0 };
	const struct index_stamp stamp = { .written_at = 1, .anew_at = 1 };

	*block_list_add(&l) = (struct block){
		.key = xstrdup("other"), .key_len = 5, .n = 1, .n_known = 1
	};
	assert_int_equal(memo_index_print(&l, FIXTURE_BUCKET, &stamp, out), 0);
	block_list_clear(&l);
}

/*
 * How many HEADs a page brings is not known before the first one has come: of many at
 * once the deltas would have no room.
 */
static void
test_first_pages(void **state)
{
	CLEANUP_BUF struct buf index = BUF_INIT(INDEX_BYTES_MAX);
	struct sweeping s;
	struct world w;

	(void)state;
	print_other(&index);
	world_init_with(&w, 256);
	pace_believe(w.fx.pace, 64);
	read_index(&s, &w, &index, false);
	while (s.n < 1000)
		list(&s, false);
	tally_part_end(steal(&s.part));
	block_sweep_begin(&s.sweep, s.tally);
	fixture_settle(&w.fx);
	assert_int_equal(fixture_pending(&w.fx, LIST), 4);
	block_sweep_stop(&s.sweep);
	fixture_settle(&w.fx);
	end(&s);
	world_clear(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_packs_wait),
		cmocka_unit_test(test_packs_that_are_old),
		cmocka_unit_test(test_keep_no_more),
		cmocka_unit_test(test_an_index_that_cant_be_made),
		cmocka_unit_test(test_blocks_are_not_whole),
		cmocka_unit_test(test_index_is_last),
		cmocka_unit_test(test_all_slots_are_used),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_nocache_in_between),
		cmocka_unit_test(test_one_set),
		cmocka_unit_test(test_owner_goes),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_last_puts),
		cmocka_unit_test(test_last_puts_in_time),
		cmocka_unit_test(test_nothing_to_put),
		cmocka_unit_test(test_first_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
