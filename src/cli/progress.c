/* SPDX-License-Identifier: MIT */
/*
 * How far it is: see progress.h.  Main thread.
 */
#include "config.h"

#include "cli/progress.h"

#include <inttypes.h>

#include "cli/show.h"
#include "util/date.h"

#define PATIENCE_MS 400 /* what is faster needs no line */
#define CLEAR_LINE "\r\033[K"

struct progress
progress_of(const struct answer *a, enum mode mode)
{
	struct mode_state state;

	if (!a->bucket)
		return (struct progress){ .activity = ACTIVITY_IDLE };
	published_get(&a->bucket->published, mode, &state);
	result_unref(state.result);
	return state.progress;
}

/* Sums over what is under way. */
static struct counts
sum_counts(const struct ask *a, enum mode mode, size_t *n_done, size_t *n)
{
	const struct answer *answers = ask_answers(a, n);
	struct counts sum = { .n_pages = 0 };

	*n_done = 0;
	for (size_t i = 0; i < *n; i++) {
		struct progress p = { .activity = ACTIVITY_IDLE };

		*n_done += answers[i].is_done;
		if (!answers[i].is_done)
			p = progress_of(&answers[i], mode);
		if (p.activity == ACTIVITY_IDLE)
			continue;
		sum.n_pages += p.counts.n_pages;
		sum.n_objects += p.counts.n_objects;
		sum.n_heads += p.counts.n_heads;
		sum.n_heads_wanted += p.counts.n_heads_wanted;
	}
	return sum;
}

static void
show_heads(FILE *f, const struct counts *c, int64_t ms)
{
	char done[32], wanted[32];

	if (c->n_heads_wanted == 0)
		return;
	show_number((int64_t)c->n_heads, done);
	show_number((int64_t)c->n_heads_wanted, wanted);
	fprintf(f, ", HEADs %s of %s", done, wanted);
	if (c->n_heads > 0 && c->n_heads < c->n_heads_wanted)
		fprintf(f, ", %" PRId64 " s left",
			(int64_t)((double)ms *
				  (double)(c->n_heads_wanted - c->n_heads) /
				  (double)c->n_heads / 1000));
}

void
progress_show(void *arg, const struct ask *a)
{
	struct progress_line *p = arg;
	int64_t ms = date_mono_ms() - p->began_at_ms;
	size_t n_done, n;
	struct counts c;
	char objects[32], rate[32];

	if (ms < PATIENCE_MS)
		return;
	c = sum_counts(a, p->mode, &n_done, &n);
	show_number((int64_t)c.n_objects, objects);
	show_number((int64_t)c.n_objects * 1000 / ms, rate);
	fputs(CLEAR_LINE, p->f);
	if (n > 1)
		fprintf(p->f, "%zu of %zu buckets, ", n_done, n);
	fprintf(p->f, "%s objects on %" PRIu64 " pages, %s/s", objects,
		c.n_pages, rate);
	show_heads(p->f, &c, ms);
	fflush(p->f);
	p->is_shown = true;
}

void
progress_end(struct progress_line *p)
{
	if (p->is_shown)
		fputs(CLEAR_LINE, p->f);
	p->is_shown = false;
}
