/* SPDX-License-Identifier: MIT */
/*
 * Records of packs, and who reads them: what one GET is of, what follows from one that
 * fails or hangs, and what becomes of it all when the reader goes.  Of a bucket of some
 * deltas, in blocks of eight, each knows the original size: one in two of them by a
 * record in each of two packs.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <malloc.h>

#include "engine-fixture.h"
#include "engine/relist.h"
#include "engine/spot-read.h"
#include "list/page.h"
#include "stats/stats.h"

#define PACK_GET "GET", "originals_"
#define LOST_GET "GET", "originals_007" /* slots[0] */
#define INDEX_GET "GET", "originals_index"
#define N_DELTAS 120
#define N_PAGES 3
#define N_RUNS 4 /* as small-runs.c wants it */
#define N_RUNS_AT_ONCE 3 /* as small-relist.c has it */
#define PAGE_SIZE (N_DELTAS * 16)
#define KEY_SIZE 16
#define DATE "2025-10-14T10:30:00.000Z"
#define LIMIT_MS (FIXTURE_TIMEOUT_MS / CACHE_GET_PART)

static const unsigned slots[] = { 7, 9 };
#define N_PACKS ARRAY_SIZE(slots)

struct run {
	struct fixture fx;
	struct sha256 *hash;
	char pages[N_PAGES][PAGE_SIZE];
	struct pack packs[N_PACKS];
	struct buf index_bytes;
	struct memo_index index;
	struct blocks *blocks; /* of the listing */
	struct block_list *listed;
	struct traffic traffic;

	/* what is read of it */
	struct relist *relist;
	unsigned room; /* pages at a time */
	unsigned n_steps, n_ends, n_pages;
	unsigned n_known, n_asked; /* deltas */
	unsigned n_told[N_DELTAS];
	int64_t n_records;
	enum relist_how how;
	int code;
};

static unsigned n_trims;

/* In the place of libc's. */
int
malloc_trim(size_t pad)
{
	(void)pad;
	n_trims++;
	return 1;
}

/* --- a bucket, and what is known of it --- */

static const struct object *
delta(unsigned i, struct object *o, char key[KEY_SIZE])
{
	snprintf(key, KEY_SIZE, "%03u.delta", i);
	*o = (struct object){ .key = key,
			      .key_len = strlen(key),
			      .size = 10,
			      .etag = "e10",
			      .last_modified = DATE };
	return o;
}

static int64_t
original_of(const struct object *o)
{
	return 1000 + atoi(o->key);
}

static struct blocks *
cut_blocks(struct run *run)
{
	struct blocks *b = blocks_new();
	struct blocks_part *p = blocks_part_new(b, NULL, 0, true);
	unsigned char digest[SHA256_LEN];
	char key[KEY_SIZE];
	struct object o;

	for (unsigned i = 0; i < N_DELTAS; i++) {
		object_digest(delta(i, &o, key), run->hash, digest);
		blocks_add(p, &o, digest);
	}
	blocks_part_end(p);
	return b;
}

/* Every second delta, from that one on. */
static void
make_pack(struct run *run, struct blocks *b, unsigned from)
{
	char key[KEY_SIZE];
	struct object o;

	for (unsigned i = from; i < N_DELTAS; i += N_PACKS) {
		delta(i, &o, key);
		memo_learn_block(blocks_of(b, o.key, o.key_len), &o, run->hash,
				 original_of(&o));
	}
	pack_init(&run->packs[from], slots[from]);
	assert_int_equal(
		blocks_pack(b, FIXTURE_BUCKET, &run->packs[from], true), 0);
}

static void
make_index(struct run *run)
{
	struct blocks *b = cut_blocks(run);
	struct index_stamp stamp = { .written_at = 1, .anew_at = 1 };
	struct err err = ERR_INIT;

	blocks_list(b);
	for (unsigned i = 0; i < N_PACKS; i++)
		make_pack(run, b, i);
	buf_init(&run->index_bytes, INDEX_BYTES_MAX);
	assert_int_equal(memo_index_print(blocks_list(b), FIXTURE_BUCKET,
					  &stamp, &run->index_bytes),
			 0);
	memo_index_init(&run->index);
	assert_int_equal(memo_index_parse(&run->index, run->index_bytes.data,
					  run->index_bytes.len, FIXTURE_BUCKET,
					  &err),
			 MEMO_GOOD);
	blocks_free(b);
}

static void
run_init_with(struct run *run, unsigned connections)
{
	struct memo_known known;

	*run = (struct run){ .room = UINT32_MAX };
	fixture_init_with(&run->fx, connections);
	run->hash = sha256_new();
	for (unsigned i = 0; i < N_DELTAS; i++) {
		char *page = run->pages[i * N_PAGES / N_DELTAS];

		snprintf(strchr(page, '\0'), KEY_SIZE, "%03u.delta=10 ", i);
		run->fx.store.pages[i * N_PAGES / N_DELTAS] = page;
	}
	make_index(run);
	run->blocks = cut_blocks(run);
	run->listed = blocks_list(run->blocks);
	memo_index_match(&run->index, run->listed, true, &known);
	assert_true(known.n_changed > 6);
}

static void
run_init(struct run *run)
{
	run_init_with(run, FIXTURE_CONNECTIONS);
}

static void
run_clear(struct run *run)
{
	relist_free(run->relist);
	memo_index_clear(&run->index);
	buf_clear(&run->index_bytes);
	for (unsigned i = 0; i < N_PACKS; i++)
		pack_clear(&run->packs[i]);
	blocks_free(run->blocks);
	sha256_free(run->hash);
	fixture_clear(&run->fx);
}

/* --- what the store says --- */

static const struct pack *
pack_of(const struct run *run, const struct http_transfer *t)
{
	char key[BLOCK_MEMO_KEY_MAX];

	block_memo_print_pack_key(key, sizeof(key), slots[0]);
	return &run->packs[strstr(t->url, key) ? 0 : 1];
}

/* With 206 the bytes that are asked for, with 200 all. */
static void
answer_pack(struct run *run, struct http_transfer *t, int status)
{
	char *range CLEANUP_FREE = fake_http_dup_header(t, "range");
	const struct pack *pack = pack_of(run, t);
	struct fake_answer a = { .status = status };
	size_t first, last;

	assert_int_equal(sscanf(range, "bytes=%zu-%zu", &first, &last), 2);
	assert_true(last < pack->bytes.len);
	if (status == 206) {
		a.body = pack->bytes.data + first;
		a.body_len = last - first + 1;
	} else if (status == 200) {
		a.body = pack->bytes.data;
		a.body_len = pack->bytes.len;
	}
	fake_http_answer(t, &a);
	fixture_settle(&run->fx);
}

/* All packs that are asked for, and then all pages. */
static void
answer_all(struct run *run, int status)
{
	fixture_settle(&run->fx);
	while (fixture_pending(&run->fx, PACK_GET))
		answer_pack(run, fixture_find(&run->fx, PACK_GET), status);
	while (fixture_pending(&run->fx, LIST) ||
	       fixture_pending(&run->fx, PACK_GET))
		if (fixture_pending(&run->fx, LIST))
			fixture_answer(&run->fx, LIST);
		else
			answer_pack(run, fixture_find(&run->fx, PACK_GET),
				    status);
}

/* --- one read after the other --- */

struct reads {
	struct pack_reader reader;
	unsigned n;
	void *of;
	const struct extent *e;
	size_t n_extents;
	char data[64];
};

static void
on_read(void *arg, void *of, const struct extent *e, size_t n, const char *data)
{
	struct reads *r = arg;
	size_t len = 0;

	for (size_t i = 0; i < n; i++)
		len += extent_length(&e[i]);
	r->n++;
	r->of = of;
	r->e = e;
	r->n_extents = n;
	snprintf(r->data, sizeof(r->data), "%.*s", data ? (int)len : 0,
		 data ? data : "");
}

static void
reads_init(struct reads *r, struct fixture *fx)
{
	*r = (struct reads){ .n = 0 };
	r->reader = (struct pack_reader){ .s3 = fx->s3,
					  .timers = &fx->timers,
					  .bucket = fx->bucket,
					  .limits = &fx->limits,
					  .on_read = on_read,
					  .arg = r };
}

static void
assert_read(struct reads *r, void *of, const struct extent *e, size_t n,
	    const char *data)
{
	assert_int_equal(r->n, 1);
	assert_ptr_equal(r->of, of);
	assert_ptr_equal(r->e, e);
	assert_int_equal(r->n_extents, n);
	assert_string_equal(r->data, data);
	r->n = 0;
}

#define RECORD "0123456789abcdef"

static const struct extent extents[] = {
	{ .slot = 3, .first = 1, .n = 1 }, { .slot = 3, .first = 2, .n = 2 },
	{ .slot = 3, .first = 5, .n = 1 }, { .slot = 4, .first = 6, .n = 1 },
	{ .slot = 4, .first = 6, .n = 1 },
};

static const struct {
	size_t at, n;
	const char *key, *range, *data;
} gets[] = {
	{ 0, 2, "originals_003.bin", "bytes=32-79", RECORD RECORD RECORD },
	{ 2, 1, "originals_003.bin", "bytes=96-111", RECORD },
	{ 3, 1, "originals_004.bin", "bytes=112-127", RECORD },
	{ 4, 1, "originals_004.bin", "bytes=112-127", RECORD },
};

/* What touches is one GET; what does not, or is another pack's, is another one. */
static void
test_touching(void **state)
{
	struct fixture fx;
	struct reads r;

	(void)state;
	fixture_init(&fx);
	reads_init(&r, &fx);
	for (size_t i = 0; i < ARRAY_SIZE(gets); i++) {
		const struct extent *e = extents + gets[i].at;
		char *range CLEANUP_FREE = NULL;
		struct http_transfer *t;

		assert_int_equal(pack_read(&r.reader, &fx, e,
					   ARRAY_SIZE(extents) - gets[i].at),
				 gets[i].n);
		assert_int_equal(r.n, 0); /* never from inside */
		assert_false(pack_read_is_idle(&r.reader));
		fixture_settle(&fx);
		t = fixture_find(&fx, "GET", gets[i].key);
		range = fake_http_dup_header(t, "range");
		assert_string_equal(range, gets[i].range);
		fake_http_answer(t,
				 &(struct fake_answer){ .status = 206,
							.body = gets[i].data });
		fixture_settle(&fx);
		assert_read(&r, &fx, e, gets[i].n, gets[i].data);
		assert_true(pack_read_is_idle(&r.reader));
	}
	assert_false(r.reader.is_useless || r.reader.has_whole);
	fixture_clear(&fx);
}

static const struct {
	int status;
	const char *body, *data;
	bool is_useless, has_whole;
} answers[] = {
	{ 206, RECORD, RECORD, false, false },
	{ 206, "0123", "", false, false },
	{ 200, RECORD RECORD "ABCDEFGHIJKLMNOPrest", "ABCDEFGHIJKLMNOP", false,
	  true },
	{ 200, RECORD RECORD, "", false, true },
	{ 404, NULL, "", false, false },
	{ 416, NULL, "", false, false },
	{ 403, NULL, "", true, false },
	{ 500, NULL, "", true, false },
};

/* Whether more is read; bytes that are not there are none. */
static void
test_answers(void **state)
{
	static const struct extent e = { .slot = 3, .first = 1, .n = 1 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		struct fixture fx;
		struct reads r;

		fixture_init(&fx);
		reads_init(&r, &fx);
		pack_read(&r.reader, &fx, &e, 1);
		fixture_settle(&fx);
		fake_http_answer(
			fixture_find(&fx, PACK_GET),
			&(struct fake_answer){ .status = answers[i].status,
					       .body = answers[i].body });
		fixture_settle(&fx);
		assert_read(&r, &fx, &e, 1, answers[i].data);
		assert_int_equal(r.reader.is_useless, answers[i].is_useless);
		assert_int_equal(r.reader.has_whole, answers[i].has_whole);
		fixture_clear(&fx);
	}
}

/* Nobody waits for one that hangs, and another one begins anew. */
static void
test_hang(void **state)
{
	struct fixture fx;
	struct reads r;

	(void)state;
	fixture_init(&fx);
	reads_init(&r, &fx);
	pack_read(&r.reader, &fx, &extents[0], 1);
	fixture_advance(&fx, LIMIT_MS - 1);
	pack_read(&r.reader, &fx, &extents[2], 1);
	assert_int_equal(r.n, 0);
	fixture_advance(&fx, 1);
	assert_read(&r, &fx, &extents[0], 1, "");
	assert_true(r.reader.is_useless);
	assert_int_equal(fixture_pending(&fx, PACK_GET), 1);
	pack_read_stop(&r.reader);
	fixture_settle(&fx);
	assert_read(&r, &fx, &extents[2], 1, "");
	fixture_clear(&fx);
}

/* --- a store that knows no Range, and packs that are large --- */

#define N_READS 3 /* of extents[], each by itself */
#define LARGE                                                                  \
	((size_t)64 * 1024 + 1) /* more than any of them is given room for */

struct whole {
	struct fixture fx;
	struct reads reads;
	char pack[LARGE];
};

static void
answer_whole(struct whole *w)
{
	fake_http_answer(fixture_find(&w->fx, PACK_GET),
			 &(struct fake_answer){ .status = 200,
						.body = w->pack,
						.body_len = LARGE });
	fixture_settle(&w->fx);
}

/* All are asked for at once, and all are too much. */
static void
whole_init(struct whole *w)
{
	fixture_init(&w->fx);
	reads_init(&w->reads, &w->fx);
	for (size_t i = 0; i < LARGE; i++)
		w->pack[i] = RECORD[i % strlen(RECORD)];
	for (size_t i = 0; i < N_READS; i++)
		pack_read(&w->reads.reader, w, &extents[i + 2], 1);
	fixture_settle(&w->fx);
	assert_int_equal(fixture_pending(&w->fx, PACK_GET), N_READS);
	for (size_t i = 0; i < N_READS; i++)
		answer_whole(w);
	assert_int_equal(w->reads.n, 0);
	assert_true(w->reads.reader.has_whole);
	assert_false(w->reads.reader.is_useless);
}

static void
whole_clear(struct whole *w)
{
	assert_true(pack_read_is_idle(&w->reads.reader));
	assert_int_equal(fixture_pending(&w->fx, PACK_GET), 0);
	fixture_clear(&w->fx);
}

/* Then one pack is in memory at a time, and serves; also for what is asked for later. */
static void
test_whole_packs(void **state)
{
	struct whole w;

	(void)state;
	whole_init(&w);
	for (size_t i = 0; i < N_READS; i++) {
		assert_int_equal(fixture_pending(&w.fx, PACK_GET), 1);
		answer_whole(&w);
		assert_read(&w.reads, &w, &extents[i + 2], 1, RECORD);
	}
	assert_true(pack_read_is_idle(&w.reads.reader));
	for (size_t i = 0; i < 2; i++)
		pack_read(&w.reads.reader, &w, &extents[i], 1);
	fixture_settle(&w.fx);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(fixture_pending(&w.fx, PACK_GET), 1);
		answer_whole(&w);
		assert_read(&w.reads, &w, &extents[i], 1,
			    i ? RECORD RECORD : RECORD);
	}
	whole_clear(&w);
}

/* What waits ends with the one that fails or hangs, and when nobody wants it. */
static void
test_whole_packs_end(void **state)
{
	(void)state;
	for (unsigned how = 0; how < 4; how++) {
		struct whole w;

		whole_init(&w);
		if (how == 0)
			fixture_refuse(&w.fx, PACK_GET, 403);
		else if (how == 1)
			fixture_advance(&w.fx, LIMIT_MS);
		else if (how == 2)
			pack_read_stop(&w.reads.reader);
		else
			pack_read_close(&w.reads.reader);
		assert_true(w.reads.reader.is_useless);
		fixture_settle(&w.fx);
		fixture_advance(&w.fx, 0);
		if (how == 3) /* that one may still serve */
			answer_whole(&w);
		assert_int_equal(w.reads.n, N_READS);
		assert_string_equal(w.reads.data, how == 3 ? RECORD : "");
		whole_clear(&w);
	}
}

/* --- listed again --- */

static void
on_delta(void *arg, const struct object *o, const int64_t *original)
{
	struct run *run = arg;

	run->n_told[atoi(o->key)]++;
	if (original)
		assert_int_equal(*original, original_of(o));
	if (original)
		run->n_known++;
	else
		run->n_asked++;
}

static bool
has_room(void *arg, unsigned n_under_way, unsigned n_pages)
{
	struct run *run = arg;

	run->n_pages = n_pages;
	return n_under_way < run->room;
}

static void
on_step(void *arg)
{
	struct run *run = arg;

	run->n_steps++;
}

static void
on_end(void *arg, enum relist_how how, const struct err *err)
{
	struct run *run = arg;

	assert_true(relist_is_idle(run->relist));
	run->n_ends++;
	run->how = how;
	run->code = err->code;
}

static void
begin(struct run *run)
{
	run->relist = relist_new(&(struct relist_options){
		.s3 = run->fx.s3,
		.slots = &run->fx.slots,
		.lists = &run->fx.lists,
		.bucket = run->fx.bucket,
		.index = &run->index,
		.listed = run->listed,
		.is_anew = true,
		.pages = &run->traffic,
		.records = &run->traffic,
		.n_records = &run->n_records,
		.timers = &run->fx.timers,
		.limits = &run->fx.limits,
		.on_delta = on_delta,
		.has_room = has_room,
		.on_step = on_step,
		.on_end = on_end,
		.arg = run,
	});
	relist_begin(run->relist);
	fixture_settle(&run->fx);
}

static unsigned
n_gets(struct run *run)
{
	return fixture_seen(&run->fx, PACK_GET);
}

/* Each delta was told once, so many of them with their original size. */
static void
assert_complete(struct run *run, unsigned n_known)
{
	assert_int_equal(run->n_ends, 1);
	assert_int_equal(run->how, RELIST_COMPLETE);
	for (unsigned i = 0; i < N_DELTAS; i++)
		assert_int_equal(run->n_told[i], 1);
	assert_int_equal(run->n_known, n_known);
	assert_int_equal(run->n_asked, N_DELTAS - n_known);
	assert_int_equal(run->n_records, n_known);
}

/* Of blocks that are listed together each pack is asked once. */
static void
test_relist(void **state)
{
	struct run run;

	(void)state;
	run_init(&run);
	begin(&run);
	answer_all(&run, 206);
	assert_complete(&run, N_DELTAS);
	assert_true(n_gets(&run) < N_PACKS * run.listed->n);
	assert_int_equal(n_gets(&run), N_PACKS * N_RUNS);
	assert_true(run.fx.lists.parsers.n_spare > 0);
	relist_free(steal(&run.relist));
	assert_int_equal(run.fx.lists.parsers.n_spare,
			 0); /* memory goes back */
	run_clear(&run);
}

static void
test_relist_is_trimmed(void **state)
{
	int (*volatile trim)(size_t pad) = malloc_trim;
	struct run run;
	unsigned n_before;

	(void)state;
	run_init(&run);
	begin(&run);
	answer_all(&run, 206);
	n_trims = 0;
	trim(0); /* under valgrind that is another one */
	n_before = n_trims;
	run_clear(&run);
	assert_int_equal(n_trims, 2 * n_before); /* memory goes back */
}

/* One pack is lost: what the other one has is read. */
static void
test_lost_pack(void **state)
{
	struct run run;

	(void)state;
	run_init(&run);
	begin(&run);
	while (run.n_ends == 0)
		if (fixture_pending(&run.fx, LOST_GET))
			fixture_refuse(&run.fx, LOST_GET, 404);
		else if (fixture_pending(&run.fx, PACK_GET))
			answer_pack(&run, fixture_find(&run.fx, PACK_GET), 206);
		else
			fixture_answer(&run.fx, LIST);
	assert_complete(&run, N_DELTAS / N_PACKS);
	assert_int_equal(n_gets(&run), N_PACKS * N_RUNS);
	run_clear(&run);
}

/*
 * Any other failure: what waits is not sent, nor what a run needs that begins later; what
 * is under way may still be of use.
 */
static void
test_failure(void **state)
{
	struct run run;

	(void)state;
	run_init(&run);
	begin(&run);
	assert_int_equal(n_gets(&run), FIXTURE_CONNECTIONS);
	fixture_refuse(&run.fx, PACK_GET, 403);
	answer_all(&run, 206);
	assert_int_equal(n_gets(&run), FIXTURE_CONNECTIONS);
	assert_complete(&run, run.n_known);
	assert_true(run.n_known > 0 && run.n_asked > N_DELTAS / 4);
	run_clear(&run);
}

static void
test_packs_hang(void **state)
{
	struct run run;

	(void)state;
	run_init(&run);
	begin(&run);
	fixture_advance(&run.fx, LIMIT_MS - 1);
	assert_int_equal(fixture_seen(&run.fx, LIST), 0);
	assert_int_equal(n_gets(&run), FIXTURE_CONNECTIONS);
	fixture_advance(&run.fx, 1);
	assert_int_equal(fixture_pending(&run.fx, PACK_GET), 0);
	answer_all(&run, 206);
	assert_int_equal(n_gets(&run), FIXTURE_CONNECTIONS);
	assert_complete(&run, 0);
	run_clear(&run);
}

/* GETs and pages are under way: they end soon, and of what else there is nothing follows. */
static void
test_stop(void **state)
{
	struct http_transfer *get, *list;
	struct run run;
	unsigned n;

	(void)state;
	run_init(&run);
	begin(&run);
	while (!fixture_pending(&run.fx, LIST))
		answer_pack(&run, fixture_find(&run.fx, PACK_GET), 206);
	get = fixture_find(&run.fx, PACK_GET);
	list = fixture_find(&run.fx, LIST);
	n = run.n_steps;
	relist_stop(run.relist);
	assert_true(get->is_cancelled && list->is_cancelled);
	assert_false(relist_is_idle(run.relist));
	fixture_settle(&run.fx);
	assert_true(relist_is_idle(run.relist));
	assert_int_equal(run.n_steps, n + FIXTURE_CONNECTIONS);
	assert_int_equal(run.n_ends, 0);
	assert_int_equal(run.n_known + run.n_asked, 0);
	assert_int_equal(fixture_pending(&run.fx, ANY_GET), 0);
	run_clear(&run);
}

/* It ends once, when nothing is under way any more. */
static void
assert_ends(struct run *run, enum relist_how how, int code)
{
	assert_int_equal(fixture_pending(&run->fx, ANY_GET), 0);
	assert_int_equal(run->n_ends, 1);
	assert_int_equal(run->how, how);
	assert_int_equal(run->code, code);
}

static void
test_page_fails(void **state)
{
	struct run run;

	(void)state;
	run_init(&run);
	begin(&run);
	while (fixture_pending(&run.fx, LIST) < 2)
		answer_pack(&run, fixture_find(&run.fx, PACK_GET), 206);
	fixture_refuse(&run.fx, LIST, 403);
	assert_ends(&run, RELIST_FAILED, EACCES);
	run_clear(&run);
}

/* A store that begins with the first key, wherever it is to begin. */
static void
test_start_is_ignored(void **state)
{
	struct buf xml CLEANUP_BUF = BUF_INIT(1024 * 1024);
	struct run run;

	(void)state;
	run_init(&run);
	begin(&run);
	while (!fixture_pending(&run.fx, "GET", "start-after"))
		answer_pack(&run, fixture_find(&run.fx, PACK_GET), 206);
	fake_list_page(&xml, run.pages[0], NULL);
	fake_http_answer(
		fixture_find(&run.fx, "GET", "start-after"),
		&(struct fake_answer){ .status = 200, .body = buf_str(&xml) });
	fixture_settle(&run.fx);
	assert_int_equal(run.n_ends, 1);
	assert_ends(&run, RELIST_IMPOSSIBLE, run.code);
	run_clear(&run);
}

/* A key that no request can say; what was begun before it ends, too. */
static void
test_key_is_impossible(void **state)
{
	(void)state;
	for (size_t n_before = 1; n_before < N_RUNS_AT_ONCE; n_before++) {
		struct run run;
		size_t size;

		run_init(&run);
		size = run.listed->n / N_RUNS + 1;
		run.listed->blocks[n_before * size - 1].key[3] = '\0';
		begin(&run);
		assert_ends(&run, RELIST_IMPOSSIBLE, 0);
		assert_int_equal(fixture_seen(&run.fx, ANY_GET), 0);
		run_clear(&run);
	}
}

/* It has changed meanwhile: all is listed to the end, for the next time. */
static void
test_outdated(void **state)
{
	struct run run;

	(void)state;
	run_init(&run);
	memcpy(strchr(run.pages[0], '='), "=11", 3);
	begin(&run);
	answer_all(&run, 206);
	assert_ends(&run, RELIST_OUTDATED, 0);
	for (unsigned i = 0; i < N_DELTAS; i++)
		assert_int_equal(run.n_told[i], 1);
	assert_int_equal(run.n_asked, 1);
	assert_true(run.listed->blocks[0].is_outdated);
	assert_false(run.listed->blocks[run.listed->n - 1].is_outdated);
	run_clear(&run);
}

/* Pages wait for room, records do not. */
static void
test_room(void **state)
{
	struct run run;

	(void)state;
	run_init(&run);
	run.room = 0;
	begin(&run);
	answer_all(&run, 206);
	assert_int_equal(n_gets(&run), N_PACKS * N_RUNS_AT_ONCE);
	assert_int_equal(fixture_seen(&run.fx, LIST), 0);
	run.room = 1;
	relist_go_on(run.relist);
	fixture_settle(&run.fx);
	while (fixture_pending(&run.fx, LIST)) {
		assert_int_equal(fixture_pending(&run.fx, LIST), 1);
		fixture_answer(&run.fx, LIST);
		while (fixture_pending(&run.fx, PACK_GET))
			answer_pack(&run, fixture_find(&run.fx, PACK_GET), 206);
	}
	assert_complete(&run, N_DELTAS);
	assert_int_equal(run.n_pages + 1, fixture_seen(&run.fx, LIST));
	run_clear(&run);
}

/* An index that says so much of its records that only two runs have room at a time. */
static void
test_many_records(void **state)
{
	struct run run;

	(void)state;
	run_init(&run);
	for (size_t i = 0; i < run.index.list.n; i++)
		run.index.list.blocks[i].extents[0].n = 60000;
	run.room = 0;
	begin(&run);
	while (fixture_pending(&run.fx, PACK_GET))
		fixture_refuse(&run.fx, PACK_GET, 404);
	assert_int_equal(n_gets(&run), 2);
	run.room = 1;
	relist_go_on(run.relist);
	fixture_settle(&run.fx);
	while (run.n_ends == 0)
		if (fixture_pending(&run.fx, LIST))
			fixture_answer(&run.fx, LIST);
		else
			fixture_refuse(&run.fx, PACK_GET, 404);
	assert_complete(&run, 0);
	run_clear(&run);
}

/* --- single deltas --- */

struct spots {
	struct run run;
	struct writeback_env writebacks;
	struct memo_env env;
	struct index_read *index;
	struct spot_read read;
	unsigned n_steps;
};

static void
on_spots(void *arg)
{
	struct spots *s = arg;

	s->n_steps++;
}

/* The index is there. */
static void
spots_init_with(struct spots *s, unsigned connections)
{
	struct fixture *fx = &s->run.fx;

	*s = (struct spots){ .n_steps = 0 };
	run_init_with(&s->run, connections);
	s->writebacks = (struct writeback_env){ .s3 = fx->s3,
						.timers = &fx->timers,
						.limits = &fx->limits };
	s->env = (struct memo_env){ .writebacks = &s->writebacks,
				    .place = MEMO_IN_BUCKET };
	s->index = index_read_new(&s->env, fx->bucket);
	s->read =
		(struct spot_read){ .slots = &fx->slots,
				    .bucket = fx->bucket,
				    .memo = block_memo_get(&s->env, fx->bucket),
				    .packs = { .s3 = fx->s3,
					       .timers = &fx->timers,
					       .bucket = fx->bucket,
					       .limits = &fx->limits },
				    .on_step = on_spots,
				    .arg = s };
	spot_read_init(&s->read);
	spot_read_begin(&s->read, s->index);
	fixture_settle(fx);
	fake_http_answer(
		fixture_find(fx, INDEX_GET),
		&(struct fake_answer){ .status = 200,
				       .body = s->run.index_bytes.data,
				       .body_len = s->run.index_bytes.len });
	fixture_settle(fx);
	assert_true(s->read.is_ready);
	assert_int_equal(s->n_steps, 1);
}

static void
spots_init(struct spots *s)
{
	spots_init_with(s, FIXTURE_CONNECTIONS);
}

static void
spots_clear(struct spots *s)
{
	assert_true(spot_read_is_idle(&s->read));
	spot_read_clear(&s->read);
	index_read_unref(s->index);
	block_memo_free(s->read.memo);
	run_clear(&s->run);
}

/* Look all deltas up, once; how many are known is returned. */
static unsigned
look_up(struct spots *s)
{
	struct memo_spots *spots = &s->read.spots;
	unsigned n = 0;
	int64_t original;
	struct object o;
	char key[KEY_SIZE];
	size_t number;

	memo_spots_begin_round(spots);
	for (unsigned i = 0; i < N_DELTAS; i++)
		memo_spots_want(spots, delta(i, &o, key), &original);
	for (unsigned i = 0; i < N_DELTAS; i++)
		switch (memo_spots_find(spots, delta(i, &o, key), &original,
					&number)) {
		case SPOT_READ:
			spot_read_block(&s->read, number);
			break;
		case SPOT_KNOWN:
			assert_int_equal(original, original_of(&o));
			n++;
			break;
		default:
			break;
		}
	fixture_settle(&s->run.fx);
	return n;
}

/* Blocks that are too small are not read: of two extents four have to be wanted. */
static unsigned
n_worth(const struct spots *s)
{
	unsigned n = 0;

	for (size_t i = 0; i < s->run.listed->n; i++)
		if (s->run.listed->blocks[i].n >= 4)
			n += (unsigned)s->run.listed->blocks[i].n;
	return n;
}

/* But for that of the index. */
static unsigned
n_pack_gets(struct spots *s)
{
	return n_gets(&s->run) - 1;
}

static void
test_spots(void **state)
{
	struct spots s;

	(void)state;
	spots_init(&s);
	assert_int_equal(look_up(&s), 0);
	answer_all(&s.run, 206);
	assert_int_equal(look_up(&s), n_worth(&s));
	assert_int_equal(s.read.n_records, n_worth(&s));
	assert_int_equal(s.n_steps, 1 + n_pack_gets(&s));
	assert_true(n_pack_gets(&s) > FIXTURE_CONNECTIONS);
	spots_clear(&s);
}

/* While answers come more may be sent: all that waits, at once. */
static void
test_spots_at_once(void **state)
{
	struct spots s;

	(void)state;
	spots_init_with(&s, 64);
	assert_int_equal(look_up(&s), 0);
	answer_all(&s.run, 206);
	assert_int_equal(look_up(&s), n_worth(&s));
	assert_true(pace_limit(s.run.fx.pace) > n_pack_gets(&s) / 2);
	spots_clear(&s);
}

/* After a failure those that wait are not read, nor any other one. */
static void
test_spots_fail(void **state)
{
	struct spots s;
	unsigned n;

	(void)state;
	spots_init(&s);
	look_up(&s);
	assert_int_equal(n_pack_gets(&s), FIXTURE_CONNECTIONS);
	assert_non_null(s.read.waiting);
	answer_pack(&s.run, fixture_find(&s.run.fx, PACK_GET), 403);
	assert_null(s.read.waiting);
	answer_all(&s.run, 206);
	assert_int_equal(n_pack_gets(&s), FIXTURE_CONNECTIONS);
	assert_int_equal(s.read.spots.n_reads, 0);
	n = look_up(&s);
	assert_true(n > 0 && n < n_worth(&s) / 2);
	assert_int_equal(n_pack_gets(&s), FIXTURE_CONNECTIONS);
	spots_clear(&s);
}

/* A store that knows no Range: what has come serves, and that is all. */
static void
test_spots_whole(void **state)
{
	struct spots s;
	unsigned n;

	(void)state;
	spots_init(&s);
	look_up(&s);
	answer_pack(&s.run, fixture_find(&s.run.fx, PACK_GET), 200);
	assert_null(s.read.waiting);
	answer_all(&s.run, 200);
	assert_int_equal(n_pack_gets(&s), FIXTURE_CONNECTIONS);
	n = look_up(&s);
	assert_true(n > 0 && n < n_worth(&s) / 2);
	assert_int_equal(n, s.read.n_records);
	assert_int_equal(n_pack_gets(&s), FIXTURE_CONNECTIONS);
	spots_clear(&s);
}

static void
test_spots_stop(void **state)
{
	struct spots s;

	(void)state;
	spots_init(&s);
	look_up(&s);
	spot_read_stop(&s.read);
	assert_null(s.read.waiting);
	assert_false(spot_read_is_idle(&s.read));
	fixture_settle(&s.run.fx);
	assert_int_equal(s.n_steps, 1 + FIXTURE_CONNECTIONS);
	assert_int_equal(n_pack_gets(&s), FIXTURE_CONNECTIONS);
	spots_clear(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_touching),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_hang),
		cmocka_unit_test(test_whole_packs),
		cmocka_unit_test(test_whole_packs_end),
		cmocka_unit_test(test_relist),
		cmocka_unit_test(test_relist_is_trimmed),
		cmocka_unit_test(test_lost_pack),
		cmocka_unit_test(test_failure),
		cmocka_unit_test(test_packs_hang),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_page_fails),
		cmocka_unit_test(test_start_is_ignored),
		cmocka_unit_test(test_key_is_impossible),
		cmocka_unit_test(test_outdated),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_many_records),
		cmocka_unit_test(test_spots),
		cmocka_unit_test(test_spots_at_once),
		cmocka_unit_test(test_spots_fail),
		cmocka_unit_test(test_spots_whole),
		cmocka_unit_test(test_spots_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
