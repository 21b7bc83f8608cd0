/* SPDX-License-Identifier: MIT */
/*
 * The files of a bucket's directory: see files.h.  Any thread.
 */
#include "config.h"

#include "fs/files.h"

#include <errno.h>

#include "fs/control.h"
#include "report/bucket-report.h"
#include "report/metrics.h"
#include "stats/doc.h"
#include "util/date.h"
#include "util/fill.h"
#include "util/hash.h"

/* --- refresh --- */

static int
render_refresh(struct bucket *bucket, struct buf *out)
{
	bool is_first = true;
	int rc = 0;

	for (int mode = 0; mode < N_MODES && rc == 0; mode++) {
		if (atomic_load(&bucket->marked[mode]) ==
		    atomic_load(&bucket->done[mode]))
			continue;
		rc = buf_printf(out, "%s%s", is_first ? "" : " ",
				mode_names[mode]);
		is_first = false;
	}
	return rc || is_first ? rc : buf_add_str(out, "\n");
}

static void
mark(struct bucket *bucket, unsigned modes)
{
	for (int mode = 0; mode < N_MODES; mode++)
		if (modes & 1u << mode)
			atomic_fetch_add(&bucket->marked[mode], 1);
}

static int
write_refresh(struct bucket *bucket, const char *text, size_t len,
	      struct err *err)
{
	unsigned modes;
	int rc = control_parse_refresh(text, len, &modes, err);

	if (rc == 0)
		mark(bucket, modes);
	return rc;
}

static void
touch_refresh(struct bucket *bucket)
{
	mark(bucket, (1u << N_MODES) - 1);
}

/* --- nocache --- */

static int
render_nocache(struct bucket *bucket, struct buf *out)
{
	return buf_add_str(out, atomic_load(&bucket->nocache) ? "1\n" : "0\n");
}

static int
write_nocache(struct bucket *bucket, const char *text, size_t len,
	      struct err *err)
{
	bool is_on;
	int rc = control_parse_nocache(text, len, &is_on, err);

	if (rc == 0) {
		atomic_store(&bucket->nocache, is_on);
		atomic_fetch_add(&bucket->nocache_writes, 1);
	}
	return rc;
}

/* --- reports --- */

/* All lines but the last, which is a brace. */
static int
fill_json(struct buf *out, const char *text, size_t blanks)
{
	static const char end[] = "}\n";
	char *lines CLEANUP_FREE = xstrdup(text);
	int rc;

	lines[strlen(lines) - strlen(end)] = '\0';
	rc = fill_up(out, lines, blanks);
	return rc ? rc : buf_add_str(out, end);
}

/* --- the table --- */

const struct file files[] = {
	{ .name = "stats_quick.json",
	  .mode = 0444,
	  .is_stats = true,
	  .stats_mode = MODE_QUICK },
	{ .name = "stats_sampled.json",
	  .mode = 0444,
	  .is_stats = true,
	  .stats_mode = MODE_SAMPLED },
	{ .name = "stats_detailed.json",
	  .mode = 0444,
	  .is_stats = true,
	  .stats_mode = MODE_DETAILED },
	{ .name = "refresh",
	  .mode = 0644,
	  .text_max = 64, /* the names of the modes */
	  .render = render_refresh,
	  .write = write_refresh,
	  .touch = touch_refresh },
	{ .name = "nocache",
	  .mode = 0644,
	  .text_max = 2,
	  .render = render_nocache,
	  .write = write_nocache },
	{ .name = "status.json",
	  .mode = 0444,
	  .text_max = REPORT_MAX,
	  .render = bucket_status,
	  .fill = fill_json,
	  .length_min = 6 * FILE_STEP },
	{ .name = "metrics.prom",
	  .mode = 0444,
	  .text_max = REPORT_MAX,
	  .render = bucket_metrics,
	  .fill = metrics_fill },
};

const unsigned n_files = ARRAY_SIZE(files);

_Static_assert(ARRAY_SIZE(files) <= BUCKET_FILES_MAX, "a bucket's files");

const struct file *
file_find(const char *name)
{
	for (unsigned i = 0; i < n_files; i++)
		if (strcmp(files[i].name, name) == 0)
			return &files[i];
	return NULL;
}

/* --- what holds for all rows --- */

static struct file_state *
state_of(const struct file *f, struct bucket *bucket)
{
	return &bucket->files[f - files];
}

/* The length to show it with, from now on at least. */
static int64_t
reserve_length(const struct file *f, struct file_state *state, size_t len)
{
	int64_t before = atomic_load(&state->length);
	int64_t need = (int64_t)((len + FILE_STEP - 1) / FILE_STEP * FILE_STEP);

	if (need < f->length_min)
		need = f->length_min;
	while (before < need &&
	       !atomic_compare_exchange_weak(&state->length, &before, need))
		;
	return before < need ? need : before;
}

static int
fill(const struct file *f, struct bucket *bucket, struct buf *out)
{
	struct buf text CLEANUP_BUF = *out;
	size_t len = (size_t)reserve_length(f, state_of(f, bucket), text.len);

	buf_init(out, len);
	return f->fill(out, buf_str(&text), len - text.len);
}

int
file_render(const struct file *f, struct bucket *bucket, struct buf *out,
	    struct err *err)
{
	int rc;

	buf_init(out, f->text_max);
	rc = f->render(bucket, out);
	if (rc == 0 && f->fill)
		rc = fill(f, bucket, out);
	if (rc == 0)
		return 0;
	buf_clear(out);
	if (rc == -EFBIG)
		return err_set(err, EFBIG, "file %s: more than %zu bytes",
			       f->name, f->text_max);
	return err_set(err, -rc, "file %s can't be made", f->name);
}

int
file_write(const struct file *f, struct bucket *bucket, const char *text,
	   size_t len, struct err *err)
{
	int rc = f->write(bucket, text, len, err);

	if (rc == 0)
		atomic_store(&state_of(f, bucket)->changed_at, date_now());
	return rc;
}

void
file_touch(const struct file *f, struct bucket *bucket)
{
	if (!f->touch)
		return;
	f->touch(bucket);
	atomic_store(&state_of(f, bucket)->changed_at, date_now());
}

int64_t
file_size(const struct file *f, struct bucket *bucket)
{
	struct buf text CLEANUP_BUF = BUF_INIT(0);
	int64_t length = 0;

	if (f->is_stats)
		return DOC_LEN;
	if (f->fill)
		length = atomic_load(&state_of(f, bucket)->length);
	if (length > 0)
		return length;
	file_render(f, bucket, &text, NULL);
	return (int64_t)text.len;
}

struct timespec
file_mtime(const struct file *f, struct bucket *bucket, int64_t unread)
{
	struct result *last CLEANUP(result_release) = NULL;
	struct timespec t = { .tv_sec = (time_t)unread };

	if (f->is_stats) {
		last = published_result(&bucket->published, f->stats_mode);
		if (last) {
			t.tv_sec = (time_t)last->computed_at;
			/* so that documents of one second differ */
			t.tv_nsec = (long)(fnv1a(last->text->data,
						 last->text->len) %
					   1000000);
		}
	} else if (f->fill) {
		t.tv_sec = (time_t)published_changed_at(&bucket->published);
	} else {
		t.tv_sec =
			(time_t)atomic_load(&state_of(f, bucket)->changed_at);
	}
	return t;
}
