/* SPDX-License-Identifier: MIT */
/*
 * The files of a bucket: what control files say, what writing to them does, and
 * what stat(2) shows of files that nobody has open.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <sys/param.h>

#include "fake-clock.h"
#include "fs/files.h"
#include "stats/doc.h"

#define UNREAD 1234 /* seconds: the time of the mount */
#define EMPTY_NS 656037 /* FNV-1a of no bytes, modulo 10^6 */

struct world {
	struct buckets *buckets;
	struct bucket *bucket;
	struct meter *meter;
	struct file_state own_files[OWN_FILES_MAX];
	struct subject subject, own; /* the bucket, the mount */
};

static const struct file *
find(const char *name)
{
	return file_find(&bucket_folder, name);
}

static void
world_init(struct world *w)
{
	fake_clock_reset();
	w->buckets = buckets_new(1000, NULL, 0);
	buckets_set_there(w->buckets, "releases");
	w->bucket = buckets_get(w->buckets, 0);
	w->meter = meter_new();
	memset(w->own_files, 0, sizeof(w->own_files));
	w->subject = (struct subject){ .bucket = w->bucket,
				       .buckets = w->buckets,
				       .meter = w->meter,
				       .states = w->bucket->files,
				       .mounted_at = UNREAD };
	w->own = w->subject;
	w->own.bucket = NULL;
	w->own.states = w->own_files;
}

static void
world_clear(struct world *w)
{
	buckets_free(w->buckets);
	meter_free(w->meter);
}

/* Each `expected` is what cat(1) shows; stat(2) gives its length. */
static void
expect(const struct world *w, const char *name, const char *expected)
{
	const struct file *f = find(name);
	struct buf text CLEANUP_BUF = BUF_INIT(0);
	struct err err = ERR_INIT;

	assert_int_equal(file_render(f, &w->subject, &text, &err), 0);
	assert_int_equal(err.code, 0);
	assert_string_equal(buf_str(&text), expected);
	assert_int_equal(file_size(f, &w->subject), strlen(expected));
}

static void
expect_time(const struct world *w, const struct file *f, int64_t seconds,
	    long nanoseconds)
{
	struct timespec t = file_mtime(f, &w->subject);

	assert_int_equal(t.tv_sec, seconds);
	assert_int_equal(t.tv_nsec, nanoseconds);
}

static int
put(const struct world *w, const char *name, const char *text)
{
	struct err err = ERR_INIT;
	int rc = file_write(find(name), &w->subject, text, strlen(text), &err);

	assert_int_equal(rc, -err.code);
	return rc;
}

static void
test_table(void **state)
{
	static const char *const names[] = {
		"stats_quick.json", "stats_sampled.json", "stats_detailed.json",
		"prefixes.json",    "prefixes.ncdu.json", "refresh",
		"nocache",	    "status.json",	  "metrics.prom"
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct file *f = find(names[i]);

		assert_non_null(f);
		assert_string_equal(f->name, names[i]);
		assert_int_equal(f->mode, f->write ? 0644 : 0444);
		assert_int_equal(f->is_stats, !f->render);
		assert_int_equal(f->is_stats || f->fill, !f->write);
		assert_int_equal(f->is_stats, f->text_max == 0);
		if (f->is_stats)
			assert_non_null(
				strstr(f->name, mode_names[f->stats_mode]));
	}
	for (unsigned i = 0; i < own_folder.n; i++)
		assert_int_equal(own_folder.files[i].mode, 0444);
	assert_null(find(""));
	assert_null(find("stats_quick"));
	assert_null(find("REFRESH"));
}

static void
test_refresh(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	expect(&w, "refresh", "");
	assert_int_equal(put(&w, "refresh", "detailed quick\n"), 0);
	expect(&w, "refresh", "quick detailed\n");
	assert_int_equal(put(&w, "refresh", "bogus"), -EINVAL);
	expect(&w, "refresh", "quick detailed\n"); /* changes nothing */
	/* a second mark while the first is worked on counts */
	assert_int_equal(put(&w, "refresh", "quick"), 0);
	atomic_store(&w.bucket->done[MODE_QUICK], 1);
	expect(&w, "refresh", "quick detailed\n");
	atomic_store(&w.bucket->done[MODE_QUICK], 2);
	expect(&w, "refresh", "detailed\n");
	assert_int_equal(put(&w, "refresh", ""), 0);
	expect(&w, "refresh", "quick sampled detailed\n");
	world_clear(&w);
}

static void
test_touch(void **state)
{
	struct world w;
	const struct file *f = find("refresh");

	(void)state;
	world_init(&w);
	fake_clock_advance(5000);
	file_touch(f, &w.subject);
	expect(&w, "refresh", "quick sampled detailed\n");
	expect_time(&w, f, FAKE_CLOCK_EPOCH + 5, 0);
	f = find("nocache");
	file_touch(f, &w.subject); /* no command */
	expect(&w, "nocache", "0\n");
	expect_time(&w, f, FAKE_CLOCK_EPOCH, 0);
	world_clear(&w);
}

static void
test_nocache(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	expect(&w, "nocache", "0\n");
	assert_int_equal(put(&w, "nocache", "yes\n"), 0);
	expect(&w, "nocache", "1\n");
	assert_int_equal(put(&w, "nocache", "maybe"), -EINVAL);
	assert_int_equal(put(&w, "nocache", ""), -EINVAL);
	expect(&w, "nocache", "1\n");
	assert_int_equal(put(&w, "nocache", "off"), 0);
	expect(&w, "nocache", "0\n");
	world_clear(&w);
}

static void
test_times(void **state)
{
	const struct file *refresh = find("refresh");
	const struct file *nocache = find("nocache");
	struct world w;

	(void)state;
	world_init(&w);
	expect_time(&w, refresh, FAKE_CLOCK_EPOCH, 0);
	fake_clock_advance(3000);
	put(&w, "nocache", "1");
	expect_time(&w, refresh, FAKE_CLOCK_EPOCH, 0);
	expect_time(&w, nocache, FAKE_CLOCK_EPOCH + 3, 0);
	fake_clock_advance(3000);
	put(&w, "nocache", "bogus");
	put(&w, "refresh", "bogus");
	expect_time(&w, nocache, FAKE_CLOCK_EPOCH + 3, 0);
	expect_time(&w, refresh, FAKE_CLOCK_EPOCH, 0);
	world_clear(&w);
}

/* Each control file of the table has a time, and it is its own. */
static void
test_own_times(void **state)
{
	struct world w;

	(void)state;
	for (unsigned k = 0; k < bucket_folder.n; k++) {
		if (!bucket_folder.files[k].write)
			continue;
		world_init(&w);
		fake_clock_advance(2000);
		assert_int_equal(put(&w, bucket_folder.files[k].name, "1"), 0);
		for (unsigned i = 0; i < bucket_folder.n; i++)
			if (bucket_folder.files[i].write)
				expect_time(&w, &bucket_folder.files[i],
					    FAKE_CLOCK_EPOCH + (i == k ? 2 : 0),
					    0);
		world_clear(&w);
	}
}

static int
render_half(const struct subject *s, struct buf *out)
{
	(void)s;
	assert_int_equal(buf_add_str(out, "half of "), 0);
	return -EIO;
}

static int
render_two_parts(const struct subject *s, struct buf *out)
{
	int rc = buf_add_str(out, "1234");

	(void)s;
	return rc ? rc : buf_add_str(out, "5678");
}

/* All of a text, or an error that names the file: never a part of one. */
static void
test_render(void **state)
{
	static const struct {
		struct file file;
		const char *text;
		int code;
	} cases[] = {
		{ { "fits", .text_max = 8, .render = render_two_parts },
		  "12345678",
		  0 },
		{ { "one-less", .text_max = 7, .render = render_two_parts },
		  "",
		  EFBIG },
		{ { "half", .text_max = 4, .render = render_two_parts },
		  "",
		  EFBIG },
		{ { "nothing", .text_max = 0, .render = render_two_parts },
		  "",
		  EFBIG },
		{ { "fails", .text_max = 8, .render = render_half }, "", EIO },
	};
	struct world w;

	(void)state;
	world_init(&w);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct file *f = &cases[i].file;
		struct buf text CLEANUP_BUF = BUF_INIT(0);
		struct err err = ERR_INIT;

		assert_int_equal(file_render(f, &w.subject, &text, &err),
				 -cases[i].code);
		assert_int_equal(err.code, cases[i].code);
		if (cases[i].code)
			assert_non_null(strstr(err.msg, f->name));
		assert_string_equal(buf_str(&text), cases[i].text);
		assert_int_equal(file_size(f, &w.subject),
				 strlen(cases[i].text));
	}
	world_clear(&w);
}

/* As it would be in any other mount. */
static void
publish(struct world *w, enum mode mode, const char *text, int64_t computed_at)
{
	struct buf shown CLEANUP_BUF = BUF_INIT(DOC_LEN);
	struct text *shared CLEANUP(text_release) = NULL;
	struct result *r CLEANUP(result_release) = NULL;

	buf_add_str(&shown, text);
	shared = text_new(&shown);
	r = result_new(
		&(struct result){ .text = shared, .computed_at = computed_at });
	publish_result(&w->bucket->published, mode, r);
}

/* One size from the first moment on; the time of the mount, then its own. */
static void
test_stats(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	for (int mode = 0; mode < N_MODES; mode++) {
		char name[32];
		const struct file *f;

		snprintf(name, sizeof(name), "stats_%s.json", mode_names[mode]);
		f = find(name);
		assert_int_equal(file_size(f, &w.subject), DOC_LEN);
		expect_time(&w, f, UNREAD, 0);
		publish(&w, (enum mode)mode, "", 1000 + mode);
		expect_time(&w, f, 1000 + mode, EMPTY_NS);
		assert_int_equal(file_size(f, &w.subject), DOC_LEN);
	}
	world_clear(&w);
}

/* Of two documents of the same second each has a time of its own. */
static void
test_same_second(void **state)
{
	const struct file *f = find("stats_quick.json");
	struct world w;

	(void)state;
	world_init(&w);
	publish(&w, MODE_QUICK, "a", 1000);
	expect_time(&w, f, 1000, 641996);
	publish(&w, MODE_QUICK, "foobar", 1000);
	expect_time(&w, f, 1000, 436968);
	publish(&w, MODE_QUICK, "a", 1000);
	expect_time(&w, f, 1000, 641996);
	world_clear(&w);
}

/* A clock that is wrong, of this machine or of who computed it. */
static void
test_before_1970(void **state)
{
	const struct file *f = find("stats_quick.json");
	struct timespec t;
	struct world w;

	(void)state;
	world_init(&w);
	publish(&w, MODE_QUICK, "", -1);
	expect_time(&w, f, -1, EMPTY_NS);
	atomic_store(&w.bucket->files[find("refresh") - bucket_folder.files]
			      .changed_at,
		     -5);
	expect_time(&w, find("refresh"), -5, 0);
	w.subject.mounted_at = -7;
	t = file_mtime(find("stats_sampled.json"), &w.subject);
	assert_int_equal(t.tv_sec, -7);
	world_clear(&w);
}

/* --- reports ----------------------------------------------------------------------- */

/* With all texts so long, or as long as they can be; what is quoted gets longer. */
static void
fail_all(struct world *w, size_t len)
{
	struct err err = { .code = EIO };

	memset(err.msg, '"', MIN(len, sizeof(err.msg) - 1));
	memset(err.word, '"', MIN(len, sizeof(err.word) - 1));
	memset(err.request_id, '"', MIN(len, sizeof(err.request_id) - 1));
	for (int mode = 0; mode < N_MODES; mode++) {
		publish_failure(&w->bucket->published, (enum mode)mode, &err);
		publish_activity(&w->bucket->published, (enum mode)mode,
				 ACTIVITY_LISTING);
	}
}

/* What stat(2) says before and after, and how long it really is. */
static void
expect_report(struct world *w, int64_t before, int64_t length)
{
	const struct file *f = find("status.json");
	struct buf text CLEANUP_BUF = BUF_INIT(0);
	struct err err = ERR_INIT;

	assert_int_equal(file_size(f, &w->subject), before);
	assert_int_equal(file_render(f, &w->subject, &text, &err), 0);
	assert_int_equal(text.len, length);
	assert_int_equal(strlen(buf_str(&text)), length);
	assert_int_equal(file_size(f, &w->subject), length);
	assert_string_equal(buf_str(&text) + text.len - 3, "\n}\n");
}

/* Lengths go in steps, and do not shrink. */
static void
test_report_length(void **state)
{
	const int64_t least = find("status.json")->length_min;
	struct world w;

	(void)state;
	world_init(&w);
	assert_int_equal(least % FILE_STEP, 0);
	expect_report(&w, least, least);
	fail_all(&w, 10);
	expect_report(&w, least, least);
	fail_all(&w, SIZE_MAX);
	expect_report(&w, least, least + FILE_STEP);
	fail_all(&w, 10);
	expect_report(&w, least + FILE_STEP, least + FILE_STEP);
	world_clear(&w);
}

/* The time is that of what it tells. */
static void
test_report_time(void **state)
{
	const struct file *f = find("status.json");
	struct world w;

	(void)state;
	world_init(&w);
	expect_time(&w, f, FAKE_CLOCK_EPOCH, 0);
	fake_clock_advance(4000);
	expect_time(&w, f, FAKE_CLOCK_EPOCH, 0);
	fail_all(&w, 1);
	expect_time(&w, f, FAKE_CLOCK_EPOCH + 4, 0);
	publish(&w, MODE_QUICK, "", 1000);
	fake_clock_advance(1000);
	expect_time(&w, f, FAKE_CLOCK_EPOCH + 4, 0);
	publish_activity(&w.bucket->published, MODE_QUICK, ACTIVITY_LISTING);
	expect_time(&w, f, FAKE_CLOCK_EPOCH + 5, 0);
	world_clear(&w);
}

/* Of the mount: other texts under the same names, with lengths of their own. */
static void
test_own(void **state)
{
	const struct file *f = file_find(&own_folder, "status.json");
	struct buf text CLEANUP_BUF = BUF_INIT(0);
	struct err err = ERR_INIT;
	struct meter_call call;
	struct world w;

	(void)state;
	world_init(&w);
	assert_ptr_not_equal(f, find("status.json"));
	assert_int_equal(file_render(f, &w.own, &text, &err), 0);
	assert_int_equal(text.len % FILE_STEP, 0);
	assert_int_equal(file_size(f, &w.own), text.len);
	assert_non_null(strstr(buf_str(&text), PACKAGE_VERSION));
	assert_int_equal(file_mtime(f, &w.own).tv_sec, FAKE_CLOCK_EPOCH);
	fake_clock_advance(2000);
	meter_enter(w.meter, &call, NULL);
	meter_began(w.meter, &call);
	assert_int_equal(file_mtime(f, &w.own).tv_sec, FAKE_CLOCK_EPOCH + 2);
	meter_leave(w.meter, &call);
	world_clear(&w);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_refresh),
		cmocka_unit_test(test_touch),
		cmocka_unit_test(test_nocache),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_own_times),
		cmocka_unit_test(test_render),
		cmocka_unit_test(test_stats),
		cmocka_unit_test(test_same_second),
		cmocka_unit_test(test_before_1970),
		cmocka_unit_test(test_report_length),
		cmocka_unit_test(test_report_time),
		cmocka_unit_test(test_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
