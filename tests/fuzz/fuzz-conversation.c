/* SPDX-License-Identifier: MIT */
/*
 * Whole conversations: from any bytes a bucket, a store's way of listing it, what
 * lies in its cache, the order of the answers, failures, lies, changes, time that
 * passes and readers that go.  What the engine's jobs make of it is what
 * conversation-model.c says, to the byte, or an error, and no error where the
 * store did nothing wrong.  Nothing is left behind.
 */
#include "config.h"

#include <errno.h>
#include <math.h>

#include "conversation-store.h"
#include "engine/job.h"
#include "engine/slots.h"
#include "fake-clock.h"
#include "list/lister.h"
#include "util/log.h"

#define BUCKET "releases"
#define TIMEOUT_MS 60000
/* Time that may pass on top of retries, and no job may give up. */
#define PATIENCE_MS 40000
#define GET_PATIENCE_MS 8000
#define RUNS_MAX 3
#define ROUNDS 3
#define LISTS_MAX 2 /* of the bucket at a time, however many want one */
#define CLIENTS_MAX (LISTS_MAX + RUNS_MAX) /* of slots: each sends HEADs, too */
/* Requests of a kind under way: so many only if a walk sends more than one. */
#define PARALLEL (RUNS_MAX + 1)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *replay_complaint(void);

struct talk;

/* One job, from its beginning to its end. */
struct run {
	struct talk *talk;
	struct job *job; /* NULL: none, or it has ended */
	enum job_kind kind;
	enum mode mode;
	bool reads_cache, is_last_fresher;
	struct result *last; /* that was handed in; NULL: none */
	bool may_use_last;
	bool has_begun; /* on_list_begins was called */
	bool has_listed; /* on_listed was */
	struct validation listed; /* what was said then */
};

struct talk {
	struct bytes b;
	struct talk_store store;
	struct run runs[RUNS_MAX];
	unsigned n_runs; /* in this round, so far */
	struct result *last[N_MODES]; /* what the jobs made before */
	/* how good the store has been in this round */
	int retries, n_failures;
	int64_t passed_ms;
	bool has_repeated; /* itself: LIE_AGAIN */
	bool may_fail; /* an error may come of it */
	/* by mode: what lies in the cache is valid, and was not kept from us */
	bool is_good_document[N_MODES];

	struct limits limits; /* timeout_ms alone */
	struct timers timers;
	struct http *http;
	struct endpoint *endpoint;
	struct creds_chain *creds;
	struct pace *pace;
	struct s3 *s3;
	struct list_shared lists;
	struct slots slots;
	struct scan_env scans;
	struct buckets *buckets;
	struct bucket *bucket;
	struct job_env env;
	unsigned most_lists, most_heads; /* that waited for answers at a time */
};

/* Whether any input has had both LISTs and HEADs in parallel. */
static bool was_parallel;

#define CHECK(what) check((what), #what, __LINE__)

static void
check(bool is_right, const char *what, int line)
{
	if (is_right)
		return;
	fprintf(stderr, "fuzz-conversation.c:%d: not so: %s\n", line, what);
	abort();
}

/* --- the world --- */

/* How many requests there may be at a time: few, or more than there are. */
static unsigned
take_connections(struct bytes *b)
{
	unsigned n = take(b, 256);

	return n < 224 ? 1 + n % 6 : n - 216;
}

static void
world_init(struct talk *k)
{
	static const struct http_options http = { .user_agent = "test" };
	char *names[] = { (char *)BUCKET };
	unsigned connections, kind;
	struct err err = ERR_INIT;

	fake_clock_reset();
	log_open(LOG_TO_STDERR, "/dev/null", LOG_LEVEL_ERROR, &err);
	k->retries = (int)take(&k->b, 3);
	kind = take(&k->b, 6);
	k->store.tells_metadata = kind % 3 == 2;
	k->store.has_other_etags = kind == 3;
	connections = take_connections(&k->b);
	k->limits.timeout_ms = TIMEOUT_MS;
	k->pace = pace_new(connections);
	k->slots.pace = k->pace;
	k->slots.most = connections;
	CHECK(http_new(&k->http, &http, &k->timers, &err) == 0);
	CHECK(endpoint_new(&k->endpoint,
			   &(struct endpoint_options){
				   .url = "http://s3.test:9000" },
			   &err) == 0);
	k->creds = creds_new(&(struct creds_options){ .is_anonymous = true,
						      .profile = "default" });
	k->s3 = s3_new(k->http, &k->timers, k->endpoint, k->creds, k->pace,
		       k->retries);
	k->buckets = buckets_new(60000, names, 1);
	CHECK(buckets_find(k->buckets, BUCKET, &k->bucket) == BUCKET_IS_THERE);
	k->scans = (struct scan_env){ .s3 = k->s3,
				      .lists = &k->lists,
				      .slots = &k->slots,
				      .timers = &k->timers,
				      .gather_ms = connections % 2 };
	k->env = (struct job_env){ .s3 = k->s3,
				   .timers = &k->timers,
				   .scans = &k->scans,
				   .limits = &k->limits };
}

static void
world_clear(struct talk *k)
{
	for (int mode = 0; mode < N_MODES; mode++) {
		result_unref(k->last[mode]);
		free(k->store.documents[mode]);
	}
	buckets_free(k->buckets);
	list_shared_clear(&k->lists);
	s3_free(k->s3);
	pace_free(k->pace);
	creds_free(k->creds);
	endpoint_free(k->endpoint);
	http_free(k->http);
	log_close();
}

static void
count_pending(struct talk *k)
{
	unsigned n_lists = 0, n_heads = 0;
	struct http_transfer *t;

	for (size_t i = 0; (t = fake_http_get(k->http, i)); i++) {
		n_lists += t->state == TRANSFER_PENDING && is_list(t);
		n_heads += t->state == TRANSFER_PENDING && is_head_object(t);
	}
	CHECK(n_lists + n_heads <= k->slots.n_running);
	CHECK(k->slots.n_running <= k->slots.most + CLIENTS_MAX);
	CHECK(k->scans.n_scans <= 2 * LISTS_MAX); /* and as many are next */
	if (n_lists > k->most_lists)
		k->most_lists = n_lists;
	if (n_heads > k->most_heads)
		k->most_heads = n_heads;
}

/* Turns of the engine's loop, until it would wait. */
static void
settle(struct talk *k)
{
	for (;;) {
		timers_run(&k->timers);
		slots_pump(&k->slots);
		if (timers_wait_ms(&k->timers) != 0 &&
		    !fake_http_has_ended(k->http))
			break;
		http_poll(k->http, 0);
	}
	count_pending(k);
}

/* --- documents --- */

/* As dgstatfs(5) shows it, without blanks at the ends of lines; `ratio` and `computed_at` as they are to be. */
static char *
print_document(const struct model_figures *f, const char *mode,
	       const char *computed_at, const char *ratio)
{
	return xasprintf(
		"{\n  \"version\": \"1.0\",\n  \"mode\": \"%s\",\n"
		"  \"computed_at\": \"%s\",\n  \"validation\": {\n"
		"    \"object_count\": %lld,\n    \"compressed_size\": %lld,\n"
		"    \"fingerprint\": \"%s\"\n  },\n  \"stats\": {\n"
		"    \"bucket\": \"" BUCKET "\",\n    \"object_count\": %lld,\n"
		"    \"total_size\": %lld,\n    \"compressed_size\": %lld,\n"
		"    \"space_saved\": %lld,\n"
		"    \"average_compression_ratio\": %s,\n"
		"    \"delta_objects\": %lld,\n    \"direct_objects\": %lld\n"
		"  },\n  \"accuracy\": { \"exact_deltas\": %lld, "
		"\"sampled_deltas\": %lld, \"estimated_deltas\": %lld }\n}\n",
		mode, computed_at, (long long)f->all_objects,
		(long long)f->all_bytes, f->fingerprint,
		(long long)f->object_count, (long long)f->total,
		(long long)f->stored, (long long)f->saved, ratio,
		(long long)f->deltas, (long long)f->directs,
		(long long)f->exact, (long long)f->sampled,
		(long long)f->estimated);
}

/* What follows `before` in `text`, up to one of `ends`. */
static void
extract(const char *text, const char *before, const char *ends, char *out,
	size_t size)
{
	const char *at = strstr(text, before);

	CHECK(at != NULL);
	at += strlen(before);
	CHECK(strcspn(at, ends) < size);
	snprintf(out, size, "%.*s", (int)strcspn(at, ends), at);
}

/* A copy without blanks at the ends of lines. */
static char *
without_blanks(const char *text)
{
	char *copy = xstrdup(text), *out = copy;

	for (; *text; text++) {
		if (text[strspn(text, " ")] != '\n' || *text == '\n')
			*out++ = *text;
	}
	*out = '\0';
	return copy;
}

/* The text is the document of these figures. */
static void
check_document(const char *text, const struct model_figures *f, enum mode mode)
{
	char computed_at[32], ratio[32];
	char *expected, *shown = without_blanks(text);
	struct doc d;

	CHECK(strlen(text) == DOC_LEN);
	CHECK(doc_parse(&d, text, DOC_LEN, BUCKET, mode, NULL) == DOC_GOOD);
	extract(text, "\"computed_at\": \"", "\"", computed_at,
		sizeof(computed_at));
	CHECK(strncmp(computed_at, "2025-10-14T10:3", 15) == 0);
	extract(text, "\"average_compression_ratio\": ", ",", ratio,
		sizeof(ratio));
	CHECK(fabs(strtod(ratio, NULL) - f->ratio) <= 0);
	expected = print_document(f, mode_names[mode], computed_at, ratio);
	CHECK(strcmp(shown, expected) == 0);
	free(expected);
	free(shown);
}

/*
 * The text says that it is of such a listing, with a fingerprint or without.  A
 * byte that was changed may be a blank, and another one now.
 */
static bool
is_of_listing(const char *text, const struct model_figures *f)
{
	const char *count = strstr(text, "\"object_count\"");

	CHECK(count != NULL);
	count += strcspn(count, ":") + 1;
	return strtoll(count, NULL, 10) == f->all_objects &&
	       (!strstr(text, "\"fingerprint\"") ||
		strstr(text, f->fingerprint));
}

/* A cached document is shown as it is, or, if it has another length, anew. */
static void
check_shown(const char *shown, const char *cached, enum mode mode)
{
	struct doc a, b;

	CHECK(strlen(shown) == DOC_LEN);
	if (strlen(cached) == DOC_LEN) {
		CHECK(strcmp(shown, cached) == 0);
		return;
	}
	CHECK(doc_parse(&a, shown, DOC_LEN, BUCKET, mode, NULL) == DOC_GOOD);
	CHECK(doc_parse(&b, cached, strlen(cached), BUCKET, mode, NULL) ==
	      DOC_GOOD);
	CHECK(a.computed_at == b.computed_at);
	CHECK(a.has_accuracy == b.has_accuracy);
	CHECK(memcmp(&a.figures, &b.figures, sizeof(a.figures)) == 0);
}

/* --- the end of a job --- */

/* An object may have come and gone: either is right, and `v` says which it was. */
static void
figures_of(const struct run *run, const struct validation *v,
	   struct model_figures *f)
{
	const struct talk_store *s = &run->talk->store;
	struct model without;

	model_figures(&s->model, (enum model_mode)run->mode, f);
	if (v->object_count == f->all_objects)
		return;
	model_without(&s->model, s->flicker, &without);
	model_figures(&without, (enum model_mode)run->mode, f);
}

static void
check_validation(const struct validation *v, const struct model_figures *f)
{
	char hex[33];

	CHECK(v->object_count == f->all_objects);
	CHECK(v->compressed_size == f->all_bytes);
	snprintf(hex, sizeof(hex), "%016llx%016llx",
		 (unsigned long long)v->fingerprint.high,
		 (unsigned long long)v->fingerprint.low);
	CHECK(strcmp(hex, f->fingerprint) == 0);
}

static void
check_error(const struct run *run, const struct job_result *r,
	    const struct err *err)
{
	CHECK(!r->result);
	CHECK(err->msg[0]);
	CHECK(err->code == EIO || err->code == EACCES || err->code == ENOENT ||
	      err->code == ETIMEDOUT || err->code == EHOSTUNREACH ||
	      err->code == EPROTO);
	if (!run->talk->may_fail)
		fprintf(stderr, "%s\n", err->msg);
	CHECK(run->talk->may_fail);
}

static void
check_cached(const struct run *run, const struct job_result *r,
	     const struct model_figures *f)
{
	const struct talk *k = run->talk;

	CHECK(is_of_listing(r->result->text->data, f));
	CHECK(r->result->is_storable &&
	      strlen(r->result->text->data) == r->result->text->len);
	if (r->result->how == RESULT_FROM_MEMORY) {
		CHECK(r->result->text == run->last->text);
		CHECK(!run->reads_cache || run->may_use_last);
		return;
	}
	CHECK(run->reads_cache && r->verdict == CACHE_GOOD);
	check_shown(r->result->text->data, k->store.documents[run->mode],
		    run->mode);
}

static void
check_result(const struct run *run, const struct job_result *r)
{
	struct model_figures f;

	CHECK(run->has_begun);
	figures_of(run, &r->listed.validation, &f);
	check_validation(&r->listed.validation, &f);
	if (run->has_listed)
		CHECK(run->listed.object_count ==
		      r->listed.validation.object_count);
	CHECK((run->kind == JOB_PROBE) == !r->result);
	if (run->kind == JOB_PROBE)
		return;
	if (r->result->how != RESULT_COMPUTED) {
		check_cached(run, r, &f);
		return;
	}
	CHECK(!(run->reads_cache && run->talk->is_good_document[run->mode]));
	check_document(r->result->text->data, &f, run->mode);
	CHECK(r->result->is_storable == !f.saw_change);
}

static void
on_done(void *arg, const struct job_result *r, const struct err *err)
{
	struct run *run = arg;
	struct result **last = &run->talk->last[run->mode];

	CHECK(run->job);
	run->job = NULL;
	if (err->code) {
		check_error(run, r, err);
		return;
	}
	check_result(run, r);
	if (r->result && r->result->is_storable && *last != r->result) {
		result_unref(*last);
		*last = result_ref(r->result);
	}
}

static void
on_listed(void *arg)
{
	struct run *run = arg;
	struct model_figures f;

	CHECK(run->job && run->has_begun && !run->has_listed);
	run->has_listed = true;
	CHECK(job_validation(run->job));
	run->listed = *job_validation(run->job);
	figures_of(run, &run->listed, &f);
	check_validation(&run->listed, &f);
}

static void
on_list_begins(void *arg)
{
	struct run *run = arg;

	CHECK(run->job && !run->has_listed);
	run->has_begun = true;
}

static bool
may_use_last(void *arg, enum cache_verdict verdict)
{
	const struct run *run = arg;

	CHECK(run->reads_cache);
	CHECK(verdict != CACHE_NOT_ASKED);
	return run->may_use_last;
}

/* --- a round: a bucket, its cached documents, some jobs --- */

/* A byte of it is another one, or it ends there. */
static void
corrupt(struct bytes *b, char *text)
{
	size_t at = (take(b, 4) << 8 | take(b, 256)) % strlen(text);

	text[at] = (char)take(b, 256);
}

/* As long as ours are; takes the text. */
static char *
with_blanks(char *text)
{
	char *longer = xasprintf("%-*s", DOC_LEN, text);

	free(text);
	return longer;
}

static void
lay_document(struct talk *k, enum mode mode)
{
	static const int statuses[] = { 404, 403, 500, 301 };
	struct model_figures f;
	char **text = &k->store.documents[mode], *at, ratio[32];
	unsigned what = take(&k->b, 8);

	free(steal(text));
	k->is_good_document[mode] = what > 6;
	k->store.document_status[mode] =
		what == 1 ? statuses[take(&k->b, 4)] : 200;
	if (what < 2)
		return; /* none */
	model_figures(&k->store.model, (enum model_mode)mode, &f);
	if (what == 2)
		f.all_objects += 1 + take(&k->b, 2);
	if (what == 3)
		f.fingerprint[take(&k->b, 32)] ^= 1;
	snprintf(ratio, sizeof(ratio), "%.17g", f.ratio);
	*text = print_document(&f, mode_names[mode], "2024-01-01T00:00:00Z",
			       ratio);
	at = strstr(*text, what == 4 ? "1.0" : "fingerprint");
	if (what == 4)
		at[0] = '2';
	else if (what == 5)
		at[-1] = '\0'; /* it ends there */
	else if (what == 6)
		corrupt(&k->b, *text);
	if (f.all_objects % 2)
		*text = with_blanks(*text);
}

/* What an older listing has left: the bucket is cut at some of these keys. */
static void
teach_cuts(struct talk *k)
{
	const struct model *m = &k->store.model;
	struct list_marks marks = { .n = 0 };
	struct object page[LIST_PAGE_KEYS]; /* its last key stands for all */
	unsigned n = take(&k->b, 8), at = 0;

	if (n < 3)
		return; /* as it is */
	for (unsigned i = 0; i < n && at < m->n; i++) {
		const char *key = m->things[at].key;
		size_t len;

		at += 1 + take(&k->b, 6);
		/* a key may have gone since then, with all behind it */
		len = strlen(key) - take(&k->b, 2);
		for (size_t p = 0; p < LIST_PAGE_KEYS; p++)
			page[p] = (struct object){ .key = key, .key_len = len };
		list_marks_add(&marks, page, LIST_PAGE_KEYS, true, 1);
	}
	list_memory_remember(&k->bucket->list_memory, &marks);
	list_marks_clear(&marks);
}

static void
begin_round(struct talk *k)
{
	struct talk_store *s = &k->store;

	CHECK(s->model.n <= THINGS_MAX);
	model_change(&s->model, &k->b, s->tells_metadata, s->has_other_etags);
	teach_cuts(k);
	s->manner = take(&k->b, 8) < 6 ? STORE_ORDERED
				       : 1 + take(&k->b, N_MANNERS - 1);
	s->page_size = 1 + take(&k->b, 12);
	s->has_plus = take(&k->b, 2);
	s->flicker = model_find_no_delta(&s->model, take(&k->b, THINGS_MAX));
	s->is_gone = false;
	talk_store_arrange(s, &k->b);
	k->n_runs = 0;
	k->n_failures = 0;
	k->passed_ms = 0;
	k->may_fail = k->has_repeated = false;
	for (int mode = 0; mode < N_MODES; mode++)
		lay_document(k, (enum mode)mode);
}

static void
begin_run(struct talk *k)
{
	struct run *run = &k->runs[k->n_runs++];
	unsigned flags = take(&k->b, 256);

	*run = (struct run){ .talk = k,
			     .mode = (enum mode)take(&k->b, N_MODES),
			     .kind = flags % 8 == 7 ? JOB_PROBE : JOB_COMPUTE,
			     .reads_cache = flags % 8 < 5,
			     .may_use_last = flags & 32,
			     .is_last_fresher = flags & 64 };
	if (flags & 16)
		run->last = result_ref(k->last[run->mode]);
	run->job = job_new(
		&(struct job_options){ .env = &k->env,
				       .kind = run->kind,
				       .bucket = k->bucket,
				       .mode = run->mode,
				       .read_cache = run->reads_cache,
				       .last = run->last,
				       .is_last_fresher = run->is_last_fresher,
				       .may_use_last = may_use_last,
				       .on_listed = on_listed,
				       .on_list_begins = on_list_begins,
				       .on_done = on_done,
				       .arg = run });
}

/* --- what happens --- */

/* One of those that wait for an answer, the oldest if the bytes don't say. */
static struct http_transfer *
any_pending(struct talk *k)
{
	struct http_transfer *t;
	unsigned n = 0, chosen;

	for (size_t i = 0; (t = fake_http_get(k->http, i)); i++)
		n += t->state == TRANSFER_PENDING;
	if (n == 0)
		return NULL;
	chosen = take(&k->b, n);
	for (size_t i = 0; (t = fake_http_get(k->http, i)); i++)
		if (t->state == TRANSFER_PENDING && chosen-- == 0)
			break;
	return t;
}

/* A failure that is gone when it is tried again. */
static void
fail_for_now(struct talk *k, struct http_transfer *t)
{
	static const struct fake_answer failures[] = {
		{ .status = 503 },
		{ .status = 500 },
		{ .status = 429 },
		{ .err = EIO, .is_retryable = true },
		{ .err = ETIMEDOUT, .is_retryable = true },
		{ .status = 200,
		  .body = "<?xml version=\"1.0\"?><ListBucketResult><Contents>",
		  .err = EIO,
		  .is_retryable = true },
	};

	fake_http_answer(t, &failures[take(&k->b, ARRAY_SIZE(failures))]);
	if (!is_list(t) && !is_head(t))
		k->is_good_document[document_mode(t)] = false;
	else if (++k->n_failures > k->retries)
		k->may_fail = true;
}

/* One that stays.  A HEAD that says 404 would be an answer. */
static void
fail_for_good(struct talk *k, struct http_transfer *t)
{
	static const struct fake_answer failures[] = {
		{ .status = 403 },
		{ .status = 400 },
		{ .status = 301 },
		{ .err = EPROTO },
		{ .status = 404,
		  .body = "<Error><Code>NoSuchBucket</Code></Error>" },
	};
	unsigned n = ARRAY_SIZE(failures) - is_head(t);

	fake_http_answer(t, &failures[take(&k->b, n)]);
	if (is_list(t) || is_head(t))
		k->may_fail = true;
	else
		k->is_good_document[document_mode(t)] = false;
}

/*
 * Where keys come in no order nobody can tell that one came twice; and a store
 * that was caught once is taken for one of that kind.
 */
static bool
may_repeat(const struct talk *k)
{
	return !k->has_repeated && k->store.manner != STORE_UNORDERED &&
	       k->bucket->list_memory.plan != LIST_UNORDERED;
}

/* A page that is odd, or plainly wrong. */
static void
lie_about_page(struct talk *k, struct http_transfer *t)
{
	unsigned lie = 1 + take(&k->b, LIE_ERROR);

	if (lie == LIE_AGAIN && !may_repeat(k))
		lie = LIE_NONE;
	k->has_repeated |= lie == LIE_AGAIN;
	if (lie == LIE_ERROR)
		k->may_fail |= ++k->n_failures > k->retries;
	else if (lie > LIE_LAST)
		k->may_fail = true;
	talk_store_answer(&k->store, t, (enum lie)lie);
}

static void
pass_time(struct talk *k)
{
	int64_t ms = 100 << take(&k->b, 9);

	k->passed_ms += ms;
	if (k->passed_ms > PATIENCE_MS)
		k->may_fail = true;
	for (int mode = 0; k->passed_ms > GET_PATIENCE_MS && mode < N_MODES;
	     mode++)
		k->is_good_document[mode] = false;
	fake_clock_advance(ms);
}

/* Nothing can be answered: some timer must go on with it. */
static void
wait_for_timer(struct talk *k)
{
	int wait = timers_wait_ms(&k->timers);

	CHECK(wait >= 0);
	fake_clock_advance(wait);
}

static void
flicker(struct talk *k)
{
	if (k->store.flicker == THINGS_MAX)
		return;
	k->store.is_gone = !k->store.is_gone;
	for (int mode = 0; mode < N_MODES; mode++)
		k->is_good_document[mode] = false;
}

static void
stop_run(struct run *run)
{
	if (run->job)
		job_stop(steal(&run->job));
}

/* The page that has come in ends, or is lost. */
static void
end_page(struct talk *k, struct http_transfer *t, bool is_lost)
{
	struct fake_answer end = { .status = 200 };

	if (is_lost) {
		end.err = EIO;
		end.is_retryable = true;
		k->may_fail |= ++k->n_failures > k->retries;
	}
	fake_http_answer(t, &end);
}

static void
happen(struct talk *k)
{
	struct http_transfer *t = any_pending(k);
	unsigned what = t ? take(&k->b, 32) : 0;

	if (what == 21 || what == 20)
		flicker(k);
	if (what == 16 && k->n_runs < RUNS_MAX)
		begin_run(k); /* while others are under way */
	if (!t)
		wait_for_timer(k);
	else if (talk_store_has_streamed(t))
		end_page(k, t, what >= 28);
	else if (what >= 28)
		fail_for_now(k, t);
	else if (what >= 25 && is_list(t))
		lie_about_page(k, t);
	else if (what == 24)
		fail_for_good(k, t);
	else if (what == 23)
		pass_time(k);
	else if (what == 22 && take(&k->b, 4) == 3)
		stop_run(&k->runs[take(&k->b, RUNS_MAX)]);
	else if (what >= 17 && what <= 19 && is_list(t))
		talk_store_stream(&k->store, t);
	else
		talk_store_answer(&k->store, t, LIE_NONE);
	settle(k);
}

static bool
is_over(const struct talk *k)
{
	for (int i = 0; i < RUNS_MAX; i++)
		if (k->runs[i].job)
			return false;
	return true;
}

/* The jobs have ended, and nothing is left of them. */
static void
end_round(struct talk *k)
{
	settle(k);
	for (int i = 0; i < RUNS_MAX; i++)
		result_unref(steal(&k->runs[i].last));
	CHECK(k->env.n_jobs == 0 && k->scans.n_scans == 0);
	CHECK(timers_wait_ms(&k->timers) == -1);
	CHECK(k->slots.n_running == 0);
	CHECK(!k->slots.groups);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct talk k = { .b = { data, size } };
	int n_rounds;

	world_init(&k);
	n_rounds = 1 + (int)take(&k.b, ROUNDS);
	for (int i = 0; i < n_rounds; i++) {
		begin_round(&k);
		begin_run(&k);
		if (take(&k.b, 2))
			begin_run(&k);
		settle(&k);
		while (!is_over(&k))
			happen(&k);
		end_round(&k);
	}
	was_parallel |= k.most_lists >= PARALLEL && k.most_heads >= PARALLEL;
	world_clear(&k);
	return 0;
}

const char *
replay_complaint(void)
{
	return was_parallel ? NULL : "no input has LISTs and HEADs in parallel";
}
