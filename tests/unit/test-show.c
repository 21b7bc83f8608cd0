/* SPDX-License-Identifier: MIT */
/*
 * Statistics as text for people and programs without a mount.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/show.h"

static const struct figures big = {
	.object_count = 1234567,
	.total_size = 3 * 1024LL * 1024 * 1024,
	.compressed_size = 1024LL * 1024 * 1024,
	.space_saved = 2 * 1024LL * 1024 * 1024,
	.average_compression_ratio = 2.0 / 3,
	.delta_objects = 1234000,
	.direct_objects = 567,
};

static const struct figures small = {
	.object_count = 1,
	.total_size = 999,
	.compressed_size = 999,
	.direct_objects = 1,
};

static void
test_number(void **state)
{
	static const struct {
		int64_t n;
		const char *text;
	} cases[] = {
		{ 0, "0" },
		{ 999, "999" },
		{ 1000, "1,000" },
		{ 123456, "123,456" },
		{ 1234567, "1,234,567" },
		{ INT64_MAX, "9,223,372,036,854,775,807" },
	};
	char text[32];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		show_number(cases[i].n, text);
		assert_string_equal(text, cases[i].text);
	}
}

static void
test_size(void **state)
{
	static const struct {
		int64_t n;
		const char *text;
	} cases[] = {
		{ 0, "0 B" },
		{ 1023, "1023 B" },
		{ 1024, "1.00 KiB" },
		{ 1536, "1.50 KiB" },
		{ 1024 * 1024 - 1, "1.00 MiB" },
		{ 1024 * 1024 - 6, "1023.99 KiB" },
		{ 1LL << 30, "1.00 GiB" },
		{ (1LL << 40) * 5 / 2, "2.50 TiB" },
		{ 1LL << 50, "1.00 PiB" },
		{ INT64_MAX, "8.00 EiB" },
	};
	char text[32];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		show_size(cases[i].n, text);
		assert_string_equal(text, cases[i].text);
	}
}

/* What is printed, to be freed. */
struct print {
	FILE *f;
	char *text;
	size_t len;
};

static void
print_begin(struct print *p)
{
	p->f = open_memstream(&p->text, &p->len);
	assert_non_null(p->f);
}

static void
assert_printed(struct print *p, const char *want)
{
	fclose(p->f);
	assert_string_equal(p->text, want);
	free(p->text);
}

static void
test_one(void **state)
{
	struct show s = { "releases", &big };
	struct print p;

	(void)state;
	print_begin(&p);
	show_one(p.f, &s, MODE_SAMPLED, &(struct show_style){ .is_exact = 0 });
	assert_printed(
		&p,
		"releases (sampled)\n"
		"==========================================================="
		"=\n"
		"Objects:             1,234,567\n"
		"  deltas:            1,234,000\n"
		"  direct:            567\n"
		"Original size:       3.00 GiB (3,221,225,472 bytes)\n"
		"Stored size:         1.00 GiB (1,073,741,824 bytes)\n"
		"Space saved:         2.00 GiB (2,147,483,648 bytes)\n"
		"Compression ratio:   66.7%\n");
}

static void
test_one_exact(void **state)
{
	struct show s = { "b", &small };
	struct print p;

	(void)state;
	print_begin(&p);
	show_one(p.f, &s, MODE_QUICK,
		 &(struct show_style){ .is_exact = true, .has_bold = true });
	assert_printed(
		&p,
		"\033[1mb\033[0m (quick)\n"
		"==========================================================="
		"=\n"
		"Objects:             1\n"
		"  deltas:            0\n"
		"  direct:            1\n"
		"Original size:       999\n"
		"Stored size:         999\n"
		"Space saved:         0\n"
		"Compression ratio:   0.0%\n");
}

/* A bucket that failed has a row, and no part in the totals. */
static void
test_table(void **state)
{
	struct show rows[] = { { "releases", &big },
			       { "broken-one", NULL },
			       { "b", &small } };
	struct print p;

	(void)state;
	print_begin(&p);
	show_table(p.f, rows, ARRAY_SIZE(rows), &(struct show_style){ 0 });
	assert_printed(&p, "bucket        objects     deltas  direct  original"
			   "    stored     saved  ratio\n"
			   "releases    1,234,567  1,234,000     567  3.00 GiB"
			   "  1.00 GiB  2.00 GiB  66.7%\n"
			   "broken-one          -          -       -         -"
			   "         -         -      -\n"
			   "b                   1          0       1     999 B"
			   "     999 B       0 B   0.0%\n"
			   "total               -          -       -         -"
			   "         -         -      -\n");
	rows[1] = (struct show){ "c", &small };
	print_begin(&p);
	show_table(p.f, rows, ARRAY_SIZE(rows), &(struct show_style){ 0 });
	fclose(p.f);
	assert_non_null(strstr(
		p.text, "total     1,234,569  1,234,000     569  3.00 GiB"));
	free(p.text);
}

static void
test_total(void **state)
{
	struct figures huge = { .total_size = INT64_MAX,
				.compressed_size = INT64_MAX / 2,
				.space_saved = INT64_MAX - INT64_MAX / 2 };
	struct show rows[] = { { "a", &huge }, { "b", &huge } };
	struct figures t, none;

	(void)state;
	assert_true(show_total(rows, 2, &t));
	assert_true(show_total(rows, 0, &none));
	assert_int_equal(t.total_size, INT64_MAX);
	assert_int_equal(t.compressed_size, INT64_MAX - 1);
	assert_true(t.average_compression_ratio <= 1);
	assert_true(none.average_compression_ratio == 0);
}

static void
test_json(void **state)
{
	struct show s = { "releases", &big };
	struct print p;

	(void)state;
	print_begin(&p);
	show_json(p.f, &s, false);
	assert_printed(&p, "{\n"
			   "  \"bucket\": \"releases\",\n"
			   "  \"object_count\": 1234567,\n"
			   "  \"total_size\": 3221225472,\n"
			   "  \"compressed_size\": 1073741824,\n"
			   "  \"space_saved\": 2147483648,\n"
			   "  \"average_compression_ratio\": "
			   "0.6666666666666666,\n"
			   "  \"delta_objects\": 1234000,\n"
			   "  \"direct_objects\": 567\n"
			   "}");
	print_begin(&p);
	show_json(p.f, &(struct show){ "b", &small }, true);
	assert_printed(&p, "{\"bucket\": \"b\", \"object_count\": 1, "
			   "\"total_size\": 999, \"compressed_size\": 999, "
			   "\"space_saved\": 0, "
			   "\"average_compression_ratio\": 0, "
			   "\"delta_objects\": 0, \"direct_objects\": 1}");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_number), cmocka_unit_test(test_size),
		cmocka_unit_test(test_one),    cmocka_unit_test(test_one_exact),
		cmocka_unit_test(test_table),  cmocka_unit_test(test_total),
		cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests_name("show", tests, NULL, NULL);
}
