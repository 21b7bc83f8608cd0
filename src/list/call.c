/* SPDX-License-Identifier: MIT */
/*
 * A request for a page of a listing: see call.h.  Net thread only.
 *
 * Source of the protocol: Amazon S3 API Reference, "ListObjectsV2".
 */
#include "config.h"

#include "list/call.h"

#include <errno.h>

#define uthash_fatal(msg) die_no_memory()
#include <uthash.h>
#include <utlist.h>

#include "util/log.h"

/* The calls of one bucket. */
struct list_parsers_bucket {
	size_t n_calls, n_taken; /* parsers */
	UT_hash_handle hh;
	char name[];
};

struct list_call {
	struct list_call_options o; /* but for its strings */
	struct list_parsers_bucket *bucket;
	char *token, *start_after; /* NULL: none */
	bool has_contradicted; /* the page contradicted itself once */
	struct s3_call *call;
	struct list_parser *parser; /* NULL: nothing has been read */
	struct page_reader reader; /* into it */
	const struct list_page *page; /* the parser's */
	bool is_waiting; /* for a parser, in the list of those */
	struct list_call *prev, *next;
};

/* --- parsers --- */

static struct list_parsers *
parsers_of(const struct list_call *c)
{
	return c->o.parsers;
}

static struct list_parsers_bucket *
bucket_ref(struct list_parsers *p, const char *name)
{
	size_t len = strlen(name);
	struct list_parsers_bucket *b;

	HASH_FIND(hh, p->buckets, name, len, b);
	if (!b) {
		b = xmalloc(sizeof(*b) + len + 1);
		*b = (struct list_parsers_bucket){ .n_calls = 0 };
		memcpy(b->name, name, len + 1);
		HASH_ADD_KEYPTR(hh, p->buckets, b->name, len, b);
	}
	b->n_calls++;
	return b;
}

static void
bucket_unref(struct list_parsers *p, struct list_parsers_bucket *b)
{
	if (--b->n_calls > 0)
		return;
	HASH_DEL(p->buckets, b);
	free(b);
}

/* What the page must be of, as far as this store's pages tell it. */
static void
expect(struct list_call *c)
{
	enum list_echo echo = parsers_of(c)->echo;

	list_parser_expect(
		c->parser,
		&(struct list_asked){
			.bucket = c->bucket->name,
			.token = c->token,
			.start_after = c->start_after,
			.may_echo_other = echo == LIST_ECHO_OTHER ||
					  (echo == LIST_ECHO_UNKNOWN &&
					   c->has_contradicted),
		});
}

static void
on_resume(void *arg)
{
	struct list_call *c = arg;

	s3_resume(c->call);
}

/* Take one for the page that comes in; false: wait for it. */
static bool
take_parser(struct list_call *c)
{
	struct list_parsers *p = parsers_of(c);
	const struct list_wanted *w = c->o.wanted;

	if (p->n_taken >= LIST_PARSERS_MAX && c->bucket->n_taken > 0)
		return false;
	c->parser = p->n_spare > 0 ? p->spare[--p->n_spare] : list_parser_new();
	p->n_taken++;
	c->bucket->n_taken++;
	list_parser_want(c->parser, w ? w->names : NULL, w ? w->n : 0);
	list_parser_reset(c->parser);
	expect(c);
	page_reader_begin(&c->reader, &p->readers, c->parser, on_resume, c);
	return true;
}

static void
stop_waiting(struct list_call *c)
{
	if (c->is_waiting)
		DL_DELETE(parsers_of(c)->waiting, c);
	c->is_waiting = false;
}

/* One parser is free: of the bucket that has the fewest, who has waited longest. */
static void
serve_waiting(struct list_parsers *p)
{
	struct list_call *c, *next = p->waiting;

	DL_FOREACH (p->waiting, c)
		if (c->bucket->n_taken < next->bucket->n_taken)
			next = c;
	if (!next || !take_parser(next))
		return;
	stop_waiting(next);
	s3_resume(next->call);
}

/* The page has been read, or was lost; another one may come in. */
static void
give_parser(struct list_call *c)
{
	struct list_parsers *p = parsers_of(c);

	if (!c->parser)
		return;
	page_reader_drop(&c->reader);
	p->n_taken--;
	c->bucket->n_taken--;
	list_parser_reset(c->parser);
	if (p->n_taken + p->n_spare < LIST_PARSERS_MAX)
		p->spare[p->n_spare++] = steal(&c->parser);
	else
		list_parser_free(steal(&c->parser));
	serve_waiting(p);
}

void
list_parsers_rest(struct list_parsers *p)
{
	while (p->n_spare > 0)
		list_parser_free(p->spare[--p->n_spare]);
}

void
list_parsers_clear(struct list_parsers *p)
{
	list_parsers_rest(p);
	page_readers_clear(&p->readers);
}

/* --- the answer --- */

static int
on_data(void *arg, const char *data, size_t len)
{
	struct list_call *c = arg;

	if (!c->parser && !take_parser(c)) {
		DL_APPEND(parsers_of(c)->waiting, c);
		c->is_waiting = true;
		return HTTP_PAUSE;
	}
	return page_reader_add(&c->reader, data, len);
}

static void
on_retry(void *arg)
{
	struct list_call *c = arg;

	stop_waiting(c);
	give_parser(c);
}

/* A page that is good repeats what was asked for, or something else. */
static void
note_echo(const struct list_call *c)
{
	struct list_parsers *p = parsers_of(c);
	enum list_echo echo = list_parser_echo(c->parser);

	if (echo == LIST_ECHO_UNKNOWN || p->echo != LIST_ECHO_UNKNOWN)
		return;
	p->echo = echo;
	if (echo == LIST_ECHO_OTHER)
		log_info("bucket=%s: pages do not repeat what they are asked "
			 "for, but something else",
			 c->bucket->name);
}

static int
on_end(void *arg, struct s3_error *error, struct err *err)
{
	struct list_call *c = arg;
	int rc;

	if (!c->parser)
		return err_set(err, EIO, "an empty answer");
	page_reader_end(&c->reader);
	rc = list_parser_end(c->parser, &c->page, err);
	if (rc == 0)
		note_echo(c);
	if (rc && list_parser_error(c->parser))
		*error = *list_parser_error(c->parser);
	if (rc && list_parser_is_contradictory(c->parser)) {
		c->has_contradicted = true;
		return S3_ASK_AGAIN;
	}
	return rc;
}

static void
on_done(void *arg, const struct s3_answer *answer)
{
	struct list_call *c = arg;

	c->call = NULL;
	stop_waiting(c);
	c->o.on_done(c->o.arg, c, answer);
}

/* --- the request --- */

struct list_call *
list_call_start(const struct list_call_options *o)
{
	struct list_call *c = xnew(struct list_call);
	struct uri_param params[5] = {
		{ "list-type", "2" },
		{ "encoding-type", "url" },
		{ "max-keys", "1000" },
	};
	size_t n = 3;

	c->o = *o;
	c->bucket = bucket_ref(parsers_of(c), o->bucket);
	c->token = xstrdup_or_null(o->token);
	if (o->start_after && !o->token)
		c->start_after = xstrdup(o->start_after);
	if (o->token)
		params[n++] =
			(struct uri_param){ "continuation-token", o->token };
	else if (o->start_after)
		params[n++] =
			(struct uri_param){ "start-after", o->start_after };
	if (o->wanted)
		params[n++] = (struct uri_param){ "metadata", "true" };
	c->call = s3_start(o->s3, &(struct s3_request){
					  .method = "GET",
					  .operation = "LIST",
					  .bucket = o->bucket,
					  .params = params,
					  .n_params = n,
					  .traffic = o->traffic,
					  .on_data = on_data,
					  .on_retry = on_retry,
					  .on_end = on_end,
					  .on_done = on_done,
					  .arg = c,
				  });
	return c;
}

void
list_call_free(struct list_call *c)
{
	if (!c)
		return;
	give_parser(c);
	bucket_unref(parsers_of(c), c->bucket);
	free(c->token);
	free(c->start_after);
	free(c);
}

void
list_call_cancel(struct list_call *c)
{
	if (c->call)
		s3_cancel(c->call);
}

bool
list_call_has_asked_metadata(const struct list_call *c)
{
	return c->o.wanted != NULL;
}

bool
list_call_was_contradictory(const struct list_call *c)
{
	return c->has_contradicted;
}

const struct list_page *
list_call_page(const struct list_call *c)
{
	return c->page;
}
