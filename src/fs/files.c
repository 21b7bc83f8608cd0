/* SPDX-License-Identifier: MIT */
/*
 * The files of a bucket's directory: see files.h.  Any thread.
 */
#include "config.h"

#include "fs/files.h"

#include "fs/control.h"
#include "stats/doc.h"
#include "util/date.h"

enum { CONTROL_REFRESH, CONTROL_NOCACHE };

static void
changed(struct bucket *bucket, int control)
{
	atomic_store(&bucket->control_changed_at[control], date_now());
}

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
	changed(bucket, CONTROL_REFRESH);
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

static int
touch_refresh(struct bucket *bucket)
{
	mark(bucket, (1u << N_MODES) - 1);
	return 0;
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
		changed(bucket, CONTROL_NOCACHE);
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
	  .render = render_refresh,
	  .write = write_refresh,
	  .touch = touch_refresh,
	  .control = CONTROL_REFRESH },
	{ .name = "nocache",
	  .mode = 0644,
	  .render = render_nocache,
	  .write = write_nocache,
	  .control = CONTROL_NOCACHE },
};

const unsigned n_files = ARRAY_SIZE(files);

const struct file *
file_find(const char *name)
{
	for (unsigned i = 0; i < n_files; i++)
		if (strcmp(files[i].name, name) == 0)
			return &files[i];
	return NULL;
}

int64_t
file_size(const struct file *f, const struct bucket *bucket)
{
	struct buf text CLEANUP_BUF = BUF_INIT(CONTROL_MAX);

	if (f->is_stats)
		return DOC_LEN;
	f->render(bucket, &text);
	return (int64_t)text.len;
}

/* FNV-1a. */
static long
nanoseconds(const struct snapshot *s)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < s->len; i++)
		hash = (hash ^ (unsigned char)s->data[i]) *
		       UINT64_C(0x100000001b3);
	return (long)(hash % 1000000);
}

struct timespec
file_mtime(const struct file *f, struct bucket *bucket, int64_t unread)
{
	struct snapshot *doc CLEANUP(snapshot_release) = NULL;
	struct timespec t = { .tv_sec = (time_t)unread };

	if (f->is_stats) {
		doc = bucket_newest(bucket, f->stats_mode);
		if (doc) {
			t.tv_sec = (time_t)doc->computed_at;
			t.tv_nsec = nanoseconds(doc);
		}
	} else {
		t.tv_sec = (time_t)atomic_load(
			&bucket->control_changed_at[f->control]);
	}
	return t;
}
