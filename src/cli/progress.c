/* SPDX-License-Identifier: MIT */
/*
 * How far it is: see progress.h.  Main thread.
 */
#include "config.h"

#include "cli/progress.h"

#include <inttypes.h>
#include <sys/ioctl.h>

#include "cli/show.h"
#include "util/buf.h"
#include "util/date.h"

#define PATIENCE_MS 400 /* what is faster needs no line */
#define LINE_MAX 256 /* bytes */
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

/* As much of a line as the terminal has columns: what wraps would stay. */
static void
show_line(FILE *f, const char *text)
{
	struct winsize size = { .ws_col = 80 };

	ioctl(fileno(f), TIOCGWINSZ, &size);
	fprintf(f, CLEAR_LINE "%.*s", size.ws_col > 0 ? size.ws_col - 1 : 79,
		text);
	fflush(f);
}

static int
add_heads(struct buf *line, const struct counts *c, int64_t ms)
{
	char done[32], wanted[32];
	int rc;

	if (c->n_heads_wanted == 0)
		return 0;
	show_number((int64_t)c->n_heads, done);
	show_number((int64_t)c->n_heads_wanted, wanted);
	rc = buf_printf(line, ", HEADs %s of %s", done, wanted);
	if (rc || c->n_heads == 0 || c->n_heads >= c->n_heads_wanted)
		return rc;
	return buf_printf(line, ", %.0f s left",
			  (double)ms / 1000 *
				  (double)(c->n_heads_wanted - c->n_heads) /
				  (double)c->n_heads);
}

void
progress_show(void *arg, const struct ask *a)
{
	struct buf line CLEANUP_BUF = BUF_INIT(LINE_MAX);
	struct progress_line *p = arg;
	int64_t ms = date_mono_ms() - p->began_at_ms;
	size_t n_done, n;
	struct counts c;
	char objects[32], rate[32];
	int rc = 0;

	if (ms < PATIENCE_MS)
		return;
	c = sum_counts(a, p->mode, &n_done, &n);
	show_number((int64_t)c.n_objects, objects);
	show_number((int64_t)c.n_objects * 1000 / ms, rate);
	if (n > 1)
		rc = buf_printf(&line, "%zu of %zu buckets, ", n_done, n);
	if (rc == 0)
		rc = buf_printf(&line, "%s objects on %" PRIu64 " pages, %s/s",
				objects, c.n_pages, rate);
	if (rc == 0)
		rc = add_heads(&line, &c, ms);
	if (rc == 0)
		rc = buf_add(&line, "", 1);
	if (rc)
		return; /* a line of such a length shows nothing either */
	show_line(p->f, line.data);
	p->is_shown = true;
}

void
progress_end(struct progress_line *p)
{
	if (p->is_shown)
		fputs(CLEAR_LINE, p->f);
	p->is_shown = false;
}
