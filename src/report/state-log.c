/* SPDX-License-Identifier: MIT */
/*
 * The state as lines of the log: see state-log.h.  Any thread.
 */
#include "config.h"

#include "report/state-log.h"

#include "util/date.h"
#include "util/log.h"

#define LINE_MAX (2 * 1024)

static void
add_date(struct buf *line, const char *name, int64_t when)
{
	char date[DATE_ISO_LEN];

	date_print_iso(when, date);
	buf_printf(line, " %s=%s", name, date);
}

static void
add_progress(struct buf *line, const struct progress *p)
{
	const struct counts *c = progress_counts(p);

	if (p->activity == ACTIVITY_IDLE)
		return;
	buf_printf(line, " for_ms=%lld pages=%llu objects=%llu heads=%llu/%llu",
		   (long long)(date_mono_ms() - p->began_at_ms),
		   (unsigned long long)c->n_pages,
		   (unsigned long long)c->n_objects,
		   (unsigned long long)c->n_heads,
		   (unsigned long long)c->n_heads_wanted);
}

static void
add_result(struct buf *line, const struct result *r)
{
	add_date(line, "computed_at", r->computed_at);
	if (r->listed.began_at) /* one that was recalled was never validated */
		add_date(line, "validated_at", r->listed.began_at);
	buf_printf(line, " how=%s", result_how_names[r->how]);
	if (r->why != WHY_NONE)
		buf_printf(line, " why=%s", result_why_names[r->why]);
	buf_printf(line, " counted=%lld", (long long)r->figures.object_count);
}

static void
add_failure(struct buf *line, const struct failure *f)
{
	add_date(line, "failed_at", f->at);
	buf_printf(line, " error=\"%s\" (%s)", f->err.msg,
		   strerror(f->err.code));
}

static bool
is_known(const struct mode_state *s)
{
	return s->result || s->failure.at ||
	       s->progress.activity != ACTIVITY_IDLE;
}

static void
log_mode(struct bucket *bucket, enum mode mode)
{
	struct buf line CLEANUP_BUF = BUF_INIT(LINE_MAX);
	struct mode_state s;
	struct result *r CLEANUP(result_release) = NULL;

	published_get(&bucket->published, mode, &s);
	r = s.result;
	if (!is_known(&s))
		return;
	buf_printf(&line, "state: bucket=%s mode=%s doing=%s", bucket->name,
		   mode_names[mode], activity_names[s.progress.activity]);
	add_progress(&line, &s.progress);
	if (r)
		add_result(&line, r);
	if (s.failure.at)
		add_failure(&line, &s.failure);
	log_warn("%s", buf_str(&line));
}

void
state_log(struct buckets *buckets)
{
	unsigned n = buckets_count(buckets);

	log_warn("state: %u buckets", n);
	for (unsigned i = 0; i < n; i++)
		for (int mode = 0; mode < N_DOCUMENTS; mode++)
			log_mode(buckets_get(buckets, i), (enum mode)mode);
}
