/* SPDX-License-Identifier: MIT */
/*
 * Requests to an S3 store: see s3.h.  Net thread only.  Knows no statistics.
 *
 * Tries: a failure that may pass is tried again after a delay of "full jitter"
 * (a random part of a doubling limit, as in the AWS SDKs), or what Retry-After
 * asks for.  Each try is addressed and signed anew: time and credentials may
 * have changed.
 */
#include "config.h"

#include "s3/s3.h"

#include <errno.h>
#include <stdatomic.h>

#include <utlist.h>

#include "s3/answer.h"
#include "s3/attempt.h"
#include "s3/correction.h"
#include "s3/head-check.h"
#include "s3/retry-after.h"
#include "util/date.h"
#include "util/log.h"

#define BACKOFF_FIRST_MS 250
#define BACKOFF_MAX_MS 20000
#define ERROR_BODY_MAX (64 * 1024)
#define QUERY_MAX (256 * 1024) /* a continuation token may be long */

struct s3 {
	struct http *http;
	struct timers *timers;
	struct corrections *corrections; /* of the endpoint */
	struct creds_chain *creds;
	struct pace *pace;
	struct meter *meter; /* NULL: nobody counts */
	struct s3_terms terms;
	int retries;
	unsigned int seed; /* of the jitter: needs no secrecy */
	struct s3_call *parked; /* they wait for keys */
	atomic_bool has_news; /* for these; any thread */
	struct head_habits head_habits;
	struct bucket_habits bucket_habits;
};

struct s3_call {
	struct s3 *s3;
	struct s3_request r; /* with pointers into what follows */
	char *bucket, *key;
	struct buf query; /* its parameters */
	int query_rc; /* non-zero: they did not fit */
	struct sigv4_header *headers;
	struct http_transfer *transfer; /* NULL between tries */
	struct timer delay; /* until the next try, or look for keys */
	struct keys *keys; /* of the last try */
	struct creds_wait wait;
	bool is_parked;
	bool is_renewing; /* the keys were refused: it waits for others */
	struct s3_call *prev, *next; /* in s3->parked */
	int tries;
	struct pace_call pace;
	struct meter_call meter;
	struct correction target; /* where it is sent, and for what time */
	struct s3_try try; /* this one */
	struct s3_call *question; /* where the bucket is; NULL: not asked */
	struct s3_answer refused; /* for that, without `http` */
	bool is_cancelled;
};

static void
on_keys(void *arg)
{
	struct s3 *s3 = arg;

	atomic_store(&s3->has_news, true);
	http_wake(s3->http);
}

struct s3 *
s3_new(struct http *http, struct timers *timers,
       const struct endpoint *endpoint, struct creds_chain *creds,
       struct pace *pace, int retries)
{
	struct s3 *s3 = xnew(struct s3);

	*s3 = (struct s3){
		.http = http,
		.timers = timers,
		.corrections = corrections_new(endpoint),
		.creds = creds,
		.pace = pace,
		.retries = retries,
		.seed = (unsigned int)(date_now() ^ date_mono_ms()),
	};
	creds_listen(creds, on_keys, s3);
	return s3;
}

void
s3_set_terms(struct s3 *s3, const struct s3_terms *terms)
{
	s3->terms = *terms;
}

void
s3_set_meter(struct s3 *s3, struct meter *meter)
{
	s3->meter = meter;
	meter_set_limit(meter, pace_limit(s3->pace));
}

void
s3_free(struct s3 *s3)
{
	if (!s3)
		return;
	creds_listen(s3->creds, NULL, NULL);
	corrections_free(s3->corrections);
	free(s3);
}

struct head_habits *
s3_head_habits(struct s3 *s3)
{
	return &s3->head_habits;
}

struct bucket_habits *
s3_bucket_habits(struct s3 *s3)
{
	return &s3->bucket_habits;
}

void
s3_learn_region(struct s3 *s3, const char *bucket, const char *region)
{
	corrections_learn(s3->corrections, bucket, region);
}

const struct endpoint *
s3_endpoint(struct s3 *s3, const char *bucket)
{
	struct correction c;

	correction_init(&c, s3->corrections, bucket);
	return c.endpoint;
}

static void
unpark(struct s3_call *call)
{
	if (call->is_parked)
		DL_DELETE(call->s3->parked, call);
	call->is_parked = false;
}

static void
call_free(struct s3_call *call)
{
	unpark(call);
	timer_disarm(call->s3->timers, &call->delay);
	keys_unref(call->keys);
	pace_left(call->s3->pace, &call->pace);
	meter_leave(call->s3->meter, &call->meter);
	for (size_t i = 0; i < call->r.n_headers; i++) {
		free((char *)call->headers[i].name);
		free((char *)call->headers[i].value);
	}
	free(call->headers);
	free(call->bucket);
	free(call->key);
	buf_clear(&call->query);
	free(call);
}

/* --- one try --- */

static void
count(const struct s3_call *call, unsigned n_requests, size_t n_bytes)
{
	struct traffic *t = call->r.traffic;

	if (t)
		*t = traffic_sum(*t, (struct traffic){ n_requests, n_bytes });
}

static int
on_http_data(void *arg, const char *data, size_t len)
{
	struct s3_call *call = arg;
	int rc = call->r.on_data(call->r.arg, data, len);

	if (rc != HTTP_PAUSE)
		count(call, 0, len);
	return rc;
}

static int
on_http_head(void *arg, const struct http_answer *http)
{
	struct s3_call *call = arg;

	if (http->status != 200 &&
	    !(http->status == 404 && s3_request_is_head(&call->r)))
		return 0;
	call->try.head_rc = call->r.on_head(
		call->r.arg, http, call->try.is_repeat, &call->try.head_err);
	return call->try.head_rc;
}

static void on_http_done(void *arg, const struct http_answer *http);
static void renew(struct s3_call *call);

/* http_submit() copies all but the body. */
static void
send_attempt(struct s3_call *call, const struct attempt *a)
{
	call->tries++;
	count(call, 1, call->r.body_len);
	call->try.head_rc = 0;
	call->try.head_err = (struct err)ERR_INIT;
	pace_began(call->s3->pace, &call->pace);
	meter_began(call->s3->meter, &call->meter);
	call->transfer = http_submit(
		call->s3->http,
		&(struct http_request){
			.method = call->r.method,
			.url = buf_str(&a->url),
			.headers = a->lines,
			.body = call->r.body,
			.body_len = call->r.body_len,
			.body_max = call->r.body_max > ERROR_BODY_MAX
					    ? call->r.body_max
					    : ERROR_BODY_MAX,
			.wants_new_connection = call->try.is_repeat,
			.is_urgent = call->r.is_urgent,
			.on_head = call->r.on_head ? on_http_head : NULL,
			.on_data = call->r.on_data ? on_http_data : NULL,
			.on_done = on_http_done,
			.arg = call,
		});
}

/* Whether the store has served it; that an object is not there is an answer. */
static bool
has_worked(const struct s3_call *call, const struct s3_answer *answer)
{
	return answer->err.code == 0 || (answer->status == 404 && call->key);
}

/* The call is over: its one completion. */
static void
call_finish(struct s3_call *call, struct s3_answer *answer)
{
	if (answer->err.code != ECANCELED)
		correction_keep(&call->target, call->s3->corrections,
				call->bucket, has_worked(call, answer));
	if (call->target.is_loop)
		err_wrap(&answer->err, "redirected again");
	if (answer->err.code && answer->err.code != ECANCELED)
		err_wrap(&answer->err, "%s%s%s%s%s",
			 s3_request_operation(&call->r),
			 call->bucket ? " " : "",
			 call->bucket ? call->bucket : "", call->key ? "/" : "",
			 call->key ? call->key : "");
	call->r.on_done(call->r.arg, answer);
	call_free(call);
}

/* Address, sign and send it. */
static int
try_it(struct s3_call *call, struct err *err)
{
	struct attempt a;
	int rc;

	call->target.sent_at = date_now() + call->target.clock_s;
	rc = attempt_init(&a, &call->r, buf_str(&call->query),
			  &(struct attempt_target){
				  .endpoint = call->target.endpoint,
				  .keys = call->keys,
				  .terms = call->s3->terms,
				  .when = call->target.sent_at,
			  });
	if (rc || call->query_rc)
		rc = err_set(err, EIO, "request too long");
	else
		send_attempt(call, &a);
	attempt_clear(&a);
	return rc;
}

/* There is news, or its time has come: on_due() looks whether there are keys. */
static void
park(struct s3_call *call)
{
	call->is_parked = true;
	DL_APPEND(call->s3->parked, call);
	timer_arm(call->s3->timers, &call->delay, call->wait.again_in_ms);
}

void
s3_unpark(struct s3 *s3)
{
	struct s3_call *call;

	if (!atomic_exchange(&s3->has_news, false))
		return;
	DL_FOREACH (s3->parked, call)
		timer_arm(s3->timers, &call->delay, 0);
}

/* The keys for the next try: as creds_get() does. */
static int
get_keys(struct s3_call *call, struct err *err)
{
	struct keys *keys = NULL;
	int rc;

	if (call->is_cancelled)
		return err_set(err, ECANCELED, "cancelled");
	rc = creds_get(call->s3->creds, &call->wait, NULL, &keys, err);
	if (rc)
		return rc;
	keys_unref(call->keys);
	call->keys = keys;
	return 0;
}

static void
try_now(struct s3_call *call)
{
	struct s3_answer answer = { .err = ERR_INIT };
	int rc = get_keys(call, &answer.err);

	if (rc == -EAGAIN) {
		park(call);
		return;
	}
	if (rc == 0)
		rc = try_it(call, &answer.err);
	if (rc)
		call_finish(call, &answer);
}

/* Time for a try: at once by s3_start(), or after a delay. */
static void
on_due(void *arg)
{
	struct s3_call *call = arg;
	int64_t hold = 0;

	if (!call->is_cancelled && !call->is_parked)
		hold = pace_hold_ms(call->s3->pace, &call->pace);
	unpark(call);
	if (call->is_renewing)
		renew(call);
	else if (hold)
		timer_arm(call->s3->timers, &call->delay, hold);
	else
		try_now(call);
}

/* --- how a try ended --- */

/* Full jitter, or what the store asks for. */
static int64_t
backoff_ms(struct s3_call *call, const struct http_answer *http)
{
	int64_t now = date_now() + call->target.clock_s; /* there */
	int64_t asked = retry_after_ms(http, now, BACKOFF_MAX_MS);
	int64_t limit = BACKOFF_FIRST_MS;

	if (asked >= 0)
		return asked;
	for (int i = 1; i < call->tries && limit < BACKOFF_MAX_MS; i++)
		limit *= 2;
	if (limit > BACKOFF_MAX_MS)
		limit = BACKOFF_MAX_MS;
	return rand_r(&call->s3->seed) % (limit + 1);
}

/* A try has ended, and may have changed the pace. */
static void
measure(struct s3_call *call, const struct s3_answer *answer,
	enum pace_answer load)
{
	struct s3 *s3 = call->s3;

	meter_ended(s3->meter, &call->meter, s3_meter_operation(&call->r),
		    s3_meter_outcome(answer, load, call->is_cancelled));
	meter_set_limit(s3->meter, pace_limit(s3->pace));
}

/* What corrections are made of. */
static struct refusal
refusal_of(const struct s3_call *call, const struct s3_answer *answer)
{
	return (struct refusal){
		.status = answer->status,
		.code = answer->error.code,
		.region = answer->error.region,
		.date = "",
		.is_head = s3_request_is_head(&call->r),
		.has_token = call->keys && call->keys->session_token,
	};
}

/* Whether the refusal says what to do better. */
static bool
finds_remedy(struct s3_call *call, const struct s3_answer *answer)
{
	struct refusal r = refusal_of(call, answer);
	char date[64];

	if (answer->status == 0 || call->is_cancelled)
		return false;
	http_copy_header(answer->http, "date", date, sizeof(date));
	r.date = date;
	return correction_apply(&call->target, call->s3->corrections, &r);
}

/* A try that was no try: only now is it known how to ask. */
static void
try_better(struct s3_call *call, const struct s3_answer *answer)
{
	log_info("%s %s: %s; try again", s3_request_operation(&call->r),
		 call->bucket ? call->bucket : "", answer->err.msg);
	call->tries--;
	if (call->r.on_retry)
		call->r.on_retry(call->r.arg);
	timer_arm(call->s3->timers, &call->delay, 0);
}

/* --- where the bucket is --- */

/* It says so in its answer, or it was answered elsewhere than the call was. */
static void
find_region(const struct s3_call *call, const struct s3_answer *answer,
	    char *out, size_t size)
{
	const struct endpoint *there = call->question->target.endpoint;

	*out = '\0';
	if (answer->http)
		http_copy_header(answer->http, "x-amz-bucket-region", out,
				 size);
	if (!*out && answer->err.code == 0 && there != call->target.endpoint)
		snprintf(out, size, "%s", endpoint_region(there));
}

/* With an answer to that, the refusal is one that names a region, or is final. */
static void
on_region(void *arg, const struct s3_answer *answer)
{
	struct s3_call *call = arg;
	struct s3_answer *refused = &call->refused;
	struct refusal r;

	find_region(call, answer, refused->error.region,
		    sizeof(refused->error.region));
	call->question = NULL;
	r = refusal_of(call, refused);
	if (call->is_cancelled)
		err_set(&refused->err, ECANCELED, "cancelled");
	else if (correction_apply(&call->target, call->s3->corrections, &r)) {
		try_better(call, refused);
		return;
	}
	call_finish(call, refused);
}

/* What is asked now decides about it. */
static void
keep_refusal(struct s3_call *call, const struct s3_answer *answer)
{
	call->refused = *answer;
	call->refused.http = NULL;
}

/* A refusal that names no region: HeadBucket is asked, once. */
static bool
asks_for_region(struct s3_call *call, const struct s3_answer *answer)
{
	bool is_question = s3_request_is_head(&call->r) && !call->key;
	struct refusal r = refusal_of(call, answer);

	if (!call->bucket || is_question ||
	    !correction_lacks_region(&call->target, &r))
		return false;
	keep_refusal(call, answer);
	call->question = s3_start(call->s3, &(struct s3_request){
						    .method = "HEAD",
						    .bucket = call->bucket,
						    .is_urgent = true,
						    .on_done = on_region,
						    .arg = call,
					    });
	call->question->target.was_renewed = true; /* any answer will do */
	return true;
}

/* --- keys that have expired --- */

/* With other keys it is tried again; that there are none makes the refusal final. */
static void
renew(struct s3_call *call)
{
	struct s3_answer *refused = &call->refused;
	struct keys *keys = NULL;
	struct err err = ERR_INIT;
	int rc;

	if (call->is_cancelled)
		rc = err_set(&refused->err, ECANCELED, "cancelled");
	else
		rc = creds_get(call->s3->creds, &call->wait, call->keys, &keys,
			       &err);
	if (rc == -EAGAIN) {
		park(call);
		return;
	}
	call->is_renewing = false;
	keys_unref(keys);
	if (err.code)
		log_info("%s: no other keys: %s", refused->err.msg, err.msg);
	if (rc == 0)
		try_better(call, refused);
	else
		call_finish(call, refused);
}

/* A refusal of the keys: others are asked for, once. */
static bool
asks_for_keys(struct s3_call *call, const struct s3_answer *answer)
{
	struct refusal r = refusal_of(call, answer);

	if (!correction_lacks_keys(&call->target, &r))
		return false;
	call->target.was_renewed = true;
	call->is_renewing = true;
	keep_refusal(call, answer);
	renew(call);
	return true;
}

/* Whether the call goes on, or ends, by what makes good for the refusal. */
static bool
has_remedy(struct s3_call *call, const struct s3_answer *answer, bool may_pass)
{
	if (call->is_cancelled || answer->err.code == 0)
		return false;
	if (call->try.asks_again) {
		call->try.asks_again = false;
		call->try.is_repeat = true;
		try_better(call, answer);
		return true;
	}
	if (finds_remedy(call, answer)) {
		try_better(call, answer);
		return true;
	}
	return asks_for_region(call, answer) ||
	       (!may_pass && asks_for_keys(call, answer));
}

static void
on_http_done(void *arg, const struct http_answer *http)
{
	struct s3_call *call = arg;
	struct s3_answer answer = { .err = ERR_INIT, .http = http };
	enum pace_answer load;
	bool may_pass;
	int64_t delay;

	call->transfer = NULL;
	count(call, 0, http->head.len + http->body.len);
	call->try.region = endpoint_region(call->target.endpoint);
	may_pass = s3_try_judge(&call->try, &answer);
	load = s3_answer_load(&answer, may_pass);
	pace_ended(call->s3->pace, &call->pace, load);
	measure(call, &answer, load);
	if (has_remedy(call, &answer, may_pass))
		return;
	if (answer.err.code == EACCES)
		creds_look_again(call->s3->creds, call->keys);
	if (!may_pass || call->is_cancelled ||
	    call->tries > call->s3->retries) {
		call_finish(call, &answer);
		return;
	}
	delay = backoff_ms(call, http);
	/* a store at its limit pushes back many times a second: see pace.c */
	log_line(load == PACE_PUSHED_BACK ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO,
		 "%s %s: %s; try %d in %lld ms", s3_request_operation(&call->r),
		 call->bucket ? call->bucket : "", answer.err.msg,
		 call->tries + 1, (long long)delay);
	if (call->r.on_retry)
		call->r.on_retry(call->r.arg);
	meter_waits(call->s3->meter, &call->meter);
	timer_arm(call->s3->timers, &call->delay, delay);
}

/* --- start and cancel --- */

struct s3_call *
s3_start(struct s3 *s3, const struct s3_request *r)
{
	struct s3_call *call = xnew(struct s3_call);

	call->s3 = s3;
	call->r = *r;
	call->bucket = xstrdup_or_null(r->bucket);
	call->key = r->key ? xstrndup(r->key, r->key_len) : NULL;
	call->r.bucket = call->bucket;
	call->r.key = call->key;
	call->try.r = &call->r;
	buf_init(&call->query, QUERY_MAX);
	call->query_rc = uri_query(&call->query, r->params, r->n_params);
	call->headers = xcalloc(r->n_headers, sizeof(call->headers[0]));
	call->r.headers = call->headers;
	for (size_t i = 0; i < r->n_headers; i++) {
		call->headers[i].name = xstrdup(r->headers[i].name);
		call->headers[i].value = xstrdup(r->headers[i].value);
	}
	correction_init(&call->target, s3->corrections, call->bucket);
	meter_enter(s3->meter, &call->meter, call->bucket);
	timer_init(&call->delay, on_due, call);
	timer_arm(s3->timers, &call->delay, 0);
	return call;
}

struct pace *
s3_pace(const struct s3 *s3)
{
	return s3->pace;
}

void
s3_cancel(struct s3_call *call)
{
	call->is_cancelled = true;
	if (call->transfer)
		http_cancel(call->transfer);
	else if (call->question)
		s3_cancel(call->question);
	else
		timer_arm(call->s3->timers, &call->delay, 0);
}

void
s3_resume(struct s3_call *call)
{
	if (call->transfer)
		http_resume(call->transfer);
}
