/* SPDX-License-Identifier: MIT */
/*
 * A lister that asks for pages ahead: see ahead-fixture.h.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ahead-fixture.h"

static void
on_page(void *arg, const struct lister_answer *a)
{
	struct run *run = arg;

	run->n_pages++;
	run->is_asked = a->is_asked;
	run->is_last = a->is_last;
	if (a->err) {
		assert_false(a->is_asked);
		run->code = a->err->code;
		return;
	}
	for (size_t i = 0; i < a->page->n_objects; i++) {
		size_t n = strlen(run->keys);

		snprintf(run->keys + n, sizeof(run->keys) - n, "%.*s ",
			 (int)a->page->objects[i].key_len,
			 a->page->objects[i].key);
	}
	if (!a->is_last && !a->is_asked)
		lister_next(run->lister);
	if (run->n_pages == run->stop_at)
		lister_stop(run->lister);
}

static bool
may_ask_ahead(void *arg)
{
	struct run *run = arg;

	run->n_allowed += run->may_ask;
	return run->may_ask;
}

static void
on_ahead_end(void *arg)
{
	struct run *run = arg;

	run->n_in_vain++;
}

void
ahead_begin(struct run *run, struct fixture *fx, struct lister_options o)
{
	*run = (struct run){ .fx = fx, .may_ask = true };
	o.s3 = fx->s3;
	o.bucket = o.bucket ? o.bucket : FIXTURE_BUCKET;
	o.on_page = on_page;
	o.may_ask_ahead = may_ask_ahead;
	o.on_ahead_end = on_ahead_end;
	o.arg = run;
	run->lister = lister_new(&o);
	lister_next(run->lister);
	fixture_settle(fx);
}

void
ahead_init(struct run *run, struct fixture *fx, int retries)
{
	fixture_init(fx);
	s3_free(fx->s3);
	fx->s3 = s3_new(fx->http, &fx->timers, fx->endpoint, fx->creds,
			fx->pace, retries);
	ahead_begin(run, fx, (struct lister_options){ .after = NULL });
}

void
ahead_clear(struct run *run)
{
	assert_int_equal(fixture_pending(run->fx, LIST), 0);
	lister_free(run->lister);
	fixture_clear(run->fx);
}

void
ahead_stream(struct run *run, struct http_transfer *t, const char *xml)
{
	fake_http_stream(t, xml);
	fixture_settle(run->fx);
}

void
ahead_finish(struct run *run, struct http_transfer *t, const char *xml)
{
	fake_http_answer(t,
			 &(struct fake_answer){ .status = 200, .body = xml });
	fixture_settle(run->fx);
}

void
ahead_refuse(struct run *run, struct http_transfer *t, int status)
{
	fake_http_answer(t, &(struct fake_answer){ .status = status });
	fixture_settle(run->fx);
}

struct http_transfer *
ahead_begin_two(struct run *run, struct http_transfer **second)
{
	struct http_transfer *first = fixture_find(run->fx, LIST);

	ahead_stream(run, first, HEAD("t1") OBJECT("a"));
	*second = fixture_find(run->fx, AFTER("t1"));
	assert_int_equal(run->n_pages, 0);
	return first;
}
