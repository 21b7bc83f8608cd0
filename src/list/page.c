/* SPDX-License-Identifier: MIT */
/*
 * A page of ListObjectsV2: see page.h.  Any thread, one at a time.
 *
 * This is the hot loop of a listing, millions of objects through one parser.  Most
 * come as a whole (page-feed.h), others, and all else, as events of XML.  Every
 * text that matters is appended to one buffer (object-list.h), where it stays if it
 * is an object's, and nothing is allocated per element.
 *
 * Nothing depends on the order of elements.  Amazon sends the token before
 * <Contents>, Ceph after it; <EncodingType> may come last, so keys stay as they
 * came until the end.
 */
#include "config.h"

#include "list/page.h"

#include <errno.h>
#include <strings.h>

#include "list/claims.h"
#include "list/contents-record.h"
#include "list/object-list.h"
#include "list/page-feed.h"
#include "list/user-metadata.h"
#include "s3/error-doc.h"
#include "util/number.h"
#include "util/sax.h"

#define BODY_MAX (32 * 1024 * 1024)
#define TOKEN_MAX (64 * 1024)
#define NUMBER_MAX 64 /* of a number or a word, with blanks around it */
#define CLAIM_MAX TOKEN_MAX

/* An element whose text matters. */
struct field {
	const char *name;
	size_t max; /* longest text */
	/*
	 * Called with the text, which is the end of p->list.text and stays
	 * there unless it is cut off.  NULL: it is not even collected, since
	 * only the name counts.
	 */
	int (*take)(struct list_parser *p, char *text, struct err *err);
	list_claim_fn *claim; /* takes it instead, and it is cut off */
	bool is_token;
};

struct list_parser {
	struct sax *sax;
	struct page_feed *feed;
	bool is_xml_only;
	struct object_list list;
	struct list_page page;

	/* where we are */
	size_t n_bytes; /* so far, the parser's or not */
	bool is_error; /* the root is <Error>, and all goes to `error` */
	struct error_doc error;
	bool is_in_object;
	const struct field *field; /* open, or NULL */
	size_t start; /* of its text */
	struct user_metadata metadata; /* takes all events while it is open */

	/* what there was */
	unsigned seen_in_page, seen_in_object; /* bits: places in the tables */
	bool is_truncated, is_encoded, has_metadata;
	int64_t key_count;
	size_t token; /* offset in list.text; 0: none */
	struct list_claims claims;
};

/* --- the texts --- */

/* Take the field's text back. */
static void
drop_text(struct list_parser *p)
{
	object_list_cut(&p->list, p->start);
}

/* LeoFS and others lay their XML out, or put blanks around a number. */
static char *
trim(char *text)
{
	size_t len;

	text += strspn(text, " \t\r\n");
	len = strlen(text);
	while (len > 0 && strchr(" \t\r\n", text[len - 1]))
		len--;
	text[len] = '\0';
	return text;
}

/* "True" is what Python makes of it. */
static int
take_truncated(struct list_parser *p, char *text, struct err *err)
{
	text = trim(text);
	p->is_truncated = strcasecmp(text, "true") == 0;
	if (!p->is_truncated && strcasecmp(text, "false") != 0)
		return err_set(err, EIO,
			       "malformed listing: IsTruncated is \"%s\"",
			       text);
	drop_text(p);
	return 0;
}

/* Empty, as some stores echo what was not asked for: not encoded. */
static int
take_encoding(struct list_parser *p, char *text, struct err *err)
{
	text = trim(text);
	p->is_encoded = strcmp(text, "url") == 0;
	if (!p->is_encoded && *text)
		return err_set(err, EIO,
			       "malformed listing: EncodingType is \"%s\"",
			       text);
	drop_text(p);
	return 0;
}

/* What is no number proves nothing. */
static int
take_key_count(struct list_parser *p, char *text, struct err *err)
{
	(void)err;
	if (!number_parse(trim(text), &p->key_count))
		p->key_count = -1;
	drop_text(p);
	return 0;
}

/* Empty, as some stores send it on the last page: none. */
static int
take_token(struct list_parser *p, char *text, struct err *err)
{
	if (!*text)
		return 0;
	p->token = p->start;
	return object_list_text(&p->list, "", 1, err);
}

static int
take_key(struct list_parser *p, char *text, struct err *err)
{
	struct object_record *r = p->list.current;

	(void)text, (void)err;
	r->key = (uint32_t)p->start;
	r->key_len = (uint32_t)(p->list.text.len - p->start);
	return 0;
}

static int
take_size(struct list_parser *p, char *text, struct err *err)
{
	text = trim(text);
	if (!number_parse(text, &p->list.current->size))
		return err_set(err, EIO, "malformed listing: Size is \"%s\"",
			       text);
	drop_text(p);
	return 0;
}

static int
take_modified(struct list_parser *p, char *text, struct err *err)
{
	(void)text;
	p->list.current->last_modified = (uint32_t)p->start;
	return object_list_text(&p->list, "", 1, err);
}

static int
take_etag(struct list_parser *p, char *text, struct err *err)
{
	text = object_list_unquote(&p->list, text);
	p->list.current->etag = (uint32_t)(text - p->list.text.data);
	return object_list_text(&p->list, "", 1, err);
}

/* --- the elements --- */

/* Children of the root; the places of some are needed as bits. */
enum { IS_TRUNCATED, KEY_COUNT };

static const struct field page_fields[] = {
	[IS_TRUNCATED] = { "IsTruncated", NUMBER_MAX, take_truncated, NULL,
			   false },
	[KEY_COUNT] = { "KeyCount", NUMBER_MAX, take_key_count, NULL, false },
	{ "NextContinuationToken", TOKEN_MAX, take_token, NULL, true },
	{ "EncodingType", NUMBER_MAX, take_encoding, NULL, false },
	{ "Name", CLAIM_MAX, NULL, list_claim_name, false },
	{ "Prefix", CLAIM_MAX, NULL, list_claim_prefix, false },
	{ "Delimiter", CLAIM_MAX, NULL, list_claim_delimiter, false },
	{ "ContinuationToken", CLAIM_MAX, NULL, list_claim_token, true },
	{ "StartAfter", CLAIM_MAX, NULL, list_claim_start_after, true },
	{ "NextMarker", CLAIM_MAX, NULL, list_claim_next_marker, true },
	{ "Marker", CLAIM_MAX, NULL, list_claim_marker, true },
	{ NULL, 0, NULL, NULL, false },
};

/* Children of <Contents>. */
enum { KEY, SIZE };

static const struct field object_fields[] = {
	[KEY] = { "Key", OBJECT_ENCODED_KEY_MAX, take_key, NULL, false },
	[SIZE] = { "Size", NUMBER_MAX, take_size, NULL, false },
	{ "LastModified", OBJECT_MODIFIED_MAX, take_modified, NULL, false },
	{ "ETag", OBJECT_ETAG_MAX, take_etag, NULL, false },
	{ NULL, 0, NULL, NULL, false },
};

/* Begin the field `name` if it is one of the table. */
static int
open_field(struct list_parser *p, const struct field *table, unsigned *seen,
	   const char *name, struct err *err)
{
	const struct field *f = table;
	unsigned bit;

	/* the first letter tells nearly all of them apart, without a call */
	while (f->name && (f->name[0] != name[0] || strcmp(f->name, name) != 0))
		f++;
	if (!f->name)
		return 0;
	bit = 1u << (f - table);
	if (*seen & bit)
		return err_set(err, EIO, "malformed listing: two <%s>", name);
	*seen |= bit;
	p->field = f;
	p->start = p->list.text.len;
	return 0;
}

static int
open_object(struct list_parser *p, struct err *err)
{
	int rc = object_list_begin(&p->list, err);

	p->seen_in_object = 0;
	p->is_in_object = true;
	user_metadata_begin(&p->metadata);
	return rc;
}

static int
close_object(struct list_parser *p, struct err *err)
{
	p->is_in_object = false;
	if (!(p->seen_in_object & 1u << KEY))
		return err_set(err, EIO,
			       "malformed listing: object without key");
	if (!(p->seen_in_object & 1u << SIZE))
		return err_set(err, EIO,
			       "malformed listing: object without size");
	p->list.current->metadata = user_metadata_result(&p->metadata);
	object_list_commit(&p->list);
	return 0;
}

static int
open_in_object(struct list_parser *p, const char *name, struct err *err)
{
	int rc = open_field(p, object_fields, &p->seen_in_object, name, err);

	if (rc == 0 && !p->field && user_metadata_open(&p->metadata, name))
		p->has_metadata = true;
	return rc;
}

static int
open_root(struct list_parser *p, const char *name, struct err *err)
{
	p->is_error = error_doc_is_root(name);
	if (p->is_error)
		error_doc_start(&p->error, 0, name);
	else if (strcmp(name, "ListBucketResult") != 0)
		return err_set(err, EIO, "not a listing: <%s>", name);
	return 0;
}

static int
on_start(void *arg, unsigned depth, const char *name, struct err *err)
{
	struct list_parser *p = arg;

	if (depth == 0)
		return open_root(p, name, err);
	if (p->is_error) {
		error_doc_start(&p->error, depth, name);
		return 0;
	}
	if (p->metadata.is_open) {
		user_metadata_start(&p->metadata, &p->list, depth - 2, name);
		return 0;
	}
	if (p->field)
		return err_set(err, EIO, "malformed listing: <%s> in <%s>",
			       name, p->field->name);
	if (depth == 1 && strcmp(name, "Contents") == 0)
		return open_object(p, err);
	if (depth == 1 && strcmp(name, "CommonPrefixes") == 0)
		return list_claim_common_prefixes(&p->claims, err);
	if (depth == 1)
		return open_field(p, page_fields, &p->seen_in_page, name, err);
	if (depth == 2 && p->is_in_object)
		return open_in_object(p, name, err);
	return 0;
}

static int
on_text(void *arg, unsigned depth, const char *text, size_t len,
	struct err *err)
{
	struct list_parser *p = arg;

	(void)depth;
	if (p->is_error)
		error_doc_text(&p->error, text, len);
	if (p->metadata.is_open)
		return user_metadata_text(&p->metadata, &p->list, text, len,
					  err);
	if (!p->field)
		return 0;
	if (len > p->field->max - (p->list.text.len - p->start))
		return err_set(err, EIO, "malformed listing: <%s> is too long",
			       p->field->name);
	return object_list_text(&p->list, text, len, err);
}

static int
close_field(struct list_parser *p, const struct field *f, struct err *err)
{
	char *text = p->list.text.data + p->start;
	int rc;

	p->field = NULL; /* no element is in another's field */
	if (f->take)
		return f->take(p, text, err);
	rc = f->claim(&p->claims, text, err);
	drop_text(p);
	return rc;
}

/* All there is to compare is there. */
static int
close_root(struct list_parser *p, struct err *err)
{
	return list_claims_check(
		&p->claims,
		&(struct list_counts){
			.key_count = p->seen_in_page & 1u << KEY_COUNT
					     ? p->key_count
					     : -1,
			.n_objects = p->list.n,
			.is_last = p->seen_in_page & 1u << IS_TRUNCATED &&
				   !p->is_truncated,
			.has_token = p->token != 0,
		},
		err);
}

static int
on_end(void *arg, unsigned depth, struct err *err)
{
	struct list_parser *p = arg;

	if (p->is_error)
		error_doc_end(&p->error, depth);
	if (p->field)
		return close_field(p, p->field, err);
	if (p->metadata.is_open)
		return user_metadata_end(&p->metadata, &p->list, depth - 2,
					 err);
	if (depth == 1 && p->is_in_object)
		return close_object(p, err);
	return depth == 0 && !p->is_error ? close_root(p, err) : 0;
}

/* --- an object as a whole --- */

static bool
on_contents(void *arg, const struct contents *c)
{
	struct list_parser *p = arg;

	if (p->is_error || !contents_record(c, &p->list, &p->metadata))
		return false;
	p->has_metadata |= c->has_internal;
	return true;
}

/* --- the page --- */

/*
 * The token that can't be read.  Ceph RGW (16.2.15 was looked at) writes the
 * last key into NextContinuationToken, and what it was asked into
 * ContinuationToken or StartAfter, with the control characters of a key as
 * "&#x01;", which no XML 1.0 may contain; encoding-type=url does not help.
 * Its order: EncodingType, IsTruncated, all Contents, ContinuationToken,
 * NextContinuationToken, KeyCount, StartAfter.
 *
 * What was read before the token is good, and what may follow is unknown.  So
 * the page counts as truncated, and start-after the last key seen loses
 * nothing, wherever a store puts its tokens.  That needs a key to go on from,
 * and an EncodingType already seen: it could change the meaning of the keys.
 *
 * The exception is the last page of a listing that was asked with such a
 * start-after: there KeyCount, which precedes the echo, proves that every
 * object was seen, and IsTruncated that it is the last.  Without the exception
 * a listing whose last key has a control character would never end.
 *
 * Nobody reads what follows, but a page is BODY_MAX bytes at most all the same.
 */
static bool
is_token_unreadable(const struct list_parser *p)
{
	return sax_is_bad_character(p->sax) && p->field && p->field->is_token &&
	       p->is_encoded && p->n_bytes <= BODY_MAX;
}

static bool
is_proven_complete(const struct list_parser *p)
{
	unsigned both = 1u << IS_TRUNCATED | 1u << KEY_COUNT;

	return (p->seen_in_page & both) == both && !p->is_truncated &&
	       p->key_count == (int64_t)p->list.n;
}

/* How the listing goes on after a page that could be read to its end. */
static int
finish_token(struct list_parser *p, struct err *err)
{
	if (!(p->seen_in_page & 1u << IS_TRUNCATED))
		return err_set(err, EIO,
			       "malformed listing: without IsTruncated");
	p->page.is_truncated = p->is_truncated;
	if (!p->is_truncated)
		return 0;
	if (!p->token)
		return err_set(err, EIO,
			       "malformed listing: truncated, but "
			       "without a continuation token");
	p->page.next_token = p->list.text.data + p->token;
	return 0;
}

/* And after one whose token can't be read. */
static int
finish_without_token(struct list_parser *p, struct err *err)
{
	if (is_proven_complete(p))
		return 0;
	if (p->list.n == 0)
		return err_set(err, EIO,
			       "malformed listing: unreadable token "
			       "and no key to go on from");
	p->page.is_truncated = true;
	p->page.is_token_unreadable = true;
	return 0;
}

int
list_parser_feed(struct list_parser *p, const char *data, size_t len,
		 struct err *err)
{
	struct err e = ERR_INIT;
	int rc = page_feed_add(p->feed, data, len, &e);

	p->n_bytes += len;
	object_list_hash(&p->list);
	if (rc == 0 || is_token_unreadable(p))
		return 0;
	return err_copy(err, &e);
}

int
list_parser_end(struct list_parser *p, const struct list_page **page,
		struct err *err)
{
	struct err e = ERR_INIT;
	int rc = page_feed_end(p->feed, &e);

	if (p->is_error)
		return err_set(err, EIO, "an error instead of a listing: %s",
			       p->error.error.code);
	if (rc && !is_token_unreadable(p))
		return err_copy(err, &e);
	p->page = (struct list_page){ 0 };
	rc = rc ? finish_without_token(p, err) : finish_token(p, err);
	if (rc == 0)
		rc = object_list_finish(&p->list, p->is_encoded, err);
	if (rc == 0)
		rc = list_claims_check_delimiter(&p->claims, p->is_encoded,
						 p->list.objects, p->list.n,
						 err);
	if (rc)
		return rc;
	p->page.objects = p->list.objects;
	p->page.n_objects = p->list.n;
	p->page.is_ordered = p->list.is_ordered;
	p->page.has_metadata = p->has_metadata;
	*page = &p->page;
	return 0;
}

const struct s3_error *
list_parser_error(const struct list_parser *p)
{
	return p->is_error ? &p->error.error : NULL;
}

bool
list_parser_is_contradictory(const struct list_parser *p)
{
	return p->claims.is_contradiction;
}

enum list_echo
list_parser_echo(const struct list_parser *p)
{
	return p->claims.echo;
}

/* --- the life --- */

void
list_parser_reset(struct list_parser *p)
{
	sax_reset(p->sax);
	page_feed_reset(p->feed, p->is_xml_only);
	object_list_reset(&p->list);
	*p = (struct list_parser){ .sax = p->sax,
				   .feed = p->feed,
				   .is_xml_only = p->is_xml_only,
				   .list = p->list,
				   .metadata = p->metadata };
	user_metadata_want(&p->metadata, p->metadata.wanted,
			   p->metadata.n_wanted);
}

struct list_parser *
list_parser_new(void)
{
	static const struct sax_events events = { on_start, on_text, on_end };
	struct list_parser *p = xnew(struct list_parser);

	p->sax = sax_new(&events, p, BODY_MAX);
	p->feed = page_feed_new(p->sax, on_contents, p, &p->metadata);
	object_list_init(&p->list, BODY_MAX);
	return p;
}

void
list_parser_use_xml_only(struct list_parser *p)
{
	p->is_xml_only = true;
}

void
list_parser_expect(struct list_parser *p, const struct list_asked *asked)
{
	p->claims.asked = *asked;
}

void
list_parser_want(struct list_parser *p, const char *const *names, size_t n)
{
	user_metadata_want(&p->metadata, names, n);
}

void
list_parser_free(struct list_parser *p)
{
	if (!p)
		return;
	page_feed_free(p->feed);
	sax_free(p->sax);
	object_list_clear(&p->list);
	free(p);
}
