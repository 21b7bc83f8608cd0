/* SPDX-License-Identifier: MIT */
/*
 * Scenarios as text: see flight-script.h.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "flight-script.h"

#define READERS 26
#define WORDS_MAX 3

struct play {
	struct world w;
	struct reader readers[READERS];
	bool is_there[READERS];
	char *pages;
	const char *words[WORDS_MAX]; /* of a step; "" where there are less */
};

static const struct request_kind {
	const char *name, *method, *part;
} kinds[] = {
	{ "list", LIST },
	{ "get", GET_DOC },
	{ "head", HEAD_ANY },
	{ "put", PUT_DOC },
	/* of a part of a document's key, too */
	{ "any", ANY_GET },
};

static const struct request_kind *
find_kind(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}

static enum mode
find_mode(const char *name)
{
	for (int mode = 0; mode < N_MODES; mode++)
		if (strcmp(mode_names[mode], name) == 0)
			return (enum mode)mode;
	fail_msg("no mode: %s", name);
	return N_MODES;
}

static int
find_errno(const char *name)
{
	static const struct {
		const char *name;
		int code;
	} codes[] = {
		{ "EACCES", EACCES },	    { "EAGAIN", EAGAIN },
		{ "EINTR", EINTR },	    { "EIO", EIO },
		{ "ENODATA", ENODATA },	    { "ENOENT", ENOENT },
		{ "ETIMEDOUT", ETIMEDOUT },
	};

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
		if (strcmp(codes[i].name, name) == 0)
			return codes[i].code;
	fail_msg("no errno: %s", name);
	return 0;
}

static int
number(const char *word)
{
	char *end;
	long n = strtol(word, &end, 10);

	if (end == word || *end)
		fail_msg("no number: %s", word);
	return (int)n;
}

/* --- what readers do, and what they have --- */

static struct reader *
find_reader(struct play *p, const char *name)
{
	unsigned i = (unsigned)(name[0] - 'a');

	if (i >= READERS || !p->is_there[i])
		fail_msg("no reader: %s", name);
	return &p->readers[i];
}

static void
open_by(struct play *p, const char *name, const char *mode, const char *verb)
{
	bool polls = strcmp(verb, "polls") == 0;
	unsigned i = (unsigned)(name[0] - 'a');
	struct reader *r = &p->readers[i];
	struct bucket *bucket = p->w.fx.bucket;

	assert_in_range(i, 0, READERS - 1);
	if (p->is_there[i])
		reader_clear(r);
	p->is_there[i] = true;
	reader_init(&p->w, r, find_mode(mode));
	r->w.is_impatient = polls;
	r->w.is_background = strcmp(verb, "keeps") == 0;
	flight_add(flight_get(&p->w.env, bucket, find_mode(mode)), &r->w);
	if (polls)
		assert_int_equal(r->n_done, 1); /* at once */
	fixture_settle(&p->w.fx);
}

static void
do_reader(struct play *p)
{
	const char *verb = p->words[1], *what = p->words[2];
	struct reader *r;

	if (strcmp(verb, "opens") == 0 || strcmp(verb, "polls") == 0 ||
	    strcmp(verb, "keeps") == 0) {
		open_by(p, p->words[0], what, verb);
		return;
	}
	r = find_reader(p, p->words[0]);
	if (strcmp(verb, "leaves") == 0) {
		reader_interrupt(&p->w, r);
		reader_expect(r, EINTR);
	} else if (strcmp(verb, "waits") == 0) {
		reader_expect_waiting(r);
	} else if (strcmp(verb, "fails") == 0) {
		reader_expect(r, find_errno(what));
	} else if (strcmp(verb, "has") == 0) {
		reader_expect(r, 0);
		assert_int_equal(reader_member(r, "object_count"),
				 number(what));
	} else if (strcmp(verb, "is") == 0) {
		reader_expect(r, 0);
		assert_string_equal(r->doc, find_reader(p, what)->doc);
	} else {
		fail_msg("a reader can't do that: %s", verb);
	}
}

/* --- requests --- */

static void
do_answer(struct play *p, const struct request_kind *k)
{
	const char *part = p->words[2][0] ? p->words[2] : k->part;

	if (p->words[1][0])
		fixture_refuse(&p->w.fx, k->method, part, number(p->words[1]));
	else
		fixture_answer(&p->w.fx, k->method, k->part);
}

/* The bucket has been deleted. */
static void
answer_gone(struct play *p)
{
	fake_http_answer(fixture_find(&p->w.fx, LIST),
			 &(struct fake_answer){
				 .status = 404,
				 .body = "<Error><Code>NoSuchBucket</Code>"
					 "</Error>" });
	fixture_settle(&p->w.fx);
}

static unsigned
count(struct play *p,
      unsigned (*of)(struct fixture *, const char *, const char *))
{
	const struct request_kind *k = find_kind(p->words[1]);

	if (!k)
		fail_msg("no request: %s", p->words[1]);
	return of(&p->w.fx, k->method, k->part);
}

static void
do_status(struct play *p)
{
	struct fake_store *s = &p->w.fx.store;
	int *of_kind[] = { &s->list_status, &s->get_status, &s->head_status,
			   &s->put_status };

	*of_kind[find_kind(p->words[1]) - kinds] = number(p->words[2]);
}

/* --- steps --- */

/* What the world is, from now on. */
static bool
do_setting(struct play *p)
{
	const char *verb = p->words[0], *what = p->words[1];
	struct limits *limits = &p->w.fx.limits;
	struct bucket *bucket = p->w.fx.bucket;

	if (strcmp(verb, "mark") == 0)
		atomic_fetch_add(&bucket->marked[find_mode(what)], 1);
	else if (strcmp(verb, "nocache") == 0) {
		atomic_store(&bucket->nocache, number(what));
		atomic_fetch_add(&bucket->nocache_writes, 1);
	} else if (strcmp(verb, "max_wait") == 0)
		limits->max_wait_ms = number(what);
	else if (strcmp(verb, "max_age") == 0)
		limits->max_age_ms = number(what);
	else if (strcmp(verb, "ttl") == 0)
		limits->ttl_ms = number(what);
	else if (strcmp(verb, "deadline") == 0)
		limits->deadline_ms = number(what);
	else if (strcmp(verb, "on_refresh") == 0)
		p->w.env.is_detailed_on_refresh = true;
	else if (strcmp(verb, "uncached") == 0)
		p->w.env.writebacks.policy = CACHE_POLICY_OFF;
	else if (strcmp(verb, "readonly") == 0)
		p->w.env.writebacks.policy = CACHE_POLICY_RO;
	else if (strcmp(verb, "timeout") == 0)
		limits->timeout_ms = number(what);
	else if (strcmp(verb, "status") == 0)
		do_status(p);
	else
		return false;
	return true;
}

/* What published.h tells of a mode. */
static bool
do_told(struct play *p)
{
	const char *verb = p->words[0], *what = p->words[2];
	struct mode_state s;

	if (strcmp(verb, "told") != 0 && strcmp(verb, "failing") != 0 &&
	    strcmp(verb, "state") != 0)
		return false;
	published_get(&p->w.fx.bucket->published, find_mode(p->words[1]), &s);
	if (strcmp(verb, "told") == 0) {
		assert_non_null(s.result);
		assert_int_equal(s.result->figures.object_count, number(what));
	} else if (strcmp(verb, "failing") == 0) {
		assert_int_equal(s.is_failing, number(what));
	} else {
		assert_string_equal(activity_names[s.progress.activity], what);
	}
	result_unref(s.result);
	return true;
}

static bool
do_expectation(struct play *p)
{
	const char *verb = p->words[0];
	int n;

	if (strcmp(verb, "jobs") == 0) {
		assert_int_equal(p->w.env.jobs.n_jobs, number(p->words[1]));
		return true;
	}
	if (strcmp(verb, "seen") != 0 && strcmp(verb, "pending") != 0 &&
	    strcmp(verb, "marked") != 0)
		return false;
	n = number(p->words[2]);
	if (strcmp(verb, "seen") == 0) {
		assert_int_equal(count(p, fixture_seen), n);
	} else if (strcmp(verb, "pending") == 0) {
		assert_int_equal(count(p, fixture_pending), n);
	} else {
		enum mode mode = find_mode(p->words[1]);
		struct bucket *b = p->w.fx.bucket;

		assert_int_equal(atomic_load(&b->marked[mode]) !=
					 atomic_load(&b->done[mode]),
				 n);
	}
	return true;
}

/* While nothing is under way. */
static void
do_remount(struct play *p)
{
	struct flight **flights = p->w.fx.bucket->flights;

	for (int mode = 0; mode < N_MODES; mode++) {
		if (!flights[mode])
			continue;
		flight_stop(flights[mode]);
		flight_free(steal(&flights[mode]));
	}
}

static void
do_words(struct play *p)
{
	const struct request_kind *k = find_kind(p->words[0]);

	if (k)
		do_answer(p, k);
	else if (p->words[0][1] == '\0')
		do_reader(p);
	else if (strcmp(p->words[0], "gone") == 0)
		answer_gone(p);
	else if (strcmp(p->words[0], "remount") == 0)
		do_remount(p);
	else if (strcmp(p->words[0], "run") == 0)
		fixture_run(&p->w.fx);
	else if (strcmp(p->words[0], "after") == 0)
		fixture_advance(&p->w.fx, number(p->words[1]));
	else if (!do_setting(p) && !do_told(p) && !do_expectation(p))
		fail_msg("no step: %s", p->words[0]);
}

/* Takes `step` apart. */
static void
do_step(struct play *p, char *step)
{
	char *rest = step;

	step += strspn(step, " \n");
	if (strncmp(step, "lists", 5) == 0) {
		free(p->pages);
		p->pages = xstrdup(step + 5);
		p->w.fx.store.pages[0] = p->pages + strspn(p->pages, " ");
		return;
	}
	for (size_t i = 0; i < WORDS_MAX; i++) {
		const char *word = strtok_r(i ? NULL : step, " \n", &rest);

		p->words[i] = word ? word : "";
	}
	if (p->words[0][0])
		do_words(p);
}

/* Whatever fails in it: print where. */
static void
say_step(const struct scenario *s, const char *step)
{
	print_message("%s: %s\n", s->name, step + strspn(step, " \n"));
}

void
scenario_run(const struct scenario *s)
{
	struct play *p = xnew(struct play);
	char *script = xstrdup(s->script), *rest = NULL;

	world_init(&p->w, CACHE_POLICY_RW);
	for (char *step = strtok_r(script, ";\n", &rest); step;
	     step = strtok_r(NULL, ";\n", &rest)) {
		if (getenv("SCENARIOS"))
			say_step(s, step);
		do_step(p, step);
	}
	fixture_run(&p->w.fx);
	for (unsigned i = 0; i < READERS; i++)
		if (p->is_there[i])
			reader_clear(&p->readers[i]);
	world_clear(&p->w);
	free(p->pages);
	free(script);
	free(p);
}
