/* SPDX-License-Identifier: MIT */
/*
 * A synthetic S3 store: as many objects as one likes, none of them stored.
 *
 *     store serve PORT [BUCKET...]   serve until killed; these are listed, and
 *                                    others once they were asked for
 *     store expect BUCKET            what statistics must say of it, as JSON
 *     store keys BUCKET              key, size, ETag, date, tab-separated
 *     store check BUCKET             its keys ascend and are found again, also with a
 *                                    directory more
 *
 * The names of buckets say what is in them, see formula.h.  It answers
 * ListBuckets, ListObjectsV2 and V1 (prefix, delimiter=/, encoding-type=url),
 * GetBucketLocation, HEAD, and GET, PUT and DELETE of what was PUT.  It checks no
 * signature.  Control calls, neither delayed nor counted:
 *
 *     GET  /_store/counters            see counters.h
 *     POST /_store/reset               count from here
 *     POST /_store/config?latency_ms=30&rate=1000     of each request; a limit
 *                                      of requests a second, 0 for none
 *     POST /_store/config?list_kbs=2000&list_tail_ms=50&no_start_after=1
 *                                      pages: 1,000 bytes a second, on each
 *                                      connection; objects come so long after
 *                                      the token; start-after counts for nothing
 *     POST /_store/config?rtt_ms=30    connections begin as with TCP and TLS: two
 *                                      round trips, and a window for each more
 *     POST /_store/change?bucket=B     give one object another ETag; n=N: so many
 *     POST /_store/add?n=N&bucket=B    a directory with so many deltas that was never
 *                                      there, in the place of the one added before
 *     POST /_store/remove?bucket=B     that directory
 *     GET  /_store/expect?bucket=B     what statistics must say of it now
 *     POST /_store/forget?bucket=B     all that was PUT or added
 */
#include "config.h"

#include "s3.h"

#include <sys/resource.h>

#define CONTROL "/_store/"

/* --- control calls --------------------------------------------------------------- */

/* The number behind `name` in a query; `otherwise` if it is not there. */
static unsigned long
number_of(const char *query, const char *name, unsigned long otherwise)
{
	const char *found = strstr(query, name);

	return found ? strtoul(found + strlen(name), NULL, 10) : otherwise;
}

static void
configure(struct store *s, const char *query)
{
	unsigned long latency = s->latency_us / 1000, rate = s->limit.rate;

	latency = number_of(query, "latency_ms=", latency);
	rate = number_of(query, "rate=", rate);
	s->latency_us = latency * 1000;
	s->list_rate =
		1000 * number_of(query, "list_kbs=", s->list_rate / 1000);
	s->list_tail_us =
		1000 *
		number_of(query, "list_tail_ms=", s->list_tail_us / 1000);
	s->rtt_us = 1000 * number_of(query, "rtt_ms=", s->rtt_us / 1000);
	s->ignores_start_after =
		number_of(query, "no_start_after=", s->ignores_start_after);
	limit_set(&s->limit, (unsigned)rate, clock_us());
}

static void
forget(struct bucket *b)
{
	bucket_remove_dir(b);
	while (b->n_extras)
		bucket_forget_extra(b, &b->extras[b->n_extras - 1]);
}

/* Whether there is such a call. */
static bool
control_bucket(struct bucket *b, const char *name, const char *query,
	       struct response *out)
{
	uint32_t n = (uint32_t)number_of(query, "n=", 1);

	if (strcmp(name, "change") == 0)
		formula_change(&b->f, n);
	else if (strcmp(name, "add") == 0)
		bucket_add_dir(b, n);
	else if (strcmp(name, "remove") == 0)
		bucket_remove_dir(b);
	else if (strcmp(name, "expect") == 0)
		formula_expect(&b->f, &out->body[0]);
	else if (strcmp(name, "forget") == 0)
		forget(b);
	else
		return false;
	return true;
}

static void
control(struct store *s, const struct request *r, struct response *out)
{
	const char *name = r->path + strlen(CONTROL);
	const char *of = strstr(r->query, "bucket=");
	struct bucket *b = of ? s3_bucket(s, of + 7) : NULL;

	if (strcmp(name, "counters") == 0)
		counters_print(&s->counters, &out->body[0]);
	else if (strcmp(name, "reset") == 0)
		counters_reset(&s->counters);
	else if (strcmp(name, "config") == 0)
		configure(s, r->query);
	else if (!b || !control_bucket(b, name, r->query, out))
		out->status = 404;
}

/* --- the server ------------------------------------------------------------------ */

static uint64_t
on_begin(void *arg, struct request *r, uint64_t now_us)
{
	struct store *s = arg;

	r->is_control = strncmp(r->path, CONTROL, strlen(CONTROL)) == 0;
	if (r->is_control)
		return 0;
	r->is_refused = limit_refuses(&s->limit, now_us);
	counters_begin(&s->counters, s3_classify(r), r->is_refused, now_us);
	/* hands are shaken before: TCP, and TLS 1.3 */
	return s->latency_us + (r->is_first ? 2 * s->rtt_us : 0);
}

static void
on_answer(void *arg, struct request *r, struct response *out)
{
	struct store *s = arg;

	if (r->is_control) {
		control(s, r, out);
		return;
	}
	s3_answer(s, r, out);
	if (!out->has_no_body)
		s->counters.bytes += out->body[0].len + out->body[1].len;
}

static void
on_end(void *arg, const struct request *r)
{
	struct store *s = arg;

	s->counters.in_flight -= !r->is_control;
}

static int
serve(const char *port, char **buckets)
{
	struct store *s = must_realloc(NULL, sizeof(*s));
	struct http_options o = { .port = (uint16_t)atoi(port),
				  .on_begin = on_begin,
				  .on_answer = on_answer,
				  .on_end = on_end,
				  .arg = s };
	struct rlimit files;

	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	memset(s, 0, sizeof(*s));
	dates_init(&s->dates);
	for (; *buckets; buckets++)
		if (!s3_bucket(s, *buckets))
			fprintf(stderr, "store: no formula: %s\n", *buckets);
	http_serve(&o);
	free(s);
	return 1;
}

/* --- what needs no server ---------------------------------------------------------- */

static int
print_expected(const struct formula *f)
{
	struct text out = { 0 };

	formula_expect(f, &out);
	fwrite(out.data, 1, out.len, stdout);
	text_clear(&out);
	return 0;
}

static int
print_keys(const struct formula *f)
{
	struct dates dates;

	dates_init(&dates);
	for (uint32_t i = 0; i < f->n_objects; i++) {
		char key[KEY_SIZE];
		struct item item;
		struct dir d;

		formula_dir(f, i, &d);
		formula_item(f, &d, i, &item);
		printf("%.*s\t%u\t%.32s\t%s\n", (int)formula_key(f, i, key),
		       key, item.size, item.etag, dates.iso[item.when]);
	}
	return 0;
}

static int
check_keys(const struct formula *f)
{
	char key[KEY_SIZE], before[KEY_SIZE];
	unsigned len, before_len = 0;

	for (uint32_t i = 0; i < f->n_objects; i++) {
		len = formula_key(f, i, key);
		if (key_order(before, before_len, key, len) >= 0 ||
		    formula_find(f, key, len) != i) {
			fprintf(stderr, "store: key %u is out of order\n", i);
			return 1;
		}
		memcpy(before, key, len);
		before_len = len;
	}
	return 0;
}

#define N_ADDED 2 /* in turns, each elsewhere */

static int
check_added(struct formula *f)
{
	for (uint32_t n = 1; n <= N_ADDED; n++) {
		formula_add_dir(f, n);
		if (check_keys(f) != 0)
			return 1;
	}
	formula_remove_dir(f);
	return check_keys(f);
}

int
main(int argc, char **argv)
{
	struct formula f;

	if (argc >= 3 && strcmp(argv[1], "serve") == 0)
		return serve(argv[2], argv + 3);
	if (argc == 3 && formula_parse(&f, argv[2])) {
		if (strcmp(argv[1], "expect") == 0)
			return print_expected(&f);
		if (strcmp(argv[1], "keys") == 0)
			return print_keys(&f);
		if (strcmp(argv[1], "check") == 0)
			return check_keys(&f) || check_added(&f);
	}
	fprintf(stderr, "usage: store serve PORT [BUCKET...]\n"
			"       store expect|keys|check BUCKET\n");
	return 2;
}
