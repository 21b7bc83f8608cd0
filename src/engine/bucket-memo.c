/* SPDX-License-Identifier: MIT */
/*
 * The memo of a bucket: see bucket-memo.h.  Net thread only.
 *
 *     RESTS ---> LOADS ---> READY       while it has users, or a PUT is under way
 *       ^                     |
 *       +---------------------+
 */
#include "config.h"

#include "engine/bucket-memo.h"

#include <errno.h>

#include <utlist.h>

#include "engine/ours.h"
#include "util/date.h"
#include "util/heap.h"
#include "util/log.h"

/* How long the end of the mount waits for a PUT. */
#define LAST_PUT_MS 2000

enum { BASE, RECENT, N_FILES };

static const char *const keys[N_FILES] = { OURS_MEMO_BASE, OURS_MEMO_RECENT };

/* One file of the two. */
struct memo_get {
	struct bucket_memo *owner;
	struct s3_call *call; /* NULL: none is under way */
	struct buf recent; /* that came before its base */
	bool is_unknown; /* no answer says what lies there */
	bool has_etag;
	char etag[S3_ETAG_MAX]; /* if so, of what lies there: s3_etag() */
};

struct bucket_memo {
	struct memo_env *env;
	const struct bucket *bucket;
	enum { MEMO_RESTS, MEMO_LOADS, MEMO_READY } state;
	struct memo memo;
	struct memo_user *users;
	struct memo_get gets[N_FILES];
	struct s3_call *put; /* or a look before it; NULL: none is under way */
	unsigned looks; /* at these files it is to be looked first, by bit */
	int look_file, put_file;
	bool is_put_anew; /* by a refresh */
	const struct buf *put_body; /* of the memo */
	bool is_put_late;
	unsigned n_renewals; /* refreshes, of all modes at once */
	struct doubt doubt;
	unsigned put_doubt; /* what the PUT settles */
	struct traffic traffic; /* of the GETs */
	struct timer get_limit, put_limit, tell;
	int64_t warned_until_ms; /* of what lies there */
	int64_t refused_until_ms; /* PUTs */
	bool is_foreign; /* a newer version has written what lies there */
	int64_t foreign_until_ms; /* PUTs over that */
};

/* --- whose it is --- */

unsigned
memo_heads_min(const struct memo_env *env)
{
	return env->place == MEMO_WHERE_IT_PAYS ? MEMO_DELTAS_MIN : 1;
}

enum log_level
memo_log_level(const struct memo_env *env, const struct err *err)
{
	bool is_damage = err->code == EBADMSG || err->code == EFBIG;

	return env->place == MEMO_WHERE_IT_PAYS && !is_damage ? LOG_LEVEL_INFO
							      : LOG_LEVEL_WARN;
}

void
memo_log_unwritten(const struct memo_env *env, const struct bucket *bucket,
		   const struct doubt *d, bool is_late, const struct err *err)
{
	log_line(doubt_is(d) ? LOG_LEVEL_WARN : memo_log_level(env, err),
		 "bucket=%s: the memo can't be written: %s%s", bucket->name,
		 is_late ? "not done in time" : err->msg,
		 doubt_is(d) ? "; what was there before the refresh is "
			       "believed by others, still"
			     : "");
}

void
memo_log_written(const struct bucket *bucket, const char *key, size_t n_bytes)
{
	log_info("bucket=%s: the memo %s is written, %zu bytes", bucket->name,
		 key, n_bytes);
}

void
memo_log_other(const struct bucket *bucket)
{
	log_info("bucket=%s: the memo is not written: another one was "
		 "meanwhile",
		 bucket->name);
}

const struct memo_env *
bucket_memo_env(const struct bucket_memo *b)
{
	return b->env;
}

static bool
is_in_bucket(const struct bucket_memo *b)
{
	return b->env->place <= MEMO_IN_BUCKET;
}

/* --- reading --- */

static void
warn(struct bucket_memo *b, const char *key, const struct err *err)
{
	int64_t now = date_mono_ms();

	if (b->warned_until_ms > now)
		return;
	b->warned_until_ms = now + HOUR_MS;
	log_line(memo_log_level(b->env, err),
		 "bucket=%s: the memo %s is ignored: %s", b->bucket->name, key,
		 err->msg);
}

static void
saw(struct bucket_memo *b, int file, enum memo_verdict verdict,
    const struct err *err)
{
	if (verdict == MEMO_GOOD || verdict == MEMO_OUTDATED)
		return;
	b->is_foreign = b->is_foreign || verdict == MEMO_FOREIGN;
	warn(b, keys[file], err);
}

static void
take_base(struct bucket_memo *b, const struct http_answer *answer)
{
	struct buf body;
	struct err err = ERR_INIT;

	http_take_body(answer, &body);
	saw(b, BASE, memo_take_base(&b->memo, &body, &err), &err);
}

static void
take_recent(struct bucket_memo *b)
{
	struct buf *body = &b->gets[RECENT].recent;
	struct err err = ERR_INIT;

	if (body->len > 0)
		saw(b, RECENT, memo_take_recent(&b->memo, body, &err), &err);
}

/* Somebody beside `but` (NULL: anybody) learns all anew. */
static bool
is_being_renewed(const struct bucket_memo *b, const struct memo_user *but)
{
	const struct memo_user *u;

	DL_FOREACH (b->users, u)
		if (u->is_anew && u != but)
			return true;
	return false;
}

/* What lies there, where a refresh that is over has not put it. */
static void
forget_doubted(struct bucket_memo *b)
{
	bool is_over = !b->put && !is_being_renewed(b, NULL);

	if (b->state == MEMO_READY && is_over && doubt_is(&b->doubt))
		memo_rest(&b->memo);
}

/* Those that have joined by now; each may leave, and have others leave. */
static void
tell_users(void *arg)
{
	struct bucket_memo *b = arg;
	struct memo_user *u = b->users;

	while (u) {
		if (u->is_told) {
			u = u->next;
			continue;
		}
		u->is_told = true;
		u->on_ready(u->arg);
		u = b->users;
	}
}

static void
rest_if_unused(struct bucket_memo *b)
{
	bool was_large = memo_count(&b->memo) * sizeof(struct memo_record) >
			 MEMO_IDLE_MAX;

	if (b->state != MEMO_READY || b->users || b->put)
		return;
	timer_disarm(b->env->writebacks->timers, &b->tell);
	b->state = MEMO_RESTS;
	memo_rest(&b->memo);
	if (was_large)
		heap_trim();
}

static void
on_all_read(struct bucket_memo *b)
{
	timer_disarm(b->env->writebacks->timers, &b->get_limit);
	take_recent(b);
	if (!b->gets[BASE].is_unknown && !b->gets[RECENT].is_unknown)
		memo_note_read(&b->memo);
	b->state = MEMO_READY;
	forget_doubted(b);
	tell_users(b);
	rest_if_unused(b);
}

/* What an answer that is no file says. */
static void
note_failure(struct bucket_memo *b, int file, const struct s3_answer *answer)
{
	b->gets[file].is_unknown =
		answer->status != 404 && answer->err.code != EFBIG;
	if (answer->status != 404 && answer->err.code != ECANCELED)
		warn(b, keys[file], &answer->err);
}

static void
on_get(void *arg, const struct s3_answer *answer)
{
	struct memo_get *g = arg;
	struct bucket_memo *b = g->owner;
	int file = (int)(g - b->gets);

	g->call = NULL;
	b->env->n_gets--;
	g->is_unknown = false;
	g->has_etag = s3_etag(answer, g->etag);
	if (answer->err.code)
		note_failure(b, file, answer);
	else if (file == BASE)
		take_base(b, answer->http);
	else
		http_take_body(answer->http, &g->recent);
	if (!b->gets[BASE].call && !b->gets[RECENT].call)
		on_all_read(b);
}

static void
on_get_limit(void *arg)
{
	struct bucket_memo *b = arg;

	log_line(b->env->place == MEMO_WHERE_IT_PAYS ? LOG_LEVEL_INFO
						     : LOG_LEVEL_WARN,
		 "bucket=%s: the memo can't be read within %lld ms",
		 b->bucket->name,
		 (long long)b->env->writebacks->limits->timeout_ms /
			 CACHE_GET_PART);
	for (int i = 0; i < N_FILES; i++)
		if (b->gets[i].call)
			s3_cancel(b->gets[i].call);
}

static void
load(struct bucket_memo *b)
{
	const struct writeback_env *w = b->env->writebacks;

	b->state = MEMO_LOADS;
	b->is_foreign = false;
	for (int i = 0; i < N_FILES; i++) {
		b->env->n_gets++;
		b->gets[i].call = s3_get_object(
			w->s3,
			&(struct s3_get){ .bucket = b->bucket->name,
					  .key = keys[i],
					  .max = MEMO_BYTES_MAX,
					  .is_whole = memo_file_is_whole,
					  .traffic = &b->traffic },
			on_get, &b->gets[i]);
	}
	timer_arm(w->timers, &b->get_limit,
		  w->limits->timeout_ms / CACHE_GET_PART);
}

/* --- writing --- */

/* Somebody else may have settled on another one meanwhile. */
static bool
is_of_epoch(const struct bucket_memo *b, const struct memo_user *u)
{
	return u->is_settled ? u->epoch == b->memo.epoch : u->is_anew;
}

/* A refresh need not know what it is put over. */
static bool
may_write(const struct bucket_memo *b, bool is_anew)
{
	int64_t now = date_mono_ms();
	bool is_unknown =
		b->gets[BASE].is_unknown || b->gets[RECENT].is_unknown;

	return is_in_bucket(b) &&
	       writeback_is_wanted(b->env->writebacks, b->bucket) && !b->put &&
	       (is_anew || !is_unknown) && b->refused_until_ms <= now &&
	       !(b->is_foreign && b->foreign_until_ms > now);
}

static void
end_put(struct bucket_memo *b, bool is_there)
{
	b->put = NULL;
	memo_note_written(&b->memo, is_there);
	if (is_there)
		doubt_settle(&b->doubt, b->put_doubt);
	else /* what lies there is not what is known here */
		b->gets[BASE].is_unknown = true;
	b->env->writebacks->n_running--;
	timer_disarm(b->env->writebacks->timers, &b->put_limit);
	forget_doubted(b);
	rest_if_unused(b);
}

static void
fail(struct bucket_memo *b, const struct err *err)
{
	b->refused_until_ms = date_mono_ms() + HOUR_MS;
	if (b->is_put_late || err->code != ECANCELED)
		memo_log_unwritten(b->env, b->bucket, &b->doubt, b->is_put_late,
				   err);
	end_put(b, false);
}

static void
on_put(void *arg, const struct s3_answer *answer)
{
	struct bucket_memo *b = arg;
	struct memo_get *file = &b->gets[b->put_file];

	file->has_etag = s3_etag(answer, file->etag);
	if (answer->err.code) {
		fail(b, &answer->err);
		return;
	}
	memo_log_written(b->bucket, keys[b->put_file], b->put_body->len);
	end_put(b, true);
}

static void
send(struct bucket_memo *b)
{
	const struct writeback_env *w = b->env->writebacks;

	b->put = cache_put(
		w->s3,
		&(struct cache_put){ .bucket = b->bucket->name,
				     .key = keys[b->put_file],
				     .type = "application/octet-stream",
				     .body = b->put_body->data,
				     .body_len = b->put_body->len,
				     .sse = w->sse,
				     .sse_kms_key_id = w->sse_kms_key_id },
		on_put, b);
}

/*
 * What a refresh has found is put nevertheless, and in a base, since what is recent would
 * be that of another one.
 */
static void
put_over_other(struct bucket_memo *b)
{
	const struct memo_sweep all = { .is_anew = true, .is_of_all = true };

	memo_note_written(&b->memo, false);
	b->put_file = BASE;
	b->put_body = memo_pack(&b->memo, MEMO_WRITE_BASE, &all, date_now());
	if (b->put_body)
		send(b);
	else
		end_put(b, false);
}

/* Somebody else has put it, maybe by a refresh: it stays. */
static void
leave_to_other(struct bucket_memo *b)
{
	memo_log_other(b->bucket);
	memo_forget_written(&b->memo);
	end_put(b, false);
	memo_distrust(&b->memo);
}

static void look_or_send(struct bucket_memo *b);

static void
on_look(void *arg, const struct s3_answer *answer)
{
	struct bucket_memo *b = arg;
	enum cache_look look =
		cache_look_verdict(answer, b->gets[b->look_file].etag);

	if (b->is_put_late || look == LOOK_FAILED)
		fail(b, &answer->err);
	else if (look == LOOK_SAME)
		look_or_send(b);
	else if (b->is_put_anew)
		put_over_other(b);
	else
		leave_to_other(b);
}

static void
look_or_send(struct bucket_memo *b)
{
	int file = 0;

	while (file < N_FILES && !(b->looks & 1U << file))
		file++;
	if (file == N_FILES) {
		send(b);
		return;
	}
	b->looks &= ~(1U << file);
	b->look_file = file;
	b->put = cache_look(b->env->writebacks->s3, b->bucket->name, keys[file],
			    on_look, b);
}

/*
 * What has to be as it was read.  Else a refresh of another mount may have put it, which
 * what is recent does, too, where there is a base.  But a refresh puts what it has found
 * over whatever lies there; in what is recent it has to name the base.
 */
static unsigned
files_to_look_at(const struct bucket_memo *b, int file, bool is_anew)
{
	const struct memo_get *base = &b->gets[BASE],
			      *recent = &b->gets[RECENT];
	bool wants_base = is_anew != (file == BASE);
	bool wants_recent = !is_anew && (file == RECENT || base->etag[0]);

	return (wants_base && base->has_etag ? 1U << BASE : 0) |
	       (wants_recent && recent->has_etag ? 1U << RECENT : 0);
}

static void
on_put_limit(void *arg)
{
	struct bucket_memo *b = arg;

	b->is_put_late = true;
	s3_cancel(b->put);
}

static void
put(struct bucket_memo *b, int file, const struct buf *body, bool is_anew)
{
	struct writeback_env *w = b->env->writebacks;

	b->put_file = file;
	b->put_body = body;
	b->is_put_anew = is_anew;
	b->looks = files_to_look_at(b, file, is_anew);
	w->n_running++;
	b->is_put_late = false;
	if (b->is_foreign)
		b->foreign_until_ms = date_mono_ms() + HOUR_MS;
	timer_arm(w->timers, &b->put_limit, w->limits->timeout_ms);
	look_or_send(b);
}

/* Of a refresh; that it is put settles nothing then. */
static void
warn_alone(const struct bucket_memo *b)
{
	log_warn("bucket=%s: the index of the memo can't be read: others may "
		 "not believe what the refresh has put",
		 b->bucket->name);
}

/* This one may write. */
static bool
may_write_of(const struct bucket_memo *b, const struct memo_user *u)
{
	return !is_being_renewed(b, u) && is_of_epoch(b, u) &&
	       (u->is_anew || !u->is_alone) && may_write(b, u->is_anew);
}

/*
 * A refresh is over: what this mount has learned before of deltas that it was not to ask
 * for counts again.  Where it is to be put, that is done by what lies there.
 */
static void
end_renewal(struct bucket_memo *b, const struct memo_user *u,
	    const struct memo_end *end, bool may_put)
{
	bool has_taught = u->renewal == b->n_renewals && is_of_epoch(b, u);

	if (!u->is_anew || is_being_renewed(b, u))
		return;
	if (has_taught && end->is_whole && !end->is_of_all && !may_put)
		memo_restore(&b->memo);
	else
		memo_end_renewal(&b->memo);
}

struct traffic
bucket_memo_end_sweep(struct bucket_memo *b, const struct memo_user *u,
		      const struct memo_end *end)
{
	struct memo_sweep s = { .is_of_all = end->is_of_all,
				.is_anew = u->is_anew };
	int64_t now = date_now();
	unsigned doubt = u->is_alone ? 0 : u->doubt;
	enum memo_write what;
	const struct traffic none = { 0 };
	const struct buf *body;
	bool may_put = may_write_of(b, u);

	end_renewal(b, u, end, may_put);
	if (!may_put)
		return none;
	if (u->is_alone)
		warn_alone(b);
	what = memo_end_sweep(&b->memo, &s, now);
	if (what == MEMO_WRITE_NOTHING)
		return none;
	body = memo_pack(&b->memo, what, &s, now);
	if (!body)
		return none;
	b->put_doubt = doubt;
	put(b, what == MEMO_WRITE_BASE ? BASE : RECENT, body, u->is_anew);
	return (struct traffic){ 1, body->len };
}

/* --- users --- */

/* What was learned, or is going to be by who has begun before, counts no more. */
static void
begin_renewal(struct bucket_memo *b)
{
	b->n_renewals++;
	memo_renew(&b->memo);
}

void
bucket_memo_join(struct bucket_memo *b, struct memo_user *u)
{
	u->is_told = false;
	if (u->is_anew && !is_being_renewed(b, NULL))
		begin_renewal(b);
	u->renewal = b->n_renewals;
	if (u->is_anew)
		doubt_begin(&b->doubt, b->put);
	/* who is told of what lies there, besides a refresh, settles nothing */
	u->doubt = !u->is_anew && is_being_renewed(b, NULL) ? 0 : b->doubt.n;
	DL_APPEND(b->users, u);
	if (b->state == MEMO_RESTS && is_in_bucket(b))
		load(b);
	else if (b->state == MEMO_RESTS)
		b->state = MEMO_READY;
	if (b->state == MEMO_READY)
		timer_arm(b->env->writebacks->timers, &b->tell, 0);
}

void
bucket_memo_leave(struct bucket_memo *b, struct memo_user *u)
{
	DL_DELETE(b->users, u);
	if (!is_being_renewed(b, NULL)) /* it was given up, maybe */
		memo_end_renewal(&b->memo);
	forget_doubted(b);
	rest_if_unused(b);
}

bool
bucket_memo_settle(struct bucket_memo *b, struct memo_user *u, uint64_t epoch,
		   bool is_alone)
{
	u->is_alone = is_alone;
	u->epoch = is_alone && epoch == 0 ? b->memo.epoch : epoch;
	u->is_settled = !b->put || (!is_alone && memo_is_of(&b->memo, epoch));
	if (!u->is_settled)
		return false;
	if (is_alone)
		memo_forget_written(&b->memo);
	memo_expect(&b->memo, u->epoch);
	return true;
}

void
bucket_memo_learn(struct bucket_memo *b, const struct memo_user *u,
		  const struct object *o, int64_t original)
{
	if (!is_of_epoch(b, u) || u->renewal != b->n_renewals)
		return;
	if (u->is_anew)
		memo_learn_anew(&b->memo, o, original);
	else
		memo_learn(&b->memo, o, original);
}

void
bucket_memo_borrow(struct bucket_memo *b, const struct memo_user *u,
		   const struct object *o, int64_t original)
{
	bucket_memo_learn(b, u, o, original);
	b->memo.is_borrowed = true;
}

unsigned
bucket_memo_renewals(const struct bucket_memo *b)
{
	return b ? b->n_renewals : 0;
}

void
bucket_memo_keep(struct bucket_memo *b, struct memo_file *records,
		 unsigned renewal, uint64_t epoch)
{
	bool is_new = renewal == b->n_renewals;

	if (is_new && !b->users && !b->put)
		memo_expect(&b->memo, epoch);
	if (is_new && b->memo.epoch == epoch)
		memo_keep(&b->memo, records);
	memo_file_clear(records);
}

void
bucket_memo_doubt(struct bucket_memo *b)
{
	doubt_begin(&b->doubt, b->put);
	begin_renewal(b);
	memo_end_renewal(&b->memo);
	forget_doubted(b);
}

bool
bucket_memo_is_doubted(const struct bucket_memo *b)
{
	return doubt_is(&b->doubt);
}

struct memo *
bucket_memo(struct bucket_memo *b)
{
	return &b->memo;
}

int64_t
bucket_memo_written_at(const struct bucket_memo *b)
{
	return b->memo.has_base ? b->memo.base_written_at : 0;
}

struct traffic
bucket_memo_traffic(const struct bucket_memo *b)
{
	return b->traffic;
}

/* --- from first to last --- */

struct bucket_memo *
bucket_memo_get(struct memo_env *env, struct bucket *bucket)
{
	struct bucket_memo *b = bucket->memo;

	if (b || env->place == MEMO_NOWHERE)
		return b;
	b = bucket->memo = xnew(struct bucket_memo);
	b->env = env;
	b->bucket = bucket;
	memo_init(&b->memo, bucket->name);
	for (int i = 0; i < N_FILES; i++)
		b->gets[i] =
			(struct memo_get){ .owner = b,
					   .recent = BUF_INIT(MEMO_BYTES_MAX) };
	timer_init(&b->get_limit, on_get_limit, b);
	timer_init(&b->put_limit, on_put_limit, b);
	timer_init(&b->tell, tell_users, b);
	return b;
}

void
bucket_memo_stop(struct bucket_memo *b)
{
	struct timers *timers = b->env->writebacks->timers;

	timer_disarm(timers, &b->get_limit);
	timer_disarm(timers, &b->tell);
	for (int i = 0; i < N_FILES; i++)
		if (b->gets[i].call)
			s3_cancel(b->gets[i].call);
	if (b->put)
		timer_arm(timers, &b->put_limit, LAST_PUT_MS);
}

void
bucket_memo_free(struct bucket_memo *b)
{
	if (!b)
		return;
	memo_clear(&b->memo);
	buf_clear(&b->gets[RECENT].recent);
	free(b);
}
