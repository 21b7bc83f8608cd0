/* SPDX-License-Identifier: MIT */
/*
 * However a bucket is cut, and in whatever order its keys come: the document is
 * the one of a sequential listing, byte for byte, and so are the HEADs.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "listing-fixture.h"

#define BUCKETS 80
#define HEADS_MAX 400

struct outcome {
	char *doc; /* NULL: an error */
	char *heads[HEADS_MAX]; /* URLs, sorted */
	size_t n_heads, n_lists;
};

static void
result_clear(struct outcome *r)
{
	for (size_t i = 0; i < r->n_heads; i++)
		free(r->heads[i]);
	free(r->doc);
}

/* Deltaspaces within each other, and objects that are in none. */
static void
fill(struct key_store *s)
{
	static const char *const names[] = { "1.delta",	      "2.delta",
					     "reference.bin", "z.delta",
					     "a.zip",	      "r/0.delta" };
	unsigned n = key_store_random(s, 80);
	char key[64];

	for (unsigned i = 0; i < n; i++) {
		key[0] = '\0';
		for (unsigned depth = key_store_random(s, 4); depth > 0;
		     depth--)
			snprintf(key + strlen(key), 8, "%c%u/",
				 "ab"[key_store_random(s, 2)],
				 key_store_random(s, 3));
		strcat(key, names[key_store_random(s, ARRAY_SIZE(names))]);
		key_store_put(s, key);
	}
}

static void
on_done(void *arg, const struct job_result *r, const struct err *err)
{
	struct outcome *out = arg;

	assert_int_equal(err->code, 0);
	out->doc = xstrndup(r->result->text->data, r->result->text->len);
}

static int
compare_urls(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
note_requests(struct outcome *out, struct fixture *fx)
{
	struct http_transfer *t;

	for (size_t i = 0; (t = fake_http_get(fx->http, i)); i++) {
		out->n_lists += strstr(t->url, "list-type") != NULL;
		if (strcmp(t->method, "HEAD") != 0)
			continue;
		assert_in_range(out->n_heads, 0, HEADS_MAX - 1);
		out->heads[out->n_heads++] = xstrdup(t->url);
	}
	qsort(out->heads, out->n_heads, sizeof(out->heads[0]), compare_urls);
}

/* Any one of those under way is answered; false if there is none. */
static bool
answer_any(struct fixture *fx, struct key_store *s)
{
	unsigned n = fixture_pending(fx, "GET", "") +
		     fixture_pending(fx, "HEAD", "");
	unsigned nth = n ? key_store_random(s, n) : 0;
	struct http_transfer *t;

	for (size_t i = 0; n && (t = fake_http_get(fx->http, i)); i++) {
		if (t->state != TRANSFER_PENDING || nth-- > 0)
			continue;
		if (strcmp(t->method, "HEAD") == 0)
			key_store_answer_head(s, t);
		else
			key_store_answer(s, t, false);
		fixture_settle(fx);
		return true;
	}
	return false;
}

/* The figures of a mode; in ranges only if there are cuts. */
static struct outcome
compute(struct key_store *s, enum mode mode, bool has_cuts)
{
	struct outcome out = { 0 };
	struct fixture fx;
	struct job_env env;

	fixture_init(&fx);
	env = fixture_job_env(&fx);
	if (has_cuts)
		remember_cuts(&fx.bucket->list_memory, s);
	else
		fx.bucket->list_memory.plan = LIST_SEQUENTIAL;
	job_new(&(struct job_options){ .env = &env,
				       .kind = JOB_COMPUTE,
				       .bucket = fx.bucket,
				       .mode = mode,
				       .on_done = on_done,
				       .arg = &out });
	fixture_settle(&fx);
	while (answer_any(&fx, s))
		continue;
	note_requests(&out, &fx);
	assert_int_equal(env.n_jobs, 0);
	fixture_clear(&fx);
	return out;
}

static void
check_same(const struct outcome *a, const struct outcome *b)
{
	assert_string_equal(a->doc, b->doc);
	assert_int_equal(a->n_heads, b->n_heads);
	for (size_t i = 0; i < a->n_heads; i++)
		assert_string_equal(a->heads[i], b->heads[i]);
}

static void
test_bucket(struct key_store *s, enum mode mode, bool *was_cut)
{
	struct outcome plain, cut, other;

	s->quirk = HONEST;
	plain = compute(s, mode, false);
	cut = compute(s, mode, true);
	check_same(&plain, &cut);
	*was_cut |= cut.n_lists > plain.n_lists;
	s->quirk = OTHER_ORDER;
	other = compute(s, mode, false);
	/* HEADs of the listing that was given up come twice */
	assert_string_equal(plain.doc, other.doc);
	result_clear(&plain);
	result_clear(&cut);
	result_clear(&other);
}

static void
test_figures(void **state)
{
	unsigned n_cut = 0;

	(void)state;
	for (unsigned i = 0; i < BUCKETS; i++) {
		struct key_store s = { .random = i + 1,
				       .page_keys = 2 + i % 6 };
		bool was_cut = false;

		fill(&s);
		for (int mode = 0; mode < N_MODES; mode++)
			test_bucket(&s, (enum mode)mode, &was_cut);
		n_cut += was_cut;
		key_store_clear(&s);
	}
	assert_true(n_cut > BUCKETS / 2);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_figures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
