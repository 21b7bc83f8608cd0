/* SPDX-License-Identifier: MIT */
/*
 * A store in memory: see fake-store.h.
 */
#include "config.h"

#include "fake-store.h"

#include "fake-clock.h"
#include "util/date.h"

#define MODIFIED_ISO "2025-10-14T10:30:00.000Z"
#define MODIFIED_HTTP "Tue, 14 Oct 2025 10:30:00 GMT"
#define BODY_MAX (1024 * 1024)

void
fake_store_clear(struct fake_store *s)
{
	for (int mode = 0; mode < N_DOCUMENTS; mode++)
		free(s->documents[mode]);
	*s = (struct fake_store){ .list_status = 0 };
}

/* --- objects --- */

struct item {
	const char *key;
	int key_len;
	long size;
};

/* The next "key=size" of *text, which moves behind it. */
static bool
next_item(const char **text, struct item *item)
{
	const char *equals;
	char *end;

	*text += strspn(*text, " ");
	equals = strchr(*text, '=');
	if (!equals)
		return false;
	item->key = *text;
	item->key_len = (int)(equals - *text);
	item->size = strtol(equals + 1, &end, 10);
	*text = end;
	return true;
}

static bool
find_item(const struct fake_store *s, const char *key, struct item *item)
{
	for (int i = 0; s->pages[i]; i++) {
		const char *text = s->pages[i];

		while (next_item(&text, item))
			if ((int)strlen(key) == item->key_len &&
			    strncmp(item->key, key, strlen(key)) == 0)
				return true;
	}
	return false;
}

void
fake_list_page(struct buf *out, const char *objects, const char *token)
{
	struct item item;

	buf_printf(out,
		   "<?xml version=\"1.0\"?><ListBucketResult>"
		   "<EncodingType>url</EncodingType>"
		   "<IsTruncated>%s</IsTruncated>",
		   token ? "true" : "false");
	while (next_item(&objects, &item))
		buf_printf(
			out,
			"<Contents><Key>%.*s</Key><Size>%ld</Size>"
			"<ETag>&quot;e%ld&quot;</ETag><LastModified>" MODIFIED_ISO
			"</LastModified></Contents>",
			item.key_len, item.key, item.size, item.size);
	if (token)
		buf_printf(out,
			   "<NextContinuationToken>%s"
			   "</NextContinuationToken>",
			   token);
	buf_add_str(out, "</ListBucketResult>");
}

char *
fake_store_document(const struct fake_store *s, const char *bucket,
		    enum mode mode)
{
	struct tally *tally = tally_new(MODE_QUICK);
	struct tally_part *part = tally_part_new(tally, NULL, 0, true);
	struct doc doc = { .mode = mode,
			   .bucket = bucket,
			   .has_accuracy = true };
	struct buf text = BUF_INIT(DOC_MAX);
	struct item item;

	for (int i = 0; s->pages[i]; i++) {
		const char *page = s->pages[i];

		while (next_item(&page, &item)) {
			char etag[32];

			snprintf(etag, sizeof(etag), "e%ld", item.size);
			tally_add(part,
				  &(struct object){
					  .key = item.key,
					  .key_len = (size_t)item.key_len,
					  .size = item.size,
					  .etag = etag,
					  .last_modified = MODIFIED_ISO });
		}
	}
	tally_part_end(part);
	doc.computed_at = date_now();
	doc.validation = *tally_validation(tally);
	tally_figures(tally, &doc.figures);
	doc_print(&text, &doc);
	tally_free(tally);
	return buf_steal(&text);
}

/* --- answers --- */

static void
refuse(struct http_transfer *t, int status)
{
	fake_http_answer(t, &(struct fake_answer){ .status = status });
}

/* The page that has the first key behind `after`, and where in it that is. */
static const char *
find_after(const struct fake_store *s, const char *after, int *page)
{
	size_t len = strcspn(after, "&");

	for (*page = 0; s->pages[*page]; ++*page) {
		const char *text = s->pages[*page], *here = text;
		struct item item;

		while (next_item(&text, &item)) {
			if (key_compare(item.key, (size_t)item.key_len, after,
					len) > 0)
				return here;
			here = text;
		}
	}
	return "";
}

static void
answer_list(struct fake_store *s, struct http_transfer *t)
{
	static const char start_after[] = "start-after=";
	struct buf xml CLEANUP_BUF = BUF_INIT(BODY_MAX);
	const char *at = strstr(t->url, "continuation-token=page-");
	const char *after = strstr(t->url, start_after);
	int page = at ? atoi(strchr(at, '-') + 1 + strlen("token=page-")) : 0;
	const char *objects = s->pages[page] ? s->pages[page] : "";
	char token[32];

	if (after)
		objects = find_after(s, after + strlen(start_after), &page);
	snprintf(token, sizeof(token), "page-%d", page + 1);
	fake_list_page(&xml, objects,
		       s->pages[page] && s->pages[page + 1] ? token : NULL);
	fake_http_answer(t, &(struct fake_answer){ .status = 200,
						   .body = buf_str(&xml) });
}

static void
answer_head(struct fake_store *s, struct http_transfer *t)
{
	struct buf head CLEANUP_BUF = BUF_INIT(BODY_MAX);
	const char *key = strchr(strstr(t->url, "//") + 2, '/') + 1;
	struct item item;

	key = strchr(key, '/'); /* behind the bucket */
	if (!key) {
		fake_http_answer(t, &(struct fake_answer){ .status = 200,
							   .head = s->usage });
		return;
	}
	key++;
	if (!find_item(s, key, &item)) {
		refuse(t, 404);
		return;
	}
	buf_printf(&head, "content-length: %ld\r\nlast-modified: %s\r\n",
		   item.size, s->head_date ? s->head_date : MODIFIED_HTTP);
	if (s->head_etag)
		buf_printf(&head, "etag: \"%s\"\r\n", s->head_etag);
	else
		buf_printf(&head, "etag: \"e%ld\"\r\n", item.size);
	if (!s->is_without_metadata)
		buf_printf(&head, "x-amz-meta-dg-file-size: %ld\r\n",
			   FAKE_FACTOR * item.size);
	fake_http_answer(t, &(struct fake_answer){ .status = 200,
						   .head = buf_str(&head) });
}

/* GET or PUT of a cached document. */
static void
answer_document(struct fake_store *s, struct http_transfer *t)
{
	char **document = NULL;

	for (int mode = 0; mode < N_DOCUMENTS; mode++)
		if (strstr(t->url, mode_names[mode]))
			document = &s->documents[mode];
	if (strcmp(t->method, "PUT") == 0) {
		free(*document);
		*document = xstrndup(t->body, t->body_len);
	}
	if (*document)
		fake_http_answer(t, &(struct fake_answer){ .status = 200,
							   .body = *document });
	else
		refuse(t, 404);
}

void
fake_store_answer(struct fake_store *s, struct http_transfer *t)
{
	bool is_list = strstr(t->url, "list-type=2") != NULL;
	int status = is_list			      ? s->list_status
		     : strcmp(t->method, "HEAD") == 0 ? s->head_status
		     : strcmp(t->method, "PUT") == 0  ? s->put_status
						      : s->get_status;

	if (status)
		refuse(t, status);
	else if (is_list)
		answer_list(s, t);
	else if (strcmp(t->method, "HEAD") == 0)
		answer_head(s, t);
	else
		answer_document(s, t);
}
