/* SPDX-License-Identifier: MIT */
/*
 * Putting documents into the bucket: see store.h.  Net thread only.
 */
#include "config.h"

#include "engine/store.h"

#include <errno.h>

#include <utlist.h>

#include "util/date.h"
#include "util/log.h"

#define HOUR_MS (60 * 60 * 1000)
#define MINUTE_MS (60 * 1000) /* after a failure that is no refusal */

struct store_op {
	struct store *store;
	struct snapshot *doc;
	struct s3_call *call;
	struct store_op *prev, *next;
};

void
store_saw(struct store *s, enum cache_verdict verdict, const struct err *err)
{
	static const char *const what[] = {
		[CACHE_BAD] = "is no valid document and is ignored",
		[CACHE_FOREIGN] = "is another program's and is ignored",
		[CACHE_REFUSED] = "can't be read",
		[CACHE_FAILED] = "can't be read",
	};
	int64_t now = date_mono_ms();

	if (verdict >= ARRAY_SIZE(what) || !what[verdict] ||
	    s->warned_until_ms[verdict] > now)
		return;
	s->warned_until_ms[verdict] = now + HOUR_MS;
	log_warn("bucket=%s mode=%s: the cached document %s: %s", s->bucket,
		 mode_names[s->mode], what[verdict], err->msg);
}

bool
store_may(const struct store *s, enum cache_verdict verdict)
{
	int64_t now = date_mono_ms();

	if (s->policy != CACHE_POLICY_RW)
		return false;
	if (verdict == CACHE_NOT_ASKED)
		return true;
	if (verdict == CACHE_REFUSED || verdict == CACHE_FAILED)
		return false;
	if (verdict == CACHE_FOREIGN && s->foreign_until_ms > now)
		return false;
	return s->refused_until_ms <= now;
}

static void
on_put(void *arg, const struct s3_answer *answer)
{
	struct store_op *op = arg;
	struct store *s = op->store;
	bool is_refusal = answer->err.code == EACCES;

	DL_DELETE(s->ops, op);
	(*s->n_running)--;
	s->is_stored = answer->err.code == 0;
	if (answer->err.code && answer->err.code != ECANCELED) {
		s->refused_until_ms =
			date_mono_ms() + (is_refusal ? HOUR_MS : MINUTE_MS);
		log_warn("bucket=%s mode=%s: the document can't be cached: %s",
			 s->bucket, mode_names[s->mode], answer->err.msg);
	}
	s->on_done(s->arg, op);
	snapshot_unref(op->doc);
	free(op);
}

struct store_op *
store_put(struct store *s, struct snapshot *doc, enum cache_verdict over)
{
	struct store_op *op = xnew(struct store_op);

	op->store = s;
	op->doc = snapshot_ref(doc);
	s->is_stored = false;
	if (over == CACHE_FOREIGN)
		s->foreign_until_ms = date_mono_ms() + HOUR_MS;
	DL_APPEND(s->ops, op);
	(*s->n_running)++;
	op->call = cache_put(s->s3, s->bucket, s->mode, doc, on_put, op);
	return op;
}

void
store_stop(struct store *s)
{
	struct store_op *op;

	DL_FOREACH (s->ops, op)
		s3_cancel(op->call);
}
