/* SPDX-License-Identifier: MIT */
/*
 * The line that tells what is wrong with a bucket's deltas: see flaw-log.h.  Net
 * thread only.
 */
#include "config.h"

#include "engine/flaw-log.h"

#include "util/buf.h"
#include "util/date.h"
#include "util/escape.h"
#include "util/log.h"

#define KEY_SHOWN 200 /* bytes: one of 1,024 would push the rest off the line */

static bool
is_known(const struct integrity *in, int flaw)
{
	return flaw != FLAW_NOT_SMALLER || in->has_originals;
}

/* Some that were none, or twice as many as were told. */
static bool
has_news(const struct flaw_log *log, const struct integrity *in)
{
	for (int flaw = 0; flaw < N_FLAWS; flaw++)
		if (is_known(in, flaw) && in->of[flaw].n > 0 &&
		    in->of[flaw].n / 2 >= log->n_told[flaw])
			return true;
	return false;
}

/* All are told, or those that are mended now are forgotten. */
static void
take_counts(struct flaw_log *log, const struct integrity *in, bool is_told)
{
	for (int flaw = 0; flaw < N_FLAWS; flaw++)
		if (is_known(in, flaw) && (is_told || in->of[flaw].n == 0))
			log->n_told[flaw] = in->of[flaw].n;
}

static void
add_phrase(struct buf *line, int flaw, const struct findings *f)
{
	const struct flawed_space *first = f->spaces;
	char key[KEY_SHOWN];
	bool is_whole =
		escape_text(key, sizeof(key), first->key, first->key_len);

	buf_printf(line, "%s%s: %lld of %lld bytes, the first is %s%s",
		   line->len ? "; " : "", flaw_phrases[flaw], (long long)f->n,
		   (long long)f->bytes, key, is_whole ? "" : "...");
}

void
flaw_log_result(struct flaw_log *log, const char *bucket,
		const struct integrity *in)
{
	struct buf line CLEANUP_BUF = BUF_INIT(2048);
	int64_t now = date_mono_ms();
	bool is_told = integrity_has_any(in) &&
		       (has_news(log, in) || now >= log->until_ms);

	take_counts(log, in, is_told);
	if (!is_told)
		return;
	log->until_ms = now + HOUR_MS;
	for (int flaw = 0; flaw < N_FLAWS; flaw++)
		if (in->of[flaw].n > 0)
			add_phrase(&line, flaw, &in->of[flaw]);
	log_warn("bucket=%s: integrity: %s", bucket, buf_str(&line));
}
