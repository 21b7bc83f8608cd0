/* SPDX-License-Identifier: MIT */
/*
 * The files of a bucket's directory: see files.h.  Any thread.
 */
#include "config.h"

#include "fs/files.h"

#include <errno.h>

#include "fs/control.h"
#include "stats/doc.h"
#include "util/date.h"
#include "util/hash.h"

/* --- refresh --- */

static int
render_refresh(const struct bucket *bucket, struct buf *out)
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
render_nocache(const struct bucket *bucket, struct buf *out)
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

int
file_render(const struct file *f, const struct bucket *bucket, struct buf *out,
	    struct err *err)
{
	int rc;

	buf_init(out, f->text_max);
	rc = f->render(bucket, out);
	if (rc == 0)
		return 0;
	buf_clear(out);
	if (rc == -EFBIG)
		return err_set(err, EFBIG, "file %s: more than %zu bytes",
			       f->name, f->text_max);
	return err_set(err, -rc, "file %s can't be made", f->name);
}

static _Atomic(int64_t) *
changed_at(const struct file *f, struct bucket *bucket)
{
	return &bucket->file_changed_at[f - files];
}

int
file_write(const struct file *f, struct bucket *bucket, const char *text,
	   size_t len, struct err *err)
{
	int rc = f->write(bucket, text, len, err);

	if (rc == 0)
		atomic_store(changed_at(f, bucket), date_now());
	return rc;
}

void
file_touch(const struct file *f, struct bucket *bucket)
{
	if (!f->touch)
		return;
	f->touch(bucket);
	atomic_store(changed_at(f, bucket), date_now());
}

int64_t
file_size(const struct file *f, const struct bucket *bucket)
{
	struct buf text CLEANUP_BUF = BUF_INIT(0);

	if (f->is_stats)
		return DOC_LEN;
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
	} else {
		t.tv_sec = (time_t)atomic_load(changed_at(f, bucket));
	}
	return t;
}
