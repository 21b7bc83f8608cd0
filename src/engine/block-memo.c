/* SPDX-License-Identifier: MIT */
/*
 * The memo by blocks in a bucket: see block-memo.h.  Net thread only.
 */
#include "config.h"

#include "engine/block-memo.h"

#include <errno.h>
#include <sys/random.h>

#include <utlist.h>

#include "engine/index-read.h"
#include "engine/ours.h"
#include "stats/memo-index.h"
#include "util/date.h"
#include "util/log.h"

/* How long the end of the mount waits for PUTs. */
#define LAST_PUTS_MS 2000

/* What is to be put. */
struct put {
	char key[BLOCK_MEMO_KEY_MAX];
	struct buf bytes;
	bool has_condition;
	char over[S3_ETAG_MAX]; /* as in struct cache_put, if so */
	struct block_doubt doubt; /* of an index: what it settles */
	struct memo_aside aside; /* and what is to be remembered without it */
	struct put *prev, *next;
};

struct block_memo {
	struct memo_env *env;
	const struct bucket *bucket;
	struct put *puts; /* the first one is under way, or will be */
	unsigned n_puts;
	const void
		*owner; /* of the set that is being made; NULL: there is none */
	struct s3_call *call; /* NULL: none is under way */
	bool is_late, has_failed, is_stopping;
	struct timer limit;
	struct doubt doubt;
	uint64_t epoch; /* of the last refresh */
	int64_t given_up_until_ms;
	int64_t warned_until_ms; /* of what lies there */
	int64_t refused_until_ms; /* PUTs */
	int64_t unconditional_until_ms;
	int64_t foreign_until_ms; /* PUTs over what is of a newer version */
};

void
block_memo_print_pack_key(char *out, size_t size, unsigned slot)
{
	snprintf(out, size, OURS_MEMO_PACK, slot);
}

/* --- what is known of it --- */

void
block_memo_give_up(struct block_memo *m, const char *why)
{
	log_info("bucket=%s: no memo by blocks for an hour: %s",
		 m->bucket->name, why);
	m->given_up_until_ms = date_mono_ms() + HOUR_MS;
}

void
block_memo_warn(struct block_memo *m, const struct err *err)
{
	int64_t now = date_mono_ms();

	if (m->warned_until_ms > now)
		return;
	m->warned_until_ms = now + HOUR_MS;
	log_line(memo_log_level(m->env, err),
		 "bucket=%s: the memo " OURS_MEMO_INDEX " is ignored: %s",
		 m->bucket->name, err->msg);
}

bool
block_memo_may_take_over(struct block_memo *m)
{
	int64_t now = date_mono_ms();

	if (m->foreign_until_ms > now)
		return false;
	m->foreign_until_ms = now + HOUR_MS;
	return true;
}

bool
block_memo_may_write(const struct block_memo *m)
{
	return writeback_is_wanted(m->env->writebacks, m->bucket) &&
	       !m->is_stopping && m->refused_until_ms <= date_mono_ms();
}

uint64_t
block_memo_new_epoch(void)
{
	uint64_t n = 0;

	if (getrandom(&n, sizeof(n), 0) != sizeof(n)) /* it is forbidden */
		n = (uint64_t)date_now() << 32 ^ (uint64_t)date_mono_ms();
	return n ? n : 1;
}

void
block_memo_doubt(struct block_memo *m)
{
	m->doubt.n++;
	m->epoch = block_memo_new_epoch();
}

bool
block_memo_is_doubted(const struct block_memo *m)
{
	return doubt_is(&m->doubt);
}

struct block_doubt
block_memo_doubts(const struct block_memo *m)
{
	return (struct block_doubt){ m->doubt.n, m->epoch };
}

/* What is not believed, and can't be mended, is of no use, either. */
bool
block_memo_is_given_up(const struct block_memo *m)
{
	return m->given_up_until_ms > date_mono_ms() ||
	       (doubt_is(&m->doubt) && !block_memo_may_write(m));
}

/* --- one PUT after the other --- */

/* Takes the bytes. */
static struct put *
put_new(const char *key, struct buf *bytes)
{
	struct put *p = xnew(struct put);

	snprintf(p->key, sizeof(p->key), "%s", key);
	p->bytes = *bytes;
	buf_init(bytes, bytes->max);
	memo_aside_init(&p->aside, NULL);
	return p;
}

static void
append(struct block_memo *m, struct put *p)
{
	DL_APPEND(m->puts, p);
	m->n_puts++;
	m->env->writebacks->n_running++;
}

static void
drop(struct block_memo *m, struct put *p)
{
	DL_DELETE(m->puts, p);
	m->n_puts--;
	m->env->writebacks->n_running--;
	buf_clear(&p->bytes);
	memo_aside_clear(&p->aside);
	free(p);
}

/* It can't be put, or is not wanted any more. */
static void
give_back(struct block_memo *m, struct put *p)
{
	if (!m->is_stopping)
		memo_aside_keep(&p->aside, m->bucket->memo, p->doubt.epoch);
	drop(m, p);
}

/* The rest of the set can't be written, or is not wanted any more. */
static void
cut_set(struct block_memo *m)
{
	struct put *p;

	m->has_failed = true;
	while ((p = m->puts))
		give_back(m, p);
}

/* An index of no blocks; NULL: no memory. */
static struct put *
void_new(const struct block_memo *m, const struct block_doubt *doubt)
{
	struct buf bytes CLEANUP_BUF = BUF_INIT(INDEX_BYTES_MAX);
	const struct block_list none = { 0 };
	const struct index_stamp stamp = {
		.written_at = date_now(),
		.anew_at = date_now(),
		.at_once = pace_claim(s3_pace(m->env->writebacks->s3), 0),
		.epoch = doubt->epoch
	};
	struct put *p = NULL;

	if (memo_index_print(&none, m->bucket->name, &stamp, &bytes) == 0) {
		p = put_new(OURS_MEMO_INDEX, &bytes);
		p->doubt = *doubt;
	}
	return p;
}

/*
 * The set can't be written.  If that is one of a refresh, and its index could still be,
 * at least nothing is believed that is from before it.
 */
static void
fail(struct block_memo *m, const struct err *err)
{
	const struct block_doubt doubt = block_memo_doubts(m);
	bool is_index = strcmp(m->puts->key, OURS_MEMO_INDEX) == 0;
	struct put *p = NULL;

	if (!is_index && !m->is_stopping && doubt_is(&m->doubt))
		p = void_new(m, &doubt);
	if (p)
		log_warn("bucket=%s: the memo can't be written: %s; one that "
			 "knows nothing is put in its place",
			 m->bucket->name,
			 m->is_late ? "not done in time" : err->msg);
	else if (m->is_late || err->code != ECANCELED)
		memo_log_unwritten(m->env, m->bucket, &m->doubt, m->is_late,
				   err);
	m->refused_until_ms = date_mono_ms() + HOUR_MS;
	cut_set(m);
	if (p)
		append(m, p);
}

/* Another mount was faster, or somebody has deleted it; two at a time: 409. */
static bool
is_lost_race(const struct s3_answer *answer)
{
	return answer->status == 412 || answer->status == 404;
}

static bool
has_condition(const struct block_memo *m, const struct put *p)
{
	return p->has_condition && m->unconditional_until_ms <= date_mono_ms();
}

static void on_put(void *arg, const struct s3_answer *answer);

static void
send(struct block_memo *m)
{
	struct writeback_env *w = m->env->writebacks;
	struct put *p = m->puts;

	m->is_late = false;
	if (!m->is_stopping) /* else the limit is that of all that waits */
		timer_arm(w->timers, &m->limit, w->limits->timeout_ms);
	m->call =
		cache_put(w->s3,
			  &(struct cache_put){
				  .bucket = m->bucket->name,
				  .key = p->key,
				  .type = "application/octet-stream",
				  .over = has_condition(m, p) ? p->over : NULL,
				  .body = p->bytes.data,
				  .body_len = p->bytes.len,
				  .sse = w->sse,
				  .sse_kms_key_id = w->sse_kms_key_id },
			  on_put, m);
}

static void send_or_rest(struct block_memo *m);

static void
on_look(void *arg, const struct s3_answer *answer)
{
	struct block_memo *m = arg;
	enum cache_look look = cache_look_verdict(answer, m->puts->over);

	m->call = NULL;
	if (m->is_late || look == LOOK_FAILED) {
		fail(m, &answer->err);
	} else if (look == LOOK_SAME) {
		s3_remember_refusal(&m->unconditional_until_ms, date_mono_ms());
	} else {
		memo_log_other(m->bucket);
		drop(m, m->puts);
	}
	send_or_rest(m);
}

/*
 * An index that was not put.  Whoever says that something else lies there is asked
 * whether it does: there are stores that compare ETags with their quotes to others.
 */
static void
end_conditional(struct block_memo *m, const struct s3_answer *answer)
{
	/* the other one is not over: a look would be too early */
	if (answer->status == 409) {
		drop(m, m->puts);
	} else if (is_lost_race(answer)) {
		m->call = cache_look(m->env->writebacks->s3, m->bucket->name,
				     m->puts->key, on_look, m);
	} else if (s3_is_refusal(answer)) { /* it is sent again */
		s3_remember_refusal(&m->unconditional_until_ms, date_mono_ms());
	} else {
		fail(m, &answer->err);
	}
}

static void
on_success(struct block_memo *m)
{
	struct put *p = m->puts;

	memo_log_written(m->bucket, p->key, p->bytes.len);
	doubt_settle(&m->doubt, p->doubt.n);
	drop(m, p);
}

static void
on_put(void *arg, const struct s3_answer *answer)
{
	struct block_memo *m = arg;

	m->call = NULL;
	if (answer->err.code == 0)
		on_success(m);
	else if (!has_condition(m, m->puts))
		fail(m, &answer->err);
	else
		end_conditional(m, answer);
	if (!m->call)
		send_or_rest(m);
}

static void
send_or_rest(struct block_memo *m)
{
	if (!writeback_is_wanted(m->env->writebacks, m->bucket))
		cut_set(m);
	if (m->puts)
		send(m);
	else
		timer_disarm(m->env->writebacks->timers, &m->limit);
}

static void
on_limit(void *arg)
{
	struct block_memo *m = arg;

	m->is_late = true;
	s3_cancel(m->call);
}

/* What can't be written is missing from then on, so what follows is of no use. */
static struct traffic
put(struct block_memo *m, struct put *p)
{
	struct traffic cost = { 1, p->bytes.len };

	append(m, p);
	m->has_failed = m->has_failed || !block_memo_may_write(m);
	if (m->has_failed) {
		give_back(m, p);
		return (struct traffic){ 0 };
	}
	if (!m->call)
		send(m);
	return cost;
}

bool
block_memo_begin_set(struct block_memo *m, const void *owner)
{
	if (!block_memo_may_write(m))
		return false;
	if (m->owner == owner)
		return true;
	if (m->owner || m->puts)
		return false;
	m->owner = owner;
	m->has_failed = false;
	return true;
}

void
block_memo_end_set(struct block_memo *m, const void *owner)
{
	if (m && m->owner == owner)
		m->owner = NULL;
}

struct traffic
block_memo_put_pack(struct block_memo *m, struct pack *pack)
{
	char key[BLOCK_MEMO_KEY_MAX];

	block_memo_print_pack_key(key, sizeof(key), pack->slot);
	return put(m, put_new(key, &pack->bytes));
}

static void
set_condition(struct put *p, const char *over)
{
	p->has_condition = over;
	snprintf(p->over, sizeof(p->over), "%s", over ? over : "");
}

struct traffic
block_memo_put_index(struct block_memo *m, const struct block_index *x)
{
	struct put *p = put_new(OURS_MEMO_INDEX, x->bytes);

	p->doubt = x->doubt;
	memo_aside_move(x->aside, &p->aside);
	set_condition(p, x->over);
	return put(m, p);
}

struct traffic
block_memo_void(struct block_memo *m, const void *owner,
		const struct block_doubt *doubt, const char *over)
{
	struct traffic written = { 0 };
	struct put *p;

	if (!block_memo_begin_set(m, owner))
		return written;
	p = void_new(m, doubt);
	if (p) {
		set_condition(p, over);
		written = put(m, p);
	}
	block_memo_end_set(m, owner);
	return written;
}

unsigned
block_memo_n_waiting(const struct block_memo *m)
{
	return m->n_puts;
}

/* --- from first to last --- */

struct block_memo *
block_memo_get(struct memo_env *env, struct bucket *bucket)
{
	struct block_memo *m = bucket->block_memo;

	if (m || env->place > MEMO_IN_BUCKET)
		return m;
	m = bucket->block_memo = xnew(struct block_memo);
	m->env = env;
	m->bucket = bucket;
	timer_init(&m->limit, on_limit, m);
	return m;
}

void
block_memo_stop(struct block_memo *m)
{
	m->is_stopping = true;
	if (m->call)
		timer_arm(m->env->writebacks->timers, &m->limit, LAST_PUTS_MS);
}

void
block_memo_free(struct block_memo *m)
{
	free(m);
}
