/* SPDX-License-Identifier: MIT */
/*
 * The head of an answer from anywhere.  Each field that is asked for is the one
 * that a plain search finds, in whatever case its name is; what is parsed of it
 * is in range and printed again the same; and a call that gets this head does
 * what the fields say: the original size of a HEAD, the wait of a Retry-After,
 * the region and the time that the next try is made for.
 */
#include "config.h"

#include <errno.h>
#include <strings.h>
#include <time.h>

#include "engine/sweep.h"
#include "fake-clock.h"
#include "fake-http.h"
#include "util/date.h"
#include "util/log.h"

#define BUCKET "releases"
#define KEY "a/x.delta"
#define SIZE 77
#define HOST_START "https://" BUCKET ".s3."
#define HOST_END ".amazonaws.com/"
#define FIELD_MAX HEAD_ETAG_MAX /* as much as head-fields.c takes */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(what) check((what), #what, __LINE__)

static void
check(bool is_right, const char *what, int line)
{
	if (is_right)
		return;
	fprintf(stderr, "fuzz-head.c:%d: not so: %s\n", line, what);
	abort();
}

/* --- what a head says, read in a plain way --- */

struct value {
	const char *text; /* NULL: there is no such field */
	size_t len;
};

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The value in the line from `at` to `end` if it is a field of that name. */
static struct value
value_of_line(const char *at, const char *end, const char *name)
{
	for (; *name; name++, at++)
		if (at == end || lower(*at) != *name)
			return (struct value){ NULL, 0 };
	if (at == end || *at != ':' || memchr(at, '\0', (size_t)(end - at)))
		return (struct value){ NULL, 0 };
	at++;
	while (at < end && is_blank(*at))
		at++;
	while (end > at && (is_blank(end[-1]) || end[-1] == '\r'))
		end--;
	return (struct value){ at, (size_t)(end - at) };
}

static struct value
value_of(const struct buf *head, const char *name)
{
	const char *start = head->data, *end = head->data + head->len;
	struct value v = { NULL, 0 };

	for (const char *at = start; at < end && !v.text; at++) {
		const char *stop = at;

		if (at > start && at[-1] != '\n')
			continue;
		while (stop < end && *stop != '\n')
			stop++;
		v = value_of_line(at, stop, name);
	}
	return v;
}

/* As a string; "" if it has no room, or there is none. */
static void
copy_value(const struct buf *head, const char *name, char *out, size_t size)
{
	struct value v = value_of(head, name);

	snprintf(out, size, "%.*s", v.len < size ? (int)v.len : 0,
		 v.text ? v.text : "");
}

/* --- fields --- */

static const char *const names[] = {
	"etag",
	"content-length",
	"last-modified",
	"date",
	"retry-after",
	"x-amz-request-id",
	"x-amz-bucket-region",
	"x-amz-meta-dg-file-size",
	"x-amz-meta-dg_file_size",
	"x-amz-meta-file_size",
	"x-amz-meta-file-size",
	"x-amz-meta-deltaglider-original-size",
};

static void
check_copy(const struct http_answer *a, const char *name, struct value v,
	   size_t size)
{
	char *out = xmalloc(size); /* so that one byte too many is seen */

	memset(out, 'x', size);
	http_copy_header(a, name, out, size);
	if (v.text && v.len < size)
		CHECK(strlen(out) == v.len && memcmp(out, v.text, v.len) == 0);
	else
		CHECK(out[0] == '\0');
	free(out);
}

static void
check_fields(const struct http_answer *a)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		CLEANUP_FREE char *upper = xstrdup(names[i]);
		struct value v = value_of(&a->head, names[i]);
		size_t len = 0;

		for (char *c = upper; *c; c++)
			if (*c >= 'a' && *c <= 'z')
				*c = (char)(*c - 'a' + 'A');
		CHECK(http_header(a, names[i], &len) == v.text);
		CHECK(!v.text || len == v.len);
		CHECK(http_header(a, upper, &len) == v.text);
		check_copy(a, names[i], v, 1);
		check_copy(a, names[i], v, v.len ? v.len : 1);
		check_copy(a, names[i], v, v.len + 1);
	}
}

/* --- heads that are believed --- */

#define STATUS "HTTP/1.1 200 OK\r\n"

/* A line, its end included, that can't be read in two ways. */
static void
check_line(const char *at, const char *end, bool is_first, bool is_last)
{
	const char *colon = memchr(at, ':', (size_t)(end - at));
	const char *stop = end - (end - at > 1 && end[-2] == '\r' ? 2 : 1);

	CHECK((stop == at) == is_last);
	for (const char *c = at; c < stop; c++)
		CHECK(((unsigned char)*c >= ' ' && *c != 0x7f) || *c == '\t');
	if (is_first || is_last)
		return;
	CHECK(colon && colon > at && colon < stop);
	for (const char *c = at; c < colon; c++)
		CHECK(!is_blank(*c));
}

/* Every field of that name has the value of the first. */
static void
check_once(const struct buf *head, const char *name)
{
	struct value first = value_of(head, name), v;
	const char *end = head->data + head->len, *at = head->data;

	for (const char *next; at < end; at = next) {
		next = (const char *)memchr(at, '\n', (size_t)(end - at)) + 1;
		v = value_of_line(at, next - 1, name);
		CHECK(!v.text || (v.len == first.len &&
				  memcmp(v.text, first.text, v.len) == 0));
	}
}

static void
check_believed(const struct buf *head)
{
	const char *end = head->data + head->len, *at = head->data, *next;
	CLEANUP_BUF struct buf again = BUF_INIT(HTTP_HEAD_MAX);

	for (; at < end; at = next) {
		next = memchr(at, '\n', (size_t)(end - at));
		CHECK(next++);
		check_line(at, next, at == head->data, next == end);
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (i < 3 || strncmp(names[i], "x-amz-meta-", 11) == 0)
			check_once(head, names[i]);
	CHECK(buf_add(&again, head->data, head->len) == 0);
	CHECK(http_head_check(&again, NULL) == 0);
	CHECK(memcmp(again.data, head->data, head->len) == 0);
	again.len = head->len - 1 - head->len / 3;
	CHECK(http_head_check(&again, NULL) != 0); /* a part of it is none */
}

/* These bytes as the fields of an answer. */
static void
check_head(const uint8_t *data, size_t size)
{
	CLEANUP_BUF struct buf head = BUF_INIT(HTTP_HEAD_MAX);
	size_t len;

	if (buf_add_str(&head, STATUS) || buf_add(&head, data, size) ||
	    buf_add_str(&head, "\r\n"))
		return;
	len = head.len;
	if (http_head_check(&head, NULL) == 0) {
		CHECK(head.len == len);
		check_believed(&head);
	}
}

/* --- dates --- */

/* As it was, but for the day of the week, and for a leap second. */
static void
check_date(const char *text, int64_t *when)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	char again[64], iso[DATE_ISO_LEN], amz[DATE_AMZ_LEN];
	struct tm tm;
	time_t t;

	if (!date_parse_http(text, when))
		return;
	t = (time_t)*when;
	CHECK(gmtime_r(&t, &tm));
	CHECK(strlen(text) == strlen("Tue, 14 Oct 2025 10:30:00 GMT"));
	CHECK(tm.tm_year >= -1900 && tm.tm_year <= 9999 - 1900 + 1);
	snprintf(again, sizeof(again),
		 "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT", text, tm.tm_mday,
		 months + 3 * tm.tm_mon, tm.tm_year + 1900, tm.tm_hour,
		 tm.tm_min, tm.tm_sec);
	CHECK(strcmp(text, again) == 0 || strstr(text, ":60 GMT"));
	date_print_iso(*when, iso);
	CHECK(strnlen(iso, sizeof(iso)) == sizeof(iso) - 1);
	date_print_amz(*when, amz);
	CHECK(strnlen(amz, sizeof(amz)) == sizeof(amz) - 1);
}

/* --- a HEAD of the object that was listed --- */

/* What an object like that is listed as, but for these changes. */
static unsigned
differ_from(const struct head_fields *is, int etag_xor, int64_t length_xor,
	    int64_t later)
{
	char listed_date[DATE_ISO_LEN] = "", etag[HEAD_ETAG_MAX];
	struct head_fields listed;

	snprintf(etag, sizeof(etag), "%s", is->etag);
	etag[0] = (char)(etag[0] ^ etag_xor);
	if (is->told & HEAD_DATE)
		date_print_iso(is->date + later, listed_date);
	head_fields_of_listing(&listed, etag, is->length ^ length_xor,
			       listed_date);
	CHECK((head_fields_fit(is, &listed) |
	       head_fields_differ(is, &listed)) == (is->told & listed.told));
	if (etag_xor && !(listed.told & HEAD_ETAG))
		return is->told & HEAD_ETAG; /* it was a quote */
	return head_fields_differ(is, &listed);
}

/* The head is that of what it describes itself, and of nothing else. */
static void
check_is_object(const struct http_answer *a)
{
	struct head_fields is;
	char text[FIELD_MAX];
	int64_t when;

	head_fields_of_answer(&is, a);
	CHECK((is.told & HEAD_ETAG) == (is.etag[0] ? HEAD_ETAG : 0));
	copy_value(&a->head, "last-modified", text, sizeof(text));
	CHECK(date_parse_http(text, &when) == !!(is.told & HEAD_DATE));
	copy_value(&a->head, "content-length", text, sizeof(text));
	CHECK(!(is.told & HEAD_LENGTH) || strtoll(text, NULL, 10) == is.length);
	CHECK(differ_from(&is, 0, 0, 0) == 0);
	CHECK(differ_from(&is, 0, 1, 0) == (is.told & HEAD_LENGTH));
	if (is.told & HEAD_ETAG)
		CHECK(differ_from(&is, 1, 0, 0) == HEAD_ETAG);
	when = is.date > 0 ? -1 : 1; /* no year of five digits */
	CHECK(differ_from(&is, 0, 0, 2 * when) == (is.told & HEAD_DATE));
	CHECK(differ_from(&is, 0, 0, when) ==
	      (is.told & HEAD_ETAG ? 0 : is.told & HEAD_DATE));
}

/* --- calls --- */

struct world {
	struct timers timers;
	struct http *http;
	struct endpoint *endpoint;
	struct creds_chain *creds;
	struct pace *pace;
	struct s3 *s3;
	bool has_ended, has_failed;
};

static void
world_init(struct world *w)
{
	static const struct http_options http = { .user_agent = "test" };
	struct err err = ERR_INIT;

	fake_clock_reset();
	log_open(LOG_TO_STDERR, "/dev/null", LOG_LEVEL_ERROR, &err);
	*w = (struct world){ .pace = pace_new(4) };
	CHECK(http_new(&w->http, &http, &w->timers, &err) == 0);
	CHECK(endpoint_new(&w->endpoint,
			   &(struct endpoint_options){ .url = NULL },
			   &err) == 0);
	w->creds = creds_new(&(struct creds_options){ .is_anonymous = true,
						      .profile = "default" });
	w->s3 = s3_new(w->http, &w->timers, w->endpoint, w->creds, w->pace, 1);
}

static void
world_clear(struct world *w)
{
	CHECK(w->has_ended && timers_wait_ms(&w->timers) == -1);
	s3_free(w->s3);
	pace_free(w->pace);
	creds_free(w->creds);
	endpoint_free(w->endpoint);
	http_free(w->http);
	log_close();
}

static void
settle(struct world *w)
{
	while (timers_wait_ms(&w->timers) == 0 ||
	       fake_http_has_ended(w->http)) {
		timers_run(&w->timers);
		http_poll(w->http, 0);
	}
}

static struct http_transfer *
pending(struct world *w)
{
	return fake_http_find(w->http, "HEAD", KEY);
}

static void
answer(struct world *w, const struct buf *head, int status)
{
	struct http_transfer *t = pending(w);

	CHECK(t);
	if (head)
		CHECK(buf_add(&t->answer.head, head->data, head->len) == 0);
	fake_http_answer(t, &(struct fake_answer){ .status = status });
	settle(w);
}

static void
on_done(void *arg, const struct s3_answer *a)
{
	struct world *w = arg;

	(void)a;
	w->has_ended = true;
}

/* Of a redirection that names no region, HeadBucket may be asked; it is no help. */
static void
answer_question(struct world *w)
{
	struct http_transfer *t = fake_http_find(w->http, "HEAD", BUCKET);

	if (!t || t == pending(w))
		return;
	fake_http_answer(t, &(struct fake_answer){ .status = 404 });
	settle(w);
}

/* A HEAD that is answered with this head and status; what comes of it follows. */
static void
begin(struct world *w, const struct buf *head, int status)
{
	world_init(w);
	s3_head_object(w->s3,
		       &(struct s3_head){ .bucket = BUCKET,
					  .key = KEY,
					  .key_len = strlen(KEY) },
		       on_done, w);
	settle(w);
	answer(w, head, status);
	answer_question(w);
}

/* For the timer of the next try. */
static void
wait(struct world *w)
{
	CHECK(timers_wait_ms(&w->timers) >= 0);
	fake_clock_advance(timers_wait_ms(&w->timers));
	settle(w);
}

static void
end(struct world *w)
{
	while (!w->has_ended && !pending(w))
		wait(w);
	if (!w->has_ended)
		answer(w, NULL, 404);
	world_clear(w);
}

/* --- Retry-After --- */

/* The wait that the field asks for; -1: none that counts. */
static int64_t
asked_wait_ms(const struct buf *head)
{
	struct value v = value_of(head, "retry-after");
	int64_t seconds = 0, when, now = date_now();
	char text[64];

	for (size_t i = 0; i < v.len; i++) {
		if (v.text[i] < '0' || v.text[i] > '9')
			seconds = -1;
		else if (seconds >= 0 && seconds <= 20)
			seconds = seconds * 10 + v.text[i] - '0';
	}
	copy_value(head, "retry-after", text, sizeof(text));
	if (date_parse_http(text, &when)) {
		copy_value(head, "date", text, sizeof(text));
		date_parse_http(text, &now);
		seconds = when - now;
	}
	return v.len ? (seconds > 20 ? 20 : seconds) * 1000 : -1;
}

static void
check_wait(const struct buf *head)
{
	int64_t asked = asked_wait_ms(head);
	struct world w;

	begin(&w, head, 503);
	if (asked > 0)
		CHECK(!pending(&w) && timers_wait_ms(&w.timers) == asked);
	else if (!pending(&w)) /* it is tried after a jitter, or at once */
		CHECK(timers_wait_ms(&w.timers) >= 0 &&
		      timers_wait_ms(&w.timers) <= 250);
	end(&w);
}

/* --- regions and clocks --- */

/* What can be a label of a host, and nothing else. */
static bool
is_region(const char *s)
{
	size_t len = strlen(s);

	return len > 0 && len < 32 && s[0] != '-' && s[len - 1] != '-' &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

/* The next try is at Amazon, in the region that is named or where it was. */
static void
check_place(const struct http_transfer *t, const char *region)
{
	CLEANUP_FREE char *host = fake_http_dup_header(t, "host");
	char expected[200], other[200];

	snprintf(expected, sizeof(expected), "%s%s%s%s", HOST_START, region,
		 HOST_END, KEY);
	/* the host for us-east-1 has no region in its name */
	snprintf(other, sizeof(other), "%samazonaws.com/%s", HOST_START, KEY);
	if (strcmp(t->url, other) != 0) {
		CHECK(is_region(region));
		CHECK(strcmp(t->url, expected) == 0);
	}
	CHECK(strncmp(t->url + strlen("https://"), host, strlen(host)) == 0);
	CHECK(t->url[strlen("https://") + strlen(host)] == '/');
}

/* Its time is that of the store or the one here: sixteen characters. */
static void
check_time(const struct http_transfer *t, int64_t when)
{
	CLEANUP_FREE char *date = fake_http_dup_header(t, "x-amz-date");
	char here[DATE_AMZ_LEN], there[DATE_AMZ_LEN];

	date_print_amz(date_now(), here);
	date_print_amz(when, there);
	CHECK(strlen(date) == sizeof(here) - 1);
	CHECK(strcmp(date, here) == 0 || strcmp(date, there) == 0);
}

static void
check_correction(const struct buf *head, int status)
{
	char region[32], date[64];
	int64_t when = 0;
	struct world w;

	copy_value(head, "x-amz-bucket-region", region, sizeof(region));
	copy_value(head, "date", date, sizeof(date));
	check_date(date, &when);
	begin(&w, head, status);
	CHECK(w.has_ended || pending(&w)); /* it needs no time */
	if (pending(&w)) {
		check_place(pending(&w), region);
		check_time(pending(&w), when);
		/* and as long as it lasts: a moment later it is tried again */
		answer(&w, NULL, 503);
		fake_clock_advance(2000);
		settle(&w);
		if (pending(&w)) {
			check_place(pending(&w), region);
			check_time(pending(&w), when + 2);
		}
	}
	end(&w);
}

/* --- the original size --- */

static void
on_size(void *arg, const struct err *err)
{
	struct world *w = arg;

	CHECK(!err || err->code == EIO);
	w->has_failed = err;
	w->has_ended = true;
}

/* The first of the names that has a value: all digits, or nothing is known. */
static int64_t
original_size(const struct buf *head)
{
	size_t first = sizeof(names) / sizeof(names[0]) - 5;
	struct value v = { NULL, 0 };
	int64_t n = 0;

	for (size_t i = first; v.len == 0 && i < first + 5; i++)
		v = value_of(head, names[i]);
	for (size_t i = 0; i < v.len; i++)
		if (v.text[i] < '0' || v.text[i] > '9' ||
		    __builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, v.text[i] - '0', &n))
			return -1;
	return v.len ? n : -1;
}

#define LISTED_ETAG "0123"
#define LISTED_DATE "2025-10-14T10:30:00.000Z"

/* It says something of an object, and not with a page of HTML. */
static bool
is_of_object(const struct buf *head, unsigned told, unsigned fit)
{
	struct value type = value_of(head, "content-type");
	bool is_html =
		type.len >= 9 && strncasecmp(type.text, "text/html", 9) == 0;

	if (told & (HEAD_ETAG | HEAD_DATE))
		return fit || !is_html;
	return fit; /* the listed length is not that of a page without a body */
}

/* The answer, whenever it is asked for, was taken for what it is. */
static void
check_sweep(const struct world *w, struct sweep *s, const struct buf *head)
{
	struct head_fields is, listed;
	unsigned fit, differ;

	head_fields_of_answer(&is, &(struct http_answer){ .head = *head });
	head_fields_of_listing(&listed, LISTED_ETAG, SIZE, LISTED_DATE);
	fit = head_fields_fit(&is, &listed);
	differ = head_fields_differ(&is, &listed);
	CHECK(w->has_failed == !is_of_object(head, is.told, fit));
	if (w->has_failed || differ == HEAD_DATE)
		return; /* the date may be that of a change since then */
	if (differ == HEAD_ETAG || differ == HEAD_LENGTH)
		CHECK(sweep_is_exact(s) == !!(fit & (HEAD_ETAG | HEAD_DATE)));
	else
		CHECK(sweep_is_exact(s) == (differ == 0));
}

static void
sweep_one(struct world *w, struct tally *tally, const struct buf *head)
{
	struct slots slots = { .pace = w->pace, .most = 1 };
	struct sweep sweep = { .s3 = w->s3,
			       .slots = &slots,
			       .bucket = BUCKET,
			       .on_answer = on_size,
			       .arg = w,
			       .client = { .group = BUCKET } };
	struct object o = { .key = KEY,
			    .key_len = strlen(KEY),
			    .size = SIZE,
			    .etag = LISTED_ETAG,
			    .last_modified = LISTED_DATE };
	struct tally_part *part = tally_part_new(tally, NULL, 0, true);
	struct space *space = tally_add(part, &o);

	CHECK(space);
	sweep_begin(&sweep);
	sweep_add(&sweep, tally, space, &o);
	tally_part_end(part);
	sweep_send(&sweep);
	settle(w);
	while (!w->has_ended) {
		if (pending(w))
			answer(w, head, 200);
		else
			wait(w);
	}
	CHECK(sweep_is_idle(&sweep));
	check_sweep(w, &sweep, head);
}

static void
check_original_size(const struct buf *head)
{
	struct tally *tally = tally_new(MODE_DETAILED);
	int64_t original = original_size(head);
	struct figures f;
	struct world w;

	world_init(&w);
	sweep_one(&w, tally, head);
	tally_figures(tally, &f);
	if (w.has_failed)
		original = -1; /* of such an answer nothing counts */
	CHECK(f.exact_deltas == (original >= 0));
	CHECK(f.total_size == (original >= 0 ? original : SIZE));
	tally_free(tally);
	world_clear(&w);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_answer a = {
		.head = { .len = size, .size = size + 1, .max = HTTP_HEAD_MAX }
	};

	if (size > HTTP_HEAD_MAX)
		return 0;
	a.head.data = xmalloc(size + 1);
	if (size)
		memcpy(a.head.data, data, size);
	a.head.data[size] = '\0';
	check_head(data, size);
	check_fields(&a);
	check_is_object(&a);
	check_wait(&a.head);
	check_correction(&a.head, 301);
	check_correction(&a.head, 400);
	check_correction(&a.head, 403);
	check_original_size(&a.head);
	free(a.head.data);
	return 0;
}
