/* SPDX-License-Identifier: MIT */
/*
 * A lister and its pages: see lister-fixture.h.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lister-fixture.h"

static void
on_page(void *arg, const struct lister_answer *a)
{
	struct run *run = arg;

	run->n_pages++;
	run->is_last = a->is_last;
	if (a->err) {
		run->code = a->err->code;
		return;
	}
	for (size_t i = 0; i < a->page->n_objects; i++) {
		size_t n = strlen(run->keys);

		snprintf(run->keys + n, sizeof(run->keys) - n, "%.*s ",
			 (int)a->page->objects[i].key_len,
			 a->page->objects[i].key);
	}
	if (!a->is_last)
		lister_next(run->lister);
}

void
run_begin(struct run *run, struct fixture *fx, struct lister_options o)
{
	*run = (struct run){ .fx = fx };
	o.s3 = fx->s3;
	o.shared = &fx->lists;
	o.bucket = o.bucket ? o.bucket : FIXTURE_BUCKET;
	o.on_page = on_page;
	o.arg = run;
	run->lister = lister_new(&o);
	lister_next(run->lister);
	fixture_settle(fx);
}

void
run_init(struct run *run, struct fixture *fx, int retries)
{
	fixture_init(fx);
	s3_free(fx->s3);
	fx->s3 = s3_new(fx->http, &fx->timers, fx->endpoint, fx->creds,
			fx->pace, retries);
	run_begin(run, fx, (struct lister_options){ .after = NULL });
}

void
run_clear(struct run *run)
{
	assert_int_equal(fixture_pending(run->fx, LIST), 0);
	lister_free(run->lister);
	fixture_clear(run->fx);
}

void
run_stream(struct run *run, struct http_transfer *t, const char *xml)
{
	fake_http_stream(t, xml);
	fixture_settle(run->fx);
}

void
run_finish(struct run *run, struct http_transfer *t, const char *xml)
{
	fake_http_answer(t,
			 &(struct fake_answer){ .status = 200, .body = xml });
	fixture_settle(run->fx);
}
