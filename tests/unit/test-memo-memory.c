/* SPDX-License-Identifier: MIT */
/*
 * What the memo adds to the memory of a sweep of 10,000,000 deltas, and that nothing of
 * it stays: blocks of the listing, the index, and runs of changed blocks with records.
 * And that of the files of sampled.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/block-memo.h"
#include "engine/block-sweep.h"
#include "stats/memo-run.h"
#include "stats/memo.h"
#include "stats/missing.h"
#include "util/big-endian.h"
#include "util/heap.h"

#define BUCKET "releases"
#define PREFIX "releases/product-%05u/build-%09u/"
#define MIB (1024 * 1024)
#define DELTAS 10000000
#define BLOCKS ((DELTAS + BLOCK_DELTAS - 1) / BLOCK_DELTAS)
#define RANGES 32
#define REFERENCES 100000 /* of as many deltaspaces */
#define RUNS RELIST_RUNS_MAX
#define EXTENTS_MAX (2 * RUN_BLOCKS)
#define PACKS_WAITING BLOCK_MEMO_WAITING_MAX
/* Deltas that are added of each block: their number costs no memory, but time. */
#define DELTAS_ADDED 2

/* Sanitizers have their own heap. */
size_t __attribute__((weak)) __sanitizer_get_current_allocated_bytes(void);

static size_t
allocated(void)
{
	struct mallinfo2 info;

	if (__sanitizer_get_current_allocated_bytes)
		return __sanitizer_get_current_allocated_bytes();
	info = mallinfo2();
	return info.uordblks + info.hblkhd;
}

/* Under valgrind nothing is counted, and all else is checked. */
static size_t
least(void)
{
	size_t before = allocated();
	char *volatile p = xmalloc(MIB);
	size_t n = allocated() - before;

	free(p);
	return n > 0;
}

static size_t
max_of(size_t a, size_t b)
{
	return a > b ? a : b;
}

/* --- a bucket --- */

/* Keys of 60 bytes; some have another version. */
static void
add_delta(struct blocks_part *p, unsigned block, unsigned i, bool is_changed)
{
	unsigned char digest[SHA256_LEN] = { 0 };
	char key[80];
	struct object o = { .key = key,
			    .size = 1000,
			    .etag = "d41d8cd98f00b204e9800998ecf8427e",
			    .last_modified = "2026-01-01T00:00:00.000Z" };

	o.key_len = (size_t)snprintf(key, sizeof(key),
				     PREFIX "%07u-amd64.tar.delta", block / 10,
				     block, i);
	big_endian_put(digest, 8, block * 2654435761U + i + is_changed);
	/* the last one ends it */
	big_endian_put(digest + SHA256_LEN - 4, 4, i + 1 < DELTAS_ADDED);
	blocks_add(p, &o, digest);
}

/* The first ones are of another version. */
static struct blocks *
list(unsigned n_changed)
{
	struct blocks *all = blocks_new();

	for (unsigned range = 0; range < RANGES; range++) {
		unsigned from = range * BLOCKS / RANGES;
		unsigned to = (range + 1) * BLOCKS / RANGES;
		struct blocks_part *p;
		char after[80];
		int len =
			snprintf(after, sizeof(after), PREFIX, from / 10, from);

		p = blocks_part_new(all, range ? after : NULL, (size_t)len,
				    true);
		for (unsigned b = from; b < to; b++)
			for (unsigned i = 0; i < DELTAS_ADDED; i++)
				add_delta(p, b, i, b < n_changed);
		blocks_part_end(p);
	}
	assert_int_equal(blocks_list(all)->n, BLOCKS);
	return all;
}

/* What a sweep by blocks remembers of references. */
static struct missing *
add_references(void)
{
	struct missing *m = missing_new();
	struct sha256 *h = sha256_new();
	char key[80];

	for (unsigned i = 0; i < REFERENCES; i++) {
		struct object o = { .key = key, .size = 1000 };

		o.key_len = (size_t)snprintf(key, sizeof(key),
					     PREFIX "reference.bin", i / 10, i);
		missing_add_reference(m, &o, h);
	}
	sha256_free(h);
	return m;
}

/* --- its packs --- */

/* Records lie in these; of all other blocks it is only said where they would lie. */
#define PACKS (PACKS_WAITING + 2)

struct store {
	struct buf index;
	struct buf packs[PACKS];
};

/*
 * As many records as a block of usual size has, and some more: what is allocated by
 * doubling does not just fit.
 */
#define BLOCK_RECORDS (BLOCK_DELTAS + BLOCK_DELTAS / 128)

static void
learn(struct block *b)
{
	struct memo_record r = { "elevenbytes", { 0, 0, 0, 1, 0 } };

	for (unsigned i = 0; i < BLOCK_RECORDS; i++) {
		big_endian_put(r.size, sizeof(r.size), i + 1);
		block_keep(b, &r);
	}
}

/*
 * As late as may be, and none of the packs is put; what was allocated at most while they
 * wait.
 */
static size_t
write_packs(struct store *s, struct blocks *all)
{
	struct block *next = blocks_list(all)->blocks;
	size_t before = allocated(), most = 0;

	for (unsigned i = 0; i < PACKS; i++) {
		struct pack p;

		while (i + 1 < PACKS &&
		       blocks_n_kept(all, true) < BLOCK_SWEEP_KEPT_MAX)
			learn(next++);
		if (i <= PACKS_WAITING)
			most = max_of(most, allocated() - before);
		pack_init(&p, i);
		assert_int_equal(blocks_pack(all, BUCKET, &p, true), 0);
		s->packs[i] = p.bytes;
	}
	return most;
}

/* A first sweep, of which some packs still wait; what was allocated at most. */
static size_t
write_all(struct store *s)
{
	const struct extent other = { PACKS, 1024, BLOCK_DELTAS, "checksu" };
	size_t before = allocated(), most;
	struct blocks *all = list(0);
	struct block_list *l = blocks_list(all);
	struct missing *references = add_references();
	struct index_stamp stamp = { .written_at = 1000, .anew_at = 1000 };

	most = allocated() - before;
	for (size_t i = 0; i < l->n; i++)
		l->blocks[i].n_known = l->blocks[i].n;
	most += write_packs(s, all);
	for (size_t i = 0; i < l->n; i++)
		if (l->blocks[i].n_extents == 0)
			block_add_extent(&l->blocks[i], &other);
	assert_int_equal(memo_index_print(l, BUCKET, &stamp, &s->index), 0);
	missing_free(references);
	blocks_free(all);
	return most;
}

/* --- a sweep --- */

/* Answers to GETs of its extents, one after the other, as if each came by itself. */
static void
get_bodies(const struct store *s, const struct memo_run *r, struct buf *bodies)
{
	for (size_t i = 0; i < r->n_extents; i++) {
		const struct extent *e = &r->extents[i];

		buf_init(&bodies[i], extent_length(e));
		assert_int_equal(
			buf_add(&bodies[i],
				s->packs[e->slot].data + extent_offset(e),
				extent_length(e)),
			0);
	}
}

static void
take_records(struct memo_run *r, struct buf *bodies)
{
	for (size_t i = 0; i < r->n_extents; i++)
		assert_true(memo_run_take(r, i, BUCKET, bodies[i].data,
					  bodies[i].len));
}

/*
 * All GETs are answered at the same moment, and one after the other is taken; what was
 * allocated at most since there were `before`.
 */
static size_t
read_runs(const struct store *s, struct memo_run *runs, size_t before)
{
	static struct buf bodies[RUNS][EXTENTS_MAX];
	size_t most;

	for (size_t i = 0; i < RUNS; i++) {
		assert_in_range(runs[i].n_extents, 1, EXTENTS_MAX);
		get_bodies(s, &runs[i], bodies[i]);
	}
	most = allocated() - before;
	for (size_t i = 0; i < RUNS; i++) {
		take_records(&runs[i], bodies[i]);
		most = max_of(most, allocated() - before);
		assert_int_equal(runs[i].records_size, runs[i].n_records);
		for (size_t k = 0; k < runs[i].n_extents; k++)
			buf_clear(&bodies[i][k]);
		memo_run_ready(&runs[i]);
	}
	return max_of(most, allocated() - before);
}

/* Half of all blocks have changed: as many runs as there may be, each as long as it may. */
static size_t
read_changed(const struct store *s)
{
	size_t before = allocated(), most;
	struct blocks *all = list(BLOCKS / 2);
	struct memo_index index;
	struct memo_known known;
	struct memo_run runs[RUNS];
	struct err err = ERR_INIT;

	memo_index_init(&index);
	assert_int_equal(memo_index_parse(&index, s->index.data, s->index.len,
					  BUCKET, &err),
			 MEMO_GOOD);
	memo_index_match(&index, blocks_list(all), false, &known);
	assert_int_equal(known.n_changed, BLOCKS / 2);
	for (size_t i = 0, from = 0; i < RUNS; i++, from = runs[i - 1].to) {
		assert_true(memo_run_init(&runs[i], &index, blocks_list(all),
					  from, false));
	}
	most = read_runs(s, runs, before) + s->index.len;
	for (size_t i = 0; i < RUNS; i++)
		memo_run_clear(&runs[i]);
	memo_index_clear(&index);
	blocks_free(all);
	return most;
}

/* --- deltas that are gone --- */

#define BLOCKS_LEFT 10 /* at either end */

/* All others were deleted; the first one behind them has another version, too. */
static struct blocks *
list_ends(void)
{
	struct blocks *all = blocks_new();
	struct blocks_part *p = blocks_part_new(all, NULL, 0, true);

	for (unsigned b = 0; b < BLOCKS; b++) {
		if (b >= BLOCKS_LEFT && b < BLOCKS - BLOCKS_LEFT)
			continue;
		for (unsigned i = 0; i < DELTAS_ADDED; i++)
			add_delta(p, b, i, b == BLOCKS - BLOCKS_LEFT);
	}
	blocks_part_end(p);
	assert_int_equal(blocks_list(all)->n, 2 * BLOCKS_LEFT);
	return all;
}

/* Of what was between its keys only so many blocks are read. */
static void
read_ends(const struct store *s)
{
	struct blocks *all = list_ends();
	struct memo_index index;
	struct memo_known known;
	struct memo_run run;
	struct err err = ERR_INIT;
	int64_t n = 0;

	memo_index_init(&index);
	assert_int_equal(memo_index_parse(&index, s->index.data, s->index.len,
					  BUCKET, &err),
			 MEMO_GOOD);
	memo_index_match(&index, blocks_list(all), false, &known);
	assert_int_equal(known.n_changed, 1);
	assert_true(memo_run_init(&run, &index, blocks_list(all), 0, false));
	for (size_t i = 0; i < run.n_extents; i++)
		n += run.extents[i].n;
	assert_in_range(n, 1, 16 * BLOCK_DELTAS);
	assert_int_equal(run.from, BLOCKS_LEFT);
	memo_run_clear(&run);
	memo_index_clear(&index);
	blocks_free(all);
}

static void
store_clear(struct store *s)
{
	buf_clear(&s->index);
	for (unsigned i = 0; i < PACKS; i++)
		buf_clear(&s->packs[i]);
}

static void
test_ten_million_deltas(void **state)
{
	struct store *s = xnew(struct store);
	size_t before = allocated(), most;

	(void)state;
	buf_init(&s->index, INDEX_BYTES_MAX);
	most = write_all(s);
	print_message(
		"%u blocks: %zu bytes of index; %.1f MiB while all is learned\n",
		BLOCKS, s->index.len, (double)most / MIB);
	assert_in_range(most, least(), 16 * MIB);
	most = read_changed(s);
	print_message("%.1f MiB while half of it is listed again\n",
		      (double)most / MIB);
	assert_in_range(most, least(), 16 * MIB);
	read_ends(s);
	store_clear(s);
	assert_in_range(allocated(), before, before + MIB / 16);
	free(s);
}

/* --- files of the memo of sampled --- */

#define HALF (MEMO_HELD_MAX / 2)

/* What is resident, "VmRSS:", or was at most, "VmHWM:". */
static size_t
resident(const char *what)
{
	FILE *f = fopen("/proc/self/status", "re");
	char line[256];
	size_t kib = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		if (strncmp(line, what, strlen(what)) == 0)
			kib = strtoul(line + strlen(what), NULL, 10);
	fclose(f);
	return kib * 1024;
}

/* The most is counted from now on; false: the kernel can't. */
static bool
forget_most(void)
{
	int fd = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
	bool is_done = fd >= 0 && write(fd, "5", 1) == 1;

	if (fd >= 0)
		close(fd);
	return is_done;
}

static void
add_records(struct memo_file *f, unsigned from, unsigned n)
{
	struct memo_record r = { .id = { 0 } };

	for (unsigned i = from; i < from + n; i++) {
		big_endian_put(r.id, 8, i * UINT64_C(0x9e3779b97f4a7c15));
		assert_int_equal(memo_file_add(f, &r), 0);
	}
}

/* A base of half of what there is room for, and as much is learned: they become one. */
static void
test_two_files(void **state)
{
	const struct memo_sweep s = { .is_of_all = false };
	bool is_counted =
		!__sanitizer_get_current_allocated_bytes && least() > 0;
	size_t before;
	struct memo m;

	(void)state;
	heap_setup();
	before = resident("VmRSS:");
	memo_init(&m, BUCKET);
	for (unsigned i = 0; i < 2; i++) {
		add_records(&m.learned, i * HALF, HALF);
		is_counted = forget_most() && is_counted;
		assert_int_equal(memo_end_sweep(&m, &s, 1), MEMO_WRITE_BASE);
		assert_non_null(memo_pack(&m, MEMO_WRITE_BASE, &s, 1));
		memo_note_written(&m, true);
	}
	assert_int_equal(m.base.file.n, 2 * HALF);
	if (is_counted)
		assert_in_range(resident("VmHWM:"), before + 14 * MIB,
				before + 21 * MIB);
	memo_clear(&m);
	if (is_counted)
		assert_in_range(resident("VmRSS:"), 0, before + 2 * MIB);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ten_million_deltas),
		cmocka_unit_test(test_two_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
