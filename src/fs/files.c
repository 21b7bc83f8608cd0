/* SPDX-License-Identifier: MIT */
/*
 * The files of a directory: see files.h.  Any thread.
 */
#include "config.h"

#include "fs/files.h"

#include <errno.h>

#include "fs/control.h"
#include "report/bucket-report.h"
#include "report/metrics.h"
#include "report/mount-report.h"
#include "stats/doc.h"
#include "util/date.h"
#include "util/fill.h"
#include "util/hash.h"

/* --- refresh --- */

static int
render_refresh(const struct subject *s, struct buf *out)
{
	const struct bucket *bucket = s->bucket;
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

/* What has quick's figures goes with quick. */
static void
mark(struct bucket *bucket, unsigned modes)
{
	if (modes & 1u << MODE_QUICK)
		atomic_fetch_add(&bucket->marked[MODE_PREFIXES], 1);
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
render_nocache(const struct subject *s, struct buf *out)
{
	return buf_add_str(out,
			   atomic_load(&s->bucket->nocache) ? "1\n" : "0\n");
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

static struct text *
own_text(const struct result *r)
{
	return r->text;
}

static struct text *
ncdu_text(const struct result *r)
{
	return r->ncdu;
}

static const struct file bucket_files[] = {
	{ .name = "stats_quick.json",
	  .mode = 0444,
	  .is_stats = true,
	  .stats_mode = MODE_QUICK,
	  .text_of = own_text },
	{ .name = "stats_sampled.json",
	  .mode = 0444,
	  .is_stats = true,
	  .stats_mode = MODE_SAMPLED,
	  .text_of = own_text },
	{ .name = "stats_detailed.json",
	  .mode = 0444,
	  .is_stats = true,
	  .stats_mode = MODE_DETAILED,
	  .text_of = own_text },
	{ .name = "prefixes.json",
	  .mode = 0444,
	  .is_stats = true,
	  .stats_mode = MODE_PREFIXES,
	  .text_of = own_text,
	  .fill = fill_up_before_end,
	  .length_min = FILE_STEP },
	{ .name = "prefixes.ncdu.json",
	  .mode = 0444,
	  .is_stats = true,
	  .stats_mode = MODE_PREFIXES,
	  .text_of = ncdu_text,
	  .fill = fill_up_before_end,
	  .length_min = FILE_STEP },
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
	  .fill = fill_up_before_end,
	  .length_min = 6 * FILE_STEP },
	{ .name = "metrics.prom",
	  .mode = 0444,
	  .text_max = REPORT_MAX,
	  .render = bucket_metrics,
	  .fill = metrics_fill },
};

static const struct file own_files[] = {
	{ .name = "status.json",
	  .mode = 0444,
	  .text_max = REPORT_MAX,
	  .render = mount_status,
	  .fill = fill_up_before_end },
	{ .name = "metrics.prom",
	  .mode = 0444,
	  .text_max = REPORT_MAX,
	  .render = mount_metrics,
	  .fill = metrics_fill },
	{ .name = "metrics_all", /* no .prom, or a glob would read it as well */
	  .mode = 0444,
	  .text_max = REPORT_OF_ALL_MAX,
	  .render = mount_metrics_of_all,
	  .fill = metrics_fill },
};

const struct folder bucket_folder = { bucket_files, ARRAY_SIZE(bucket_files) };
const struct folder own_folder = { own_files, ARRAY_SIZE(own_files) };

_Static_assert(ARRAY_SIZE(bucket_files) <= BUCKET_FILES_MAX,
	       "a bucket's files");
_Static_assert(ARRAY_SIZE(own_files) <= OWN_FILES_MAX, "the mount's files");

const struct file *
file_find(const struct folder *folder, const char *name)
{
	for (unsigned i = 0; i < folder->n; i++)
		if (strcmp(folder->files[i].name, name) == 0)
			return &folder->files[i];
	return NULL;
}

/* --- what holds for all rows --- */

static struct file_state *
state_of(const struct file *f, const struct subject *s)
{
	const struct folder *folder = s->bucket ? &bucket_folder : &own_folder;

	return &s->states[f - folder->files];
}

static int64_t
length_so_far(const struct file *f, const struct file_state *state)
{
	int64_t length = atomic_load(&state->length);

	return length > f->length_min ? length : f->length_min;
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
fill(const struct file *f, const struct subject *s, struct buf *out)
{
	struct buf text CLEANUP_BUF = *out;
	size_t len = (size_t)reserve_length(f, state_of(f, s), text.len);

	buf_init(out, len);
	return f->fill(out, buf_str(&text), len - text.len);
}

int
file_render(const struct file *f, const struct subject *s, struct buf *out,
	    struct err *err)
{
	int rc;

	buf_init(out, f->text_max);
	rc = f->render(s, out);
	if (rc == 0 && f->fill)
		rc = fill(f, s, out);
	if (rc == 0)
		return 0;
	buf_clear(out);
	if (rc == -EFBIG)
		return err_set(err, EFBIG, "file %s: more than %zu bytes",
			       f->name, f->text_max);
	return err_set(err, -rc, "file %s can't be made", f->name);
}

struct text *
file_text(const struct file *f, const struct subject *s, const struct result *r,
	  bool *grew)
{
	struct text *text = f->text_of(r);
	struct buf longer CLEANUP_BUF = BUF_INIT(0);
	struct file_state *state = state_of(f, s);
	size_t len;

	if (grew)
		*grew = f->fill && length_so_far(f, state) < (int64_t)text->len;
	if (!f->fill)
		return text_ref(text);
	len = (size_t)reserve_length(f, state, text->len);
	if (len == text->len)
		return text_ref(text);
	buf_init(&longer, len); /* another one was longer */
	if (f->fill(&longer, text->data, len - text->len))
		return text_ref(text); /* whole, if shorter than it was */
	return text_new(&longer);
}

int
file_write(const struct file *f, const struct subject *s, const char *text,
	   size_t len, struct err *err)
{
	int rc = f->write(s->bucket, text, len, err);

	if (rc == 0)
		atomic_store(&state_of(f, s)->changed_at, date_now());
	return rc;
}

void
file_touch(const struct file *f, const struct subject *s)
{
	if (!f->touch)
		return;
	f->touch(s->bucket);
	atomic_store(&state_of(f, s)->changed_at, date_now());
}

int64_t
file_size(const struct file *f, const struct subject *s)
{
	struct buf text CLEANUP_BUF = BUF_INIT(0);
	int64_t length = 0;

	if (f->is_stats)
		return f->fill ? length_so_far(f, state_of(f, s)) : DOC_LEN;
	if (f->fill)
		length = atomic_load(&state_of(f, s)->length);
	if (length > 0)
		return length;
	file_render(f, s, &text, NULL);
	return (int64_t)text.len;
}

/* What a report tells of. */
static int64_t
changed_at(const struct subject *s)
{
	struct meter_counts counts;

	if (s->bucket)
		return published_changed_at(&s->bucket->published);
	meter_get(s->meter, &counts);
	return counts.changed_at;
}

/* What tells documents of a bucket from each other is in the beginning. */
static uint64_t
hash_of(const struct text *text)
{
	return fnv1a(text->data, text->len < DOC_LEN ? text->len : DOC_LEN);
}

struct timespec
file_mtime(const struct file *f, const struct subject *s)
{
	struct result *last CLEANUP(result_release) = NULL;
	struct timespec t = { .tv_sec = (time_t)s->mounted_at };

	if (f->is_stats) {
		last = published_result(&s->bucket->published, f->stats_mode);
		if (last) {
			t.tv_sec = (time_t)last->computed_at;
			/* so that documents of one second differ */
			t.tv_nsec = (long)(hash_of(last->text) % 1000000);
		}
	} else if (f->fill) {
		t.tv_sec = (time_t)changed_at(s);
	} else {
		t.tv_sec = (time_t)atomic_load(&state_of(f, s)->changed_at);
	}
	return t;
}
