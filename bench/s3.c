/* SPDX-License-Identifier: MIT */
/*
 * What the store answers: see s3.h.
 */
#include "config.h"

#include "s3.h"

#include <strings.h>

/* The path and query of a request, taken apart.  Points into the request. */
struct target {
	char *bucket;
	char *key;
	size_t key_len;
	enum request_class class;
	bool is_location;
	struct listing listing;
};

/* --- requests ------------------------------------------------------------------- */

static void
take_param(struct target *t, const char *name, char *value)
{
	struct listing *q = &t->listing;
	size_t len = uri_undo(value, strlen(value));

	value[len] = '\0';
	if (strcmp(name, "list-type") == 0) {
		q->is_v2 = *value == '2';
	} else if (strcmp(name, "location") == 0) {
		t->is_location = true;
	} else if (strcmp(name, "encoding-type") == 0) {
		q->is_encoded = true;
	} else if (strcmp(name, "delimiter") == 0) {
		q->by_dir = len > 0;
	} else if (strcmp(name, "metadata") == 0) {
		q->wants_metadata = strcmp(value, "true") == 0;
	} else if (strcmp(name, "max-keys") == 0) {
		unsigned n = (unsigned)strtoul(value, NULL, 10);

		q->max_keys = n < 1000 ? n : 1000;
	} else if (strcmp(name, "prefix") == 0) {
		q->prefix = value;
		q->prefix_len = len;
	} else if (strcmp(name, "continuation-token") == 0) {
		q->token = value;
	} else if ((strcmp(name, "start-after") == 0 ||
		    strcmp(name, "marker") == 0)) {
		q->after = value;
		q->after_len = len;
	}
}

/* The token wins over start-after; it is echoed, so a copy is decoded. */
static void
take_token(struct listing *q, struct text *scratch)
{
	if (q->token) {
		scratch->len = 0;
		text_str(scratch, q->token + (*q->token != '\0'));
		q->skips_dir = *q->token == 'p';
		q->after = scratch->data;
		q->after_len = hex_undo(scratch->data, scratch->len);
	} else if (!q->is_v2 && q->by_dir && q->after_len) {
		q->skips_dir = q->after[q->after_len - 1] == '/';
	}
}

static void
parse_target(struct store *s, struct request *r, struct target *t)
{
	char *param, *value, *rest = r->query, *slash;

	*t = (struct target){
		.class = s3_classify(r),
		.listing = { .prefix = "", .after = "", .max_keys = 1000 }
	};
	while ((param = strsep(&rest, "&"))) {
		value = param + strcspn(param, "=");
		if (*value)
			*value++ = '\0';
		take_param(t, param, value);
	}
	if (s->ignores_start_after && t->listing.is_v2)
		t->listing.after_len = 0;
	take_token(&t->listing, &s->token);
	t->bucket = r->path + 1;
	slash = strchr(t->bucket, '/');
	t->key = slash ? slash + 1 : t->bucket + strlen(t->bucket);
	if (slash)
		*slash = '\0';
	for (char *c = t->key; *c; c++) /* in a path it stands for itself */
		*c = *c == '+' ? '\x01' : *c;
	t->key_len = uri_undo(t->key, strlen(t->key));
	for (size_t i = 0; i < t->key_len; i++)
		t->key[i] = t->key[i] == '\x01' ? '+' : t->key[i];
}

static bool
has_param(const struct request *r, const char *name)
{
	const char *found = strstr(r->query, name);

	return found && (found == r->query || found[-1] == '&');
}

/* By method and form alone, before anything is taken apart. */
enum request_class
s3_classify(const struct request *r)
{
	const char *key = strchr(r->path + 1, '/');
	bool has_key = key && key[1];

	if (!r->path[1])
		return strcmp(r->method, "GET") == 0 ? BUCKETS : OTHER;
	if (!has_key) {
		if (strcmp(r->method, "GET") != 0 || has_param(r, "location"))
			return BUCKET;
		return has_param(r, "list-type=2") ? LIST : LIST_V1;
	}
	if (strcmp(r->method, "HEAD") == 0)
		return HEAD;
	if (strcmp(r->method, "GET") == 0)
		return GET;
	if (strcmp(r->method, "PUT") == 0)
		return PUT;
	return strcmp(r->method, "DELETE") == 0 ? DELETE : OTHER;
}

struct bucket *
s3_bucket(struct store *s, const char *name)
{
	struct formula f;

	for (unsigned i = 0; i < s->n_buckets; i++)
		if (strcmp(s->buckets[i]->name, name) == 0)
			return s->buckets[i];
	if (s->n_buckets == MAX_BUCKETS || strlen(name) >= BUCKET_NAME_SIZE ||
	    !formula_parse(&f, name))
		return NULL;
	s->buckets[s->n_buckets] = must_realloc(NULL, sizeof(struct bucket));
	*s->buckets[s->n_buckets] = (struct bucket){ .f = f };
	strcpy(s->buckets[s->n_buckets]->name, name);
	return s->buckets[s->n_buckets++];
}

/* --- answers ---------------------------------------------------------------------- */

static void
fail(struct response *out, int status, const char *code)
{
	out->status = status;
	text_str(&out->headers, "Content-Type: application/xml\r\n");
	text_printf(&out->body[0],
		    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>"
		    "%s</Code><Message>%s</Message></Error>",
		    code, code);
}

static void
answer_list(struct store *s, struct bucket *b, const struct target *t,
	    struct response *out)
{
	text_str(&out->headers, "Content-Type: application/xml\r\n");
	s->counters.listed += bucket_list(b, &s->dates, &t->listing, out->body);
	out->rate = s->list_rate;
	out->rtt_us = s->rtt_us;
	out->tail_us = s->list_tail_us;
}

static void
answer_location(struct response *out)
{
	text_str(&out->headers, "Content-Type: application/xml\r\n");
	text_str(&out->body[0],
		 "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		 "<LocationConstraint xmlns=\"http://s3.amazonaws.com/doc/"
		 "2006-03-01/\"></LocationConstraint>");
}

static void
answer_buckets(struct store *s, struct response *out)
{
	struct text *t = &out->body[0];

	text_str(&out->headers, "Content-Type: application/xml\r\n");
	text_str(t, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		    "<ListAllMyBucketsResult xmlns=\"http://s3.amazonaws.com/"
		    "doc/2006-03-01/\"><Owner><ID>bench</ID></Owner><Buckets>");
	for (unsigned i = 0; i < s->n_buckets; i++)
		text_printf(t,
			    "<Bucket><Name>%s</Name><CreationDate>%s"
			    "</CreationDate></Bucket>",
			    s->buckets[i]->name, s->dates.iso[0]);
	text_str(t, "</Buckets></ListAllMyBucketsResult>");
}

/* An object of the formula; it has no content that could be asked for. */
static void
answer_head(struct store *s, struct bucket *b, const struct target *t,
	    struct response *out)
{
	uint32_t i = formula_find(&b->f, t->key, t->key_len);
	struct item item;
	struct dir d;
	char key[KEY_SIZE];

	if (i == b->f.n_objects || formula_key(&b->f, i, key) != t->key_len ||
	    memcmp(key, t->key, t->key_len) != 0) {
		out->status = 404;
		return;
	}
	formula_dir(&b->f, i, &d);
	formula_item(&b->f, &d, i, &item);
	out->length = item.size;
	text_printf(&out->headers,
		    "Content-Type: application/octet-stream\r\n"
		    "ETag: \"%.32s\"\r\nLast-Modified: %s\r\n",
		    item.etag, s->dates.http[item.when]);
	if (item.kind == DELTA)
		text_printf(&out->headers, "x-amz-meta-dg-file-size: %u\r\n",
			    item.original);
}

/* The bytes that are asked for: all, but for a GET with Range. */
static void
answer_body(const struct extra *e, const struct request *r,
	    struct response *out)
{
	size_t len, first, last;
	const char *range = request_header(r, "range", &len);

	if (!range || sscanf(range, "bytes=%zu-%zu", &first, &last) != 2 ||
	    first >= e->body.len) {
		text_add(&out->body[0], e->body.data, e->body.len);
		return;
	}
	last = last < e->body.len ? last : e->body.len - 1;
	out->status = 206;
	text_add(&out->body[0], e->body.data + first, last - first + 1);
}

static void
answer_extra(const struct extra *e, const struct request *r,
	     struct response *out)
{
	text_printf(&out->headers, "ETag: \"%.32s\"\r\nLast-Modified: %s\r\n",
		    e->etag, e->http);
	text_add(&out->headers, e->headers.data, e->headers.len);
	out->length = e->body.len;
	if (!out->has_no_body)
		answer_body(e, r, out);
}

/* Two FNV sums: equal bodies have equal ETags, others hardly. */
static void
set_etag(struct extra *e)
{
	uint64_t a = 0xcbf29ce484222325, b = 0x84222325cbf29ce4;

	for (size_t i = 0; i < e->body.len; i++) {
		a = (a ^ (unsigned char)e->body.data[i]) * 0x100000001b3;
		b = (b ^ (unsigned char)e->body.data[i]) * 0x100000001d5;
	}
	print_hex64(e->etag, a);
	print_hex64(e->etag + 16, b);
}

static void
keep_headers(const struct request *r, struct text *out)
{
	for (const char *line = r->headers; *line;) {
		const char *end = strstr(line, "\r\n") + 2;

		if (strncasecmp(line, "x-amz-meta-", 11) == 0 ||
		    strncasecmp(line, "content-type:", 13) == 0)
			text_add(out, line, (size_t)(end - line));
		line = end;
	}
}

static void
answer_put(struct store *s, struct bucket *b, const struct target *t,
	   const struct request *r, struct response *out)
{
	struct extra *e = bucket_put_extra(b, t->key, t->key_len);

	if (!e) {
		fail(out, 501, "NotImplemented");
		return;
	}
	text_add(&e->body, r->body, r->body_len);
	s->counters.written += r->body_len;
	keep_headers(r, &e->headers);
	set_etag(e);
	text_printf(&out->headers, "ETag: \"%.32s\"\r\n", e->etag);
}

static void
answer_object(struct store *s, struct bucket *b, const struct target *t,
	      const struct request *r, struct response *out)
{
	struct extra *e = bucket_find_extra(b, t->key, t->key_len);

	switch (t->class) {
	case HEAD:
	case GET:
		if (e)
			answer_extra(e, r, out);
		else if (out->has_no_body)
			answer_head(s, b, t, out);
		else
			fail(out, 404, "NoSuchKey");
		break;
	case PUT:
		answer_put(s, b, t, r, out);
		break;
	case DELETE:
		if (e)
			bucket_forget_extra(b, e);
		out->status = 204;
		break;
	default:
		fail(out, 501, "NotImplemented");
	}
}

static void
answer_bucket(struct store *s, struct bucket *b, const struct target *t,
	      struct response *out)
{
	if (t->class == LIST || t->class == LIST_V1)
		answer_list(s, b, t, out);
	else if (t->is_location)
		answer_location(out);
}

void
s3_answer(struct store *s, struct request *r, struct response *out)
{
	struct target t;
	struct bucket *b;

	out->has_no_body = strcmp(r->method, "HEAD") == 0;
	if (r->is_refused) {
		fail(out, 503, "SlowDown");
		return;
	}
	parse_target(s, r, &t);
	b = s3_bucket(s, t.bucket);
	if (t.class == BUCKETS)
		answer_buckets(s, out);
	else if (!b)
		fail(out, 404, "NoSuchBucket");
	else if (t.key_len)
		answer_object(s, b, &t, r, out);
	else
		answer_bucket(s, b, &t, out);
}
