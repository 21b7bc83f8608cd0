/* SPDX-License-Identifier: MIT */
/*
 * The store of a conversation: see conversation-store.h.
 */
#include "config.h"

#include "conversation-store.h"

#define TEXT_MAX (256 * 1024)
#define TOKEN_FORMAT "t%u+/=&<%u"

void
talk_store_arrange(struct talk_store *s, struct bytes *b)
{
	unsigned n = s->model.n;

	for (unsigned i = 0; i < n; i++)
		s->order[i] = i;
	if (s->manner != STORE_UNORDERED)
		return;
	for (unsigned i = 1; i < n; i++) {
		unsigned j = take(b, i + 1), place = s->order[i];

		s->order[i] = s->order[j];
		s->order[j] = place;
	}
}

/* --- what is asked for --- */

bool
is_list(const struct http_transfer *t)
{
	return strstr(t->url, "list-type=2") != NULL;
}

bool
is_head(const struct http_transfer *t)
{
	return strcmp(t->method, "HEAD") == 0;
}

/* BUCKET or BUCKET/KEY, as it stands in the URL. */
static const char *
path_of(const struct http_transfer *t)
{
	return strchr(strstr(t->url, "//") + 2, '/') + 1;
}

bool
is_head_object(const struct http_transfer *t)
{
	return is_head(t) && strchr(path_of(t), '/');
}

unsigned
document_mode(const struct http_transfer *t)
{
	return strstr(t->url, "quick") ? 0 : strstr(t->url, "sampled") ? 1 : 2;
}

/* Percent-encoded text up to one of `ends`. */
static void
decode(const char *text, const char *ends, char *out, size_t size)
{
	size_t n = 0;
	unsigned byte;

	for (; *text && !strchr(ends, *text) && n + 1 < size; text++) {
		if (*text == '%' && sscanf(text + 1, "%2x", &byte) == 1) {
			out[n++] = (char)byte;
			text += 2;
		} else {
			out[n++] = *text;
		}
	}
	out[n] = '\0';
}

static bool
find_param(const struct http_transfer *t, const char *name, char *out,
	   size_t size)
{
	const char *at = strstr(t->url, name);

	if (at)
		decode(strchr(at, '=') + 1, "&", out, size);
	return at != NULL;
}

/* --- LIST --- */

/* The place in `order` that a page begins with. */
static unsigned
find_start(const struct talk_store *s, const struct http_transfer *t)
{
	unsigned serial, i = 0;
	char text[KEY_MAX * 2];

	if (find_param(t, "continuation-token=", text, sizeof(text)))
		return sscanf(text, TOKEN_FORMAT, &serial, &i) == 2 ? i : 0;
	if (s->manner == STORE_ORDERED &&
	    find_param(t, "start-after=", text, sizeof(text)))
		while (i < s->model.n &&
		       strcmp(s->model.things[i].key, text) <= 0)
			i++;
	return i;
}

static void
add_key(const struct talk_store *s, struct buf *out, const char *key)
{
	for (; *key; key++) {
		bool is_plain = (*key >= 'a' && *key <= 'z') ||
				(*key >= '0' && *key <= '9') || *key == '/' ||
				*key == '.';

		if (*key == ' ' && s->has_plus)
			buf_add_str(out, "+");
		else
			buf_printf(out, is_plain ? "%c" : "%%%02X",
				   (unsigned char)*key);
	}
}

/* As MinIO does it or, with plain names, RustFS; some objects leave it to HEAD. */
static void
add_metadata(struct buf *out, const struct thing *t)
{
	const char *prefix = t->size % 2 ? "X-Amz-Meta-" : "";

	if (t->size % 5 == 4)
		return;
	buf_add_str(out, "<UserMetadata>");
	for (int i = 0; i < META_MAX; i++)
		if (t->meta[i].name)
			buf_printf(out, "<%s%s>%s</%s%s>", prefix,
				   t->meta[i].name, t->meta[i].value, prefix,
				   t->meta[i].name);
	buf_add_str(out, "</UserMetadata>");
}

static void
add_object(const struct talk_store *s, struct buf *out, const struct thing *t,
	   bool is_told)
{
	buf_add_str(out, "<Contents><Key>");
	add_key(s, out, t->key);
	buf_printf(out, "</Key><LastModified>%s</LastModified>",
		   moment_iso[t->moment]);
	if (t->etag)
		buf_printf(out, "<ETag>&quot;%s&quot;</ETag>", t->etag);
	buf_printf(out, "<Size>%lld</Size>", (long long)t->size);
	if (is_told)
		add_metadata(out, t);
	buf_add_str(out, "</Contents>");
}

static void
add_token(struct talk_store *s, struct buf *out, const struct http_transfer *t,
	  unsigned place, enum lie lie)
{
	char token[KEY_MAX * 2];

	snprintf(token, sizeof(token), TOKEN_FORMAT, s->n_tokens++, place);
	if (lie == LIE_SAME_TOKEN)
		find_param(t, "continuation-token=", token, sizeof(token));
	buf_add_str(out, "<NextContinuationToken>");
	for (const char *at = token; *at; at++)
		buf_printf(out, *at == '&' || *at == '<' ? "&#%d;" : "%c", *at);
	buf_add_str(out, "</NextContinuationToken>");
}

static unsigned
find_max_keys(const struct talk_store *s, const struct http_transfer *t)
{
	char text[KEY_MAX];
	unsigned n = 1000;

	if (find_param(t, "max-keys=", text, sizeof(text)))
		n = (unsigned)atoi(text);
	return n < s->page_size ? n : s->page_size;
}

static void
print_page(struct talk_store *s, struct buf *out, const struct http_transfer *t,
	   enum lie lie)
{
	bool is_told = s->tells_metadata && strstr(t->url, "metadata=true");
	unsigned first = find_start(s, t), last, n = s->model.n;
	bool is_truncated, has_token, is_first = s->page_size % 2;

	if (lie == LIE_AGAIN && first > 0)
		first--;
	last = first + (lie == LIE_NO_OBJECTS ? 0 : find_max_keys(s, t));
	last = last < n ? last : n;
	is_truncated = last < n || lie == LIE_NO_OBJECTS || lie == LIE_LAST;
	has_token = is_truncated && lie != LIE_NO_TOKEN;
	buf_printf(out,
		   "<?xml version=\"1.0\"?><ListBucketResult>"
		   "<EncodingType>url</EncodingType>"
		   "<IsTruncated>%s</IsTruncated>",
		   is_truncated ? "true" : "false");
	/* before the objects, as Amazon; or behind them, as Ceph */
	if (has_token && is_first)
		add_token(s, out, t, last, lie);
	for (unsigned i = first; i < last; i++)
		if (!s->is_gone || s->order[i] != s->flicker)
			add_object(s, out, &s->model.things[s->order[i]],
				   is_told);
	if (has_token && !is_first)
		add_token(s, out, t, last, lie);
	buf_add_str(out, "</ListBucketResult>");
}

static void
answer_list(struct talk_store *s, struct http_transfer *t, enum lie lie)
{
	struct buf text CLEANUP_BUF = BUF_INIT(TEXT_MAX);

	if (lie == LIE_ERROR)
		buf_add_str(&text, "<Error><Code>InternalError</Code></Error>");
	else
		print_page(s, &text, t, lie);
	if (lie == LIE_CUT)
		text.data[text.len / 2] = '\0';
	fake_http_answer(t, &(struct fake_answer){ .status = 200,
						   .body = buf_str(&text) });
}

void
talk_store_stream(struct talk_store *s, struct http_transfer *t)
{
	struct buf text CLEANUP_BUF = BUF_INIT(TEXT_MAX);

	print_page(s, &text, t, LIE_NONE);
	fake_http_stream(t, buf_str(&text));
}

bool
talk_store_has_streamed(const struct http_transfer *t)
{
	return t->streamed.len > 0;
}

/* --- objects --- */

static void
answer_head(const struct talk_store *s, struct http_transfer *t)
{
	struct buf head CLEANUP_BUF = BUF_INIT(TEXT_MAX);
	const struct thing *thing;
	char key[KEY_MAX * 4];
	bool is_new;

	if (!is_head_object(t)) { /* HeadBucket: it is here */
		fake_http_answer(t, &(struct fake_answer){ .status = 200 });
		return;
	}
	decode(path_of(t), "?", key, sizeof(key));
	thing = model_find(&s->model, strchr(key, '/') + 1);
	if (!thing || thing->fate == FATE_GONE) {
		fake_http_answer(t, &(struct fake_answer){ .status = 404 });
		return;
	}
	is_new = thing->fate == FATE_REPLACED;
	buf_printf(&head, "content-length: %lld\r\nlast-modified: %s\r\n",
		   is_new && thing->size > 0 ? (long long)thing->size - 1
		   : is_new		     ? 1
					     : (long long)thing->size,
		   is_new ? "Tue, 14 Oct 2025 10:30:05 GMT"
			  : moment_http[thing->moment]);
	if (thing->etag)
		buf_printf(&head, "etag: \"%s%s\"\r\n", thing->etag,
			   is_new		? "-new"
			   : s->has_other_etags ? "-other"
						: "");
	for (int i = 0; i < META_MAX; i++)
		if (thing->meta[i].name)
			buf_printf(&head, "x-amz-meta-%s: %s\r\n",
				   thing->meta[i].name, thing->meta[i].value);
	fake_http_answer(t, &(struct fake_answer){ .status = 200,
						   .head = buf_str(&head) });
}

void
talk_store_answer(struct talk_store *s, struct http_transfer *t, enum lie lie)
{
	unsigned mode = document_mode(t);

	if (is_list(t))
		answer_list(s, t, lie);
	else if (is_head(t))
		answer_head(s, t);
	else if (s->document_status[mode] != 200 || s->documents[mode])
		fake_http_answer(t, &(struct fake_answer){
					    .status = s->document_status[mode],
					    .body = s->documents[mode] });
	else
		fake_http_answer(t, &(struct fake_answer){ .status = 404 });
}
