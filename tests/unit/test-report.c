/* SPDX-License-Identifier: MIT */
/*
 * Results and counters as text: tables of members, their JSON, and what is told of
 * a bucket.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fake-clock.h"
#include "report/bucket-report.h"
#include "report/json.h"
#include "report/load-report.h"
#include "report/metrics.h"
#include "report/mode-report.h"
#include "report/mount-report.h"
#include "util/date.h"

/* --- JSON ------------------------------------------------------------------------ */

struct sample {
	bool has_part, has_other;
	int64_t n, unknown, ms, when, yes;
	const char *text, *no_text;
	double ratio;
	uint64_t several[3];
};

#define AT(field) offsetof(struct sample, field)

static const char *const colours[] = { "none", "red", "green" };
static const struct axis by_colour = {
	.label = "colour", .names = colours, .first = 1, .n = 3
};

static const struct member rows[] = {
	{ .path = "n", .metric = "x_n", .kind = MEMBER_COUNT, .at = AT(n) },
	{ .path = "part.unknown", .kind = MEMBER_BYTES, .at = AT(unknown) },
	{ .metric = "x_hidden", .kind = MEMBER_COUNT, .at = AT(n) },
	{ .path = "part.deep.ms", .kind = MEMBER_SECONDS, .at = AT(ms) },
	{ .path = "part.deep.rate", .kind = MEMBER_PER_SECOND, .at = AT(ms) },
	{ .path = "part.deep.cost", .kind = MEMBER_MONEY, .at = AT(ms) },
	{ .path = "part.when", .kind = MEMBER_TIME, .at = AT(when) },
	{ .path = "other.text", .kind = MEMBER_TEXT, .at = AT(text) },
	{ .path = "other.none", .kind = MEMBER_TEXT, .at = AT(no_text) },
	{ .path = "several",
	  .kind = MEMBER_COUNT,
	  .at = AT(several),
	  .axis = &by_colour },
	{ .path = "ratio", .kind = MEMBER_RATIO, .at = AT(ratio) },
	{ .path = "yes", .kind = MEMBER_FLAG, .at = AT(yes) },
};

static const struct member_part parts[] = {
	{ "part", AT(has_part) },
	{ "other", AT(has_other) },
};

static const struct members members = { rows, ARRAY_SIZE(rows), parts,
					ARRAY_SIZE(parts) };

static struct sample
sample_new(void)
{
	return (struct sample){
		.has_part = true,
		.has_other = true,
		.n = INT64_MAX,
		.unknown = MEMBER_UNKNOWN,
		.ms = 1002,
		.when = FAKE_CLOCK_EPOCH,
		.yes = 1,
		.text = "a \"b\" \\ \n \xc3\xbc \xff",
		.ratio = 0.25,
		.several = { 1, 2, 3 },
	};
}

static void
expect_json(const struct sample *s, const char *expected)
{
	struct buf out CLEANUP_BUF = BUF_INIT(4096);

	assert_int_equal(json_add_members(&out, &members, s, 1), 0);
	assert_string_equal(buf_str(&out), expected);
}

static void
test_json(void **state)
{
	struct sample s = sample_new();

	(void)state;
	expect_json(&s, "  \"n\": 9223372036854775807,\n"
			"  \"part\": {\n"
			"    \"unknown\": null,\n"
			"    \"deep\": {\n"
			"      \"ms\": 1.002,\n"
			"      \"rate\": 1.002,\n"
			"      \"cost\": 0.000001002\n"
			"    },\n"
			"    \"when\": \"2025-10-14T10:30:00Z\"\n"
			"  },\n"
			"  \"other\": {\n"
			"    \"text\": \"a \\\"b\\\" \\\\ \\u000a \xc3\xbc "
			"\\\\xff\",\n"
			"    \"none\": null\n"
			"  },\n"
			"  \"several\": {\n"
			"    \"red\": 2,\n"
			"    \"green\": 3\n"
			"  },\n"
			"  \"ratio\": 0.25,\n"
			"  \"yes\": true");
}

/* A text is the last that is there: behind it nothing is read (of 32 bits, too). */
static void
test_json_at_the_end(void **state)
{
	static const struct member row = { .path = "text",
					   .kind = MEMBER_TEXT };
	const struct members m = { &row, 1, NULL, 0 };
	struct buf out CLEANUP_BUF = BUF_INIT(64);
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	const char *text = "x", **at;
	char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_ptr_not_equal(pages, MAP_FAILED);
	assert_int_equal(mprotect(pages + page, page, PROT_NONE), 0);
	at = (const char **)(void *)(pages + page) - 1;
	*at = text;
	assert_int_equal(json_add_members(&out, &m, at, 0), 0);
	assert_string_equal(buf_str(&out), "\"text\": \"x\"");
	munmap(pages, 2 * page);
}

/* Each part is null once, however many rows it has. */
static void
test_json_without_parts(void **state)
{
	struct sample s = sample_new();

	(void)state;
	s.has_part = s.has_other = false;
	s.yes = MEMBER_UNKNOWN;
	expect_json(&s, "  \"n\": 9223372036854775807,\n"
			"  \"part\": null,\n"
			"  \"other\": null,\n"
			"  \"several\": {\n"
			"    \"red\": 2,\n"
			"    \"green\": 3\n"
			"  },\n"
			"  \"ratio\": 0.25,\n"
			"  \"yes\": null");
	s.has_other = true;
	s.text = "";
	expect_json(&s, "  \"n\": 9223372036854775807,\n"
			"  \"part\": null,\n"
			"  \"other\": {\n"
			"    \"text\": \"\",\n"
			"    \"none\": null\n"
			"  },\n"
			"  \"several\": {\n"
			"    \"red\": 2,\n"
			"    \"green\": 3\n"
			"  },\n"
			"  \"ratio\": 0.25,\n"
			"  \"yes\": null");
}

/* A text that does not fit is an error, and never a part of one. */
static void
test_json_too_long(void **state)
{
	struct sample s = sample_new();
	struct buf out CLEANUP_BUF = BUF_INIT(100);

	(void)state;
	assert_int_equal(json_add_members(&out, &members, &s, 1), -EFBIG);
}

/* --- metrics ---------------------------------------------------------------------- */

static const struct member families[] = {
	{ .metric = "x_n",
	  .kind = MEMBER_COUNT,
	  .at = AT(n),
	  .meaning = "Number" },
	{ .path = "no.metric", .kind = MEMBER_COUNT, .at = AT(n) },
	{ .path = "part.unknown",
	  .metric = "x_unknown",
	  .kind = MEMBER_BYTES,
	  .at = AT(unknown),
	  .meaning = "Unknown" },
	{ .path = "part.seconds",
	  .metric = "x_seconds",
	  .kind = MEMBER_SECONDS,
	  .at = AT(ms),
	  .meaning = "Seconds" },
	{ .metric = "x_total",
	  .kind = MEMBER_COUNT,
	  .is_counter = true,
	  .at = AT(several),
	  .axis = &by_colour,
	  .meaning = "Several" },
	{ .metric = "x_ratio",
	  .kind = MEMBER_RATIO,
	  .at = AT(ratio),
	  .meaning = "Ratio" },
	{ .metric = "x_time_seconds",
	  .kind = MEMBER_TIME,
	  .at = AT(when),
	  .meaning = "Time" },
};

/* Each family once, with the samples of all; without those that have none. */
static void
test_metrics(void **state)
{
	const struct members m = { families, ARRAY_SIZE(families), parts,
				   ARRAY_SIZE(parts) };
	struct sample a = sample_new(), b = sample_new();
	const struct sample_source sources[] = { { "of=\"a\"", &a },
						 { "", &b } };
	struct buf out CLEANUP_BUF = BUF_INIT(4096);

	(void)state;
	a.has_part = false;
	b.n = 7;
	assert_int_equal(metrics_add(&out, &m, sources, 2), 0);
	assert_string_equal(buf_str(&out),
			    "# HELP x_n Number.\n"
			    "# TYPE x_n gauge\n"
			    "x_n{of=\"a\"} 9223372036854775807\n"
			    "x_n 7\n"
			    "# HELP x_seconds Seconds.\n"
			    "# TYPE x_seconds gauge\n"
			    "x_seconds 1.002\n"
			    "# HELP x_total Several.\n"
			    "# TYPE x_total counter\n"
			    "x_total{of=\"a\",colour=\"red\"} 2\n"
			    "x_total{of=\"a\",colour=\"green\"} 3\n"
			    "x_total{colour=\"red\"} 2\n"
			    "x_total{colour=\"green\"} 3\n"
			    "# HELP x_ratio Ratio.\n"
			    "# TYPE x_ratio gauge\n"
			    "x_ratio{of=\"a\"} 0.25\n"
			    "x_ratio 0.25\n"
			    "# HELP x_time_seconds Time.\n"
			    "# TYPE x_time_seconds gauge\n"
			    "x_time_seconds{of=\"a\"} 1760437800\n"
			    "x_time_seconds 1760437800\n");
}

/* An array of arrays has two labels, or names. */
static void
test_inner_axis(void **state)
{
	static const char *const inner_names[] = { "x", "y" };
	static const struct axis inner = { .label = "inner",
					   .names = inner_names,
					   .n = 2 };
	static const struct axis outer = { .label = "colour",
					   .names = colours,
					   .first = 1,
					   .n = 3,
					   .inner = &inner };
	static const struct member row = { .path = "table",
					   .metric = "x_table",
					   .kind = MEMBER_COUNT,
					   .axis = &outer,
					   .meaning = "Table" };
	static const struct members m = { .rows = &row, .n_rows = 1 };
	static const uint64_t data[3][2] = { { 1, 2 }, { 3, 4 }, { 5, 6 } };
	const struct sample_source source = { "", data };
	struct buf out CLEANUP_BUF = BUF_INIT(4096);

	(void)state;
	assert_int_equal(metrics_add(&out, &m, &source, 1), 0);
	assert_string_equal(buf_str(&out),
			    "# HELP x_table Table.\n"
			    "# TYPE x_table gauge\n"
			    "x_table{colour=\"red\",inner=\"x\"} 3\n"
			    "x_table{colour=\"red\",inner=\"y\"} 4\n"
			    "x_table{colour=\"green\",inner=\"x\"} 5\n"
			    "x_table{colour=\"green\",inner=\"y\"} 6\n");
	buf_clear(&out);
	assert_int_equal(json_add_members(&out, &m, data, 0), 0);
	assert_string_equal(buf_str(&out), "\"table\": {\n"
					   "  \"red\": {\n"
					   "    \"x\": 3,\n"
					   "    \"y\": 4\n"
					   "  },\n"
					   "  \"green\": {\n"
					   "    \"x\": 5,\n"
					   "    \"y\": 6\n"
					   "  }\n"
					   "}");
}

static void
test_histogram(void **state)
{
	static const int64_t steps[] = { 5, 1000 };
	static const uint64_t n_within[] = { 1, 2, 4 };
	static const struct member row = { .metric = "x_seconds",
					   .kind = MEMBER_HISTOGRAM,
					   .meaning = "Time" };
	static const struct members m = { .rows = &row, .n_rows = 1 };
	const struct member_histogram data = { ARRAY_SIZE(steps), steps,
					       n_within, 1234 };
	const struct sample_source source = { "a=\"b\"", &data };
	struct buf out CLEANUP_BUF = BUF_INIT(4096);

	(void)state;
	assert_int_equal(metrics_add(&out, &m, &source, 1), 0);
	assert_string_equal(buf_str(&out),
			    "# HELP x_seconds Time.\n"
			    "# TYPE x_seconds histogram\n"
			    "x_seconds_bucket{a=\"b\",le=\"0.005\"} 1\n"
			    "x_seconds_bucket{a=\"b\",le=\"1\"} 3\n"
			    "x_seconds_bucket{a=\"b\",le=\"+Inf\"} 7\n"
			    "x_seconds_sum{a=\"b\"} 1.234\n"
			    "x_seconds_count{a=\"b\"} 7\n");
}

static void
test_labels(void **state)
{
	struct buf labels CLEANUP_BUF = BUF_INIT(100);

	(void)state;
	metrics_add_label(&labels, "a", "x");
	metrics_add_label(&labels, "b", "\"\\\n\xc3\xbc");
	assert_string_equal(buf_str(&labels),
			    "a=\"x\",b=\"\\\"\\\\\\n\xc3\xbc\"");
}

/* A comment, of one byte at least, is what makes it longer. */
static void
test_metrics_fill(void **state)
{
	static const struct {
		size_t blanks;
		const char *expected;
	} cases[] = { { 0, "x 1\n#\n" },
		      { 1, "x 1\n# \n" },
		      { 5, "x 1\n#     \n" } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct buf text CLEANUP_BUF = BUF_INIT(100);
		struct buf out CLEANUP_BUF = BUF_INIT(100);

		buf_add_str(&text, "x 1\n");
		assert_int_equal(metrics_add_end(&text), 0);
		assert_int_equal(
			metrics_fill(&out, buf_str(&text), cases[i].blanks), 0);
		assert_string_equal(buf_str(&out), cases[i].expected);
	}
}

/* --- the table of a mode ----------------------------------------------------------- */

static bool
has_end(const char *s, const char *end)
{
	size_t len = strlen(s), n = strlen(end);

	return len >= n && strcmp(s + len - n, end) == 0;
}

static void
expect_row(const struct member *m)
{
	assert_true(m->path || m->metric);
	assert_true(*m->meaning);
	assert_false(has_end(m->meaning, "."));
	assert_int_equal(m->at % sizeof(int64_t), 0);
	if (!m->metric)
		return;
	assert_int_not_equal(m->kind, MEMBER_TEXT);
	assert_ptr_equal(strstr(m->metric, "dgstatfs_"), m->metric);
	assert_int_equal(has_end(m->metric, "_total"), m->is_counter);
	if (m->kind == MEMBER_SECONDS || m->kind == MEMBER_TIME)
		assert_true(has_end(m->metric, "_seconds"));
	if (m->kind == MEMBER_BYTES)
		assert_true(has_end(m->metric, "_bytes"));
}

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < mount_members.n_rows; i++)
		expect_row(&mount_members.rows[i]);
	for (size_t i = 0; i < load_members.n_rows; i++)
		expect_row(&load_members.rows[i]);
	for (size_t i = 0; i < mode_members.n_rows; i++) {
		const struct member *m = &mode_members.rows[i];

		expect_row(m);
		for (size_t k = 0; k < i && m->path; k++)
			if (mode_members.rows[k].path)
				assert_string_not_equal(
					m->path, mode_members.rows[k].path);
		for (size_t k = 0; k < i && m->metric; k++)
			if (mode_members.rows[k].metric)
				assert_string_not_equal(
					m->metric, mode_members.rows[k].metric);
	}
}

/* --- values ------------------------------------------------------------------------ */

static void
expect_left(const struct mode_state *s, enum mode mode, int64_t now_ms,
	    int64_t rate, int64_t left_ms)
{
	struct mode_report r;

	mode_report_fill(&r, s, mode, now_ms);
	assert_true(r.has_progress);
	assert_int_equal(r.rate, rate);
	assert_int_equal(r.left_ms, left_ms);
}

static void
test_progress(void **state)
{
	struct result last = { .listed.validation.object_count = 1000 };
	struct mode_state s = { .progress = { .activity = ACTIVITY_LISTING,
					      .began_at_ms = 1000 } };

	(void)state;
	expect_left(&s, MODE_QUICK, 1000, MEMBER_UNKNOWN, MEMBER_UNKNOWN);
	expect_left(&s, MODE_QUICK, 1500, MEMBER_UNKNOWN, MEMBER_UNKNOWN);
	s.progress.counts.began_at_ms = 1000;
	expect_left(&s, MODE_QUICK, 1500, 0, MEMBER_UNKNOWN);
	s.progress.counts.n_objects = 250;
	expect_left(&s, MODE_QUICK, 1500, 500000, MEMBER_UNKNOWN);
	s.result = &last;
	expect_left(&s, MODE_QUICK, 1500, 500000, 1500);
	expect_left(&s, MODE_DETAILED, 1500, 500000, MEMBER_UNKNOWN);
	s.progress.counts.n_objects = 1001; /* it has grown */
	expect_left(&s, MODE_QUICK, 1500, 2002000, MEMBER_UNKNOWN);
	s.progress.activity = ACTIVITY_HEADING;
	s.progress.counts.n_heads_wanted = 300;
	expect_left(&s, MODE_DETAILED, 2000, 0, MEMBER_UNKNOWN);
	s.progress.counts.n_heads = 100;
	expect_left(&s, MODE_DETAILED, 3000, 50000, 4000);
	/* since the LIST of which these are, be it the second one */
	s.progress.counts.began_at_ms = 2000;
	expect_left(&s, MODE_DETAILED, 3000, 100000, 2000);
	/* a probe alone: its own, and no HEADs */
	s.progress.activity = ACTIVITY_COMPARING;
	expect_left(&s, MODE_DETAILED, 4000, MEMBER_UNKNOWN, MEMBER_UNKNOWN);
	s.progress.of_probe = (struct counts){ .began_at_ms = 3000,
					       .n_pages = 1,
					       .n_objects = 500 };
	expect_left(&s, MODE_DETAILED, 4000, 500000, 1000);
}

/* Waiting for a next try is a state of its own, if there is nothing else. */
static void
test_retrying(void **state)
{
	static const struct {
		enum activity activity;
		struct meter_load load;
		const char *expected;
	} cases[] = {
		{ ACTIVITY_LISTING, { 0, 0 }, "listing" },
		{ ACTIVITY_LISTING, { 1, 1 }, "listing" },
		{ ACTIVITY_LISTING, { 0, 1 }, "retrying" },
		{ ACTIVITY_STORING, { 0, 2 }, "retrying" },
		{ ACTIVITY_COMPARING, { 1, 0 }, "listing" },
		{ ACTIVITY_IDLE, { 0, 2 }, "idle" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct mode_state s = { .progress.activity =
						cases[i].activity };
		struct mode_report r;

		mode_report_fill(&r, &s, MODE_QUICK, 0);
		mode_report_set_load(&r, &cases[i].load);
		assert_string_equal(r.state, cases[i].expected);
	}
}

/* Those of all buckets that have a result, and no others. */
static void
test_all_buckets(void **state)
{
	struct result *r = result_new(&(struct result){ .computed_at = 1 });
	struct subject s = { .buckets = buckets_new(1000, NULL, 0),
			     .meter = meter_new() };
	struct buf out CLEANUP_BUF = BUF_INIT(REPORT_OF_ALL_MAX);

	(void)state;
	buckets_set_there(s.buckets, "one");
	buckets_set_there(s.buckets, "two");
	buckets_set_there(s.buckets, "three");
	publish_result(&buckets_get(s.buckets, 0)->published, MODE_QUICK, r);
	publish_result(&buckets_get(s.buckets, 2)->published, MODE_SAMPLED, r);
	result_unref(r);
	assert_int_equal(mount_metrics_of_all(&s, &out), 0);
	assert_non_null(strstr(buf_str(&out), "dgstatfs_build_info{version="));
	assert_non_null(strstr(buf_str(&out), "bucket=\"one\""));
	assert_null(strstr(buf_str(&out), "bucket=\"two\""));
	assert_non_null(strstr(buf_str(&out), "bucket=\"three\""));
	buckets_free(s.buckets);
	meter_free(s.meter);
}

static void
test_nothing(void **state)
{
	struct mode_state s = { .result = NULL };
	struct mode_report r;

	(void)state;
	mode_report_fill(&r, &s, MODE_QUICK, 0);
	assert_string_equal(r.state, "idle");
	assert_int_equal(r.is_up, MEMBER_UNKNOWN);
	assert_int_equal(r.is_running, 0);
	assert_false(r.has_progress);
	assert_false(r.has_result);
	assert_false(r.has_failure);
}

static struct mode_state
rich_state(struct result *r)
{
	*r = (struct result){
		.computed_at = 1000,
		.figures = { .object_count = 3,
			     .total_size = 100,
			     .compressed_size = 25,
			     .space_saved = 75,
			     .average_compression_ratio = 0.75,
			     .delta_objects = 2,
			     .direct_objects = 1,
			     .exact_deltas = 1,
			     .estimated_deltas = 1 },
		.listed = { .began_at = 2000,
			    .took_ms = 7,
			    .validation = { .object_count = 4,
					    .compressed_size = 30 } },
		.how = RESULT_COMPUTED,
		.why = WHY_COUNT,
		.cost = { .list = { 1, 1000 },
			  .head = { 2, 500 },
			  .get = { 3, 1024 },
			  .put = { 4, 2048 },
			  .memo = { .n_spared = 1001,
				    .n_blocks = 12,
				    .n_changed = 11,
				    .n_records = 1002,
				    .n_read = 1003,
				    .written = { 2, 1004 },
				    .written_at = 4000 },
			  .ms = 1234 },
	};
	return (struct mode_state){
		.result = r,
		.failure = { .at = 3000,
			     .err = { .code = EACCES,
				      .status = 403,
				      .word = "AccessDenied",
				      .msg = "LIST bkt: HTTP status 403" } },
		.is_failing = true,
		.n_by_how = { 1, 2, 3 },
		.n_by_why = { [WHY_COUNT] = 5 },
		.n_failures = 6,
		.n_puts_failed = 7,
	};
}

static void
test_values(void **state)
{
	struct result result;
	struct mode_state s = rich_state(&result);
	struct mode_report r;
	struct buf out CLEANUP_BUF = BUF_INIT(16384);

	(void)state;
	mode_report_fill(&r, &s, MODE_DETAILED, 0);
	assert_int_equal(r.is_up, 0);
	assert_int_equal(json_add_members(&out, &mode_members, &r, 0), 0);
	for (size_t i = 0; i < 24; i++) {
		static const char *const expected[] = {
			"\"spared\": 1001",
			"\"blocks\": 12",
			"\"blocks_changed\": 11",
			"\"records\": 1002",
			"\"bytes_read\": 1003",
			"\"bytes_written\": 1004",
			"\"written_at\": \"1970-01-01T01:06:40Z\"",
			"\"progress\": null",
			"\"computed_at\": \"1970-01-01T00:16:40Z\"",
			"\"validated_at\": \"1970-01-01T00:33:20Z\"",
			"\"how\": \"computed\"",
			"\"why\": \"count\"",
			"\"saved_ratio\": 0.75",
			"\"listed_objects\": 4",
			"\"list_seconds\": 0.007",
			"\"seconds\": 1.234",
			"\"put\": 2048",
			"\"memory\": 2",
			"\"count\": 5",
			"\"failures\": 6",
			"\"puts_failed\": 7",
			"\"reason\": \"Permission denied\"",
			"\"code\": \"AccessDenied\"",
			"\"request_id\": null",
		};

		assert_non_null(strstr(buf_str(&out), expected[i]));
	}
}

/* Whatever is told, it fits: all documents with the longest message each. */
static void
test_longest(void **state)
{
	struct buckets *buckets = buckets_new(1000, NULL, 0);
	struct err err = { .code = EIO };
	struct buf out CLEANUP_BUF = BUF_INIT(REPORT_MAX);
	struct subject s = { .buckets = buckets, .meter = meter_new() };

	(void)state;
	fake_clock_reset();
	memset(err.msg, '"', sizeof(err.msg) - 1);
	memset(err.word, '\\', sizeof(err.word) - 1);
	memset(err.request_id, '"', sizeof(err.request_id) - 1);
	buckets_set_there(buckets, "bkt");
	s.bucket = buckets_get(buckets, 0);
	for (int mode = 0; mode < N_DOCUMENTS; mode++)
		publish_failure(&s.bucket->published, (enum mode)mode, &err);
	assert_int_equal(bucket_status(&s, &out), 0);
	assert_in_range(out.len, 3 * sizeof(err.msg), REPORT_MAX / 2);
	buf_clear(&out);
	assert_int_equal(bucket_metrics(&s, &out), 0);
	assert_in_range(out.len, 1, REPORT_MAX / 2);
	buckets_free(buckets);
	meter_free(s.meter);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_json_at_the_end),
		cmocka_unit_test(test_json_without_parts),
		cmocka_unit_test(test_json_too_long),
		cmocka_unit_test(test_metrics),
		cmocka_unit_test(test_inner_axis),
		cmocka_unit_test(test_histogram),
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_metrics_fill),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_progress),
		cmocka_unit_test(test_retrying),
		cmocka_unit_test(test_all_buckets),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_longest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
