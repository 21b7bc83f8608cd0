/* SPDX-License-Identifier: MIT */
/*
 * A bucket of odd keys: see key-store.h.
 */
#include "config.h"

#include "key-store.h"

#include <errno.h>

#include "util/object.h"

#define KEY_MAX 96
#define PAGE_MAX (256 * 1024)

unsigned
key_store_random(struct key_store *s, unsigned n)
{
	s->random = s->random * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(s->random >> 33) % n;
}

size_t
key_store_find(const struct key_store *s, const char *key, size_t len)
{
	size_t i = 0;

	while (i < s->n_keys &&
	       key_compare(s->keys[i], strlen(s->keys[i]), key, len) < 0)
		i++;
	return i;
}

void
key_store_put(struct key_store *s, const char *key)
{
	size_t i = key_store_find(s, key, strlen(key));

	if (s->n_keys == KEY_STORE_MAX ||
	    (i < s->n_keys && strcmp(s->keys[i], key) == 0))
		return;
	memmove(&s->keys[i + 1], &s->keys[i],
		(s->n_keys - i) * sizeof(s->keys[0]));
	s->keys[i] = xstrdup(key);
	s->n_keys++;
}

void
key_store_delete(struct key_store *s, size_t i)
{
	if (i >= s->n_keys)
		return;
	free(s->keys[i]);
	s->n_keys--;
	memmove(&s->keys[i], &s->keys[i + 1],
		(s->n_keys - i) * sizeof(s->keys[0]));
}

void
key_store_clear(struct key_store *s)
{
	while (s->n_keys > 0)
		key_store_delete(s, s->n_keys - 1);
}

/* --- keys --- */

static void
print_wild(struct key_store *s, char *out)
{
	static const char odd[] = "/%+ &=<\"\\'\x01\x7f\x80\xc3\xff~";
	unsigned len = 1 + key_store_random(s, 12);

	for (unsigned i = 0; i < len; i++) {
		unsigned kind = key_store_random(s, 3);

		out[i] = kind == 0   ? (char)('a' + key_store_random(s, 3))
			 : kind == 1 ? odd[key_store_random(s, sizeof(odd) - 1)]
				     : (char)(1 + key_store_random(s, 255));
	}
	out[len] = '\0';
}

static void
print_key(struct key_store *s, unsigned shape, unsigned i, char *out)
{
	static const char *const unicode[] = { "größe", "資料",	    "каталог",
					       "été",	"\xff\xfe", "日本" };
	unsigned r = key_store_random(s, 1000000);

	switch (shape) {
	case 0:
		snprintf(out, KEY_MAX, "2025/%02u/%02u/%u.log", 1 + r % 12,
			 1 + r / 12 % 28, r / 400 % 10);
		break;
	case 1:
		snprintf(out, KEY_MAX, "data/%08u", i);
		break;
	case 2:
		snprintf(out, KEY_MAX, "%08x/a", r * 4003);
		break;
	case 3:
		snprintf(out, KEY_MAX, i % 20 ? "releases/%05u/x" : "a%u", i);
		break;
	case 4:
		snprintf(out, KEY_MAX, "%s/%s %u",
			 unicode[r % ARRAY_SIZE(unicode)],
			 unicode[r / 10 % ARRAY_SIZE(unicode)], i % 30);
		break;
	case 5: /* each begins the next */
		snprintf(out, KEY_MAX, "a/%.*s", (int)(i % 80),
			 "0000000000000000000000000000000000000000"
			 "////////////////////////////////////////");
		break;
	default:
		print_wild(s, out);
	}
}

void
key_store_fill(struct key_store *s, unsigned shape, unsigned n)
{
	char key[KEY_MAX];

	for (unsigned i = 0; i < n; i++) {
		print_key(s, shape, i, key);
		key_store_put(s, key);
	}
}

/* --- what is asked --- */

static unsigned
hex_value(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

/* Undo %xx, and "+" if it is done once too often; in place. */
static void
decode(char *text, bool has_plus)
{
	char *out = text;

	for (const char *p = text; *p; p++) {
		if (*p == '%' && strspn(p + 1, "0123456789abcdefABCDEF") >= 2) {
			*out++ = (char)(hex_value(p[1]) << 4 | hex_value(p[2]));
			p += 2;
		} else {
			*out++ = has_plus && *p == '+' ? ' ' : *p;
		}
	}
	*out = '\0';
}

/* A parameter of the query, decoded, on the heap; NULL if it is not there. */
static char *
dup_param(const char *url, const char *name)
{
	const char *at = strstr(url, name);
	char *value;

	if (!at)
		return NULL;
	at += strlen(name);
	value = xstrndup(at, strcspn(at, "&"));
	decode(value, false);
	return value;
}

/* --- the order of a store that has its own --- */

static int
compare_from_end(const void *a, const void *b)
{
	const char *x = *(char *const *)a, *y = *(char *const *)b;
	size_t n = strlen(x), m = strlen(y);

	while (n > 0 && m > 0) {
		unsigned char c = (unsigned char)x[--n];
		unsigned char d = (unsigned char)y[--m];

		if (c != d)
			return c < d ? -1 : 1;
	}
	return (n > m) - (n < m);
}

/* --- pages --- */

/* A size that says which key it is of. */
static unsigned
size_of(const char *key)
{
	unsigned size = 1;

	for (const char *p = key; *p; p++)
		size = (31 * size + (unsigned char)*p) % 1000003;
	return size;
}

static void
add_key(struct buf *xml, const char *key)
{
	buf_add_str(xml, "<Contents><Key>");
	for (const char *p = key; *p; p++)
		buf_printf(xml, "%%%02X", (unsigned char)*p);
	buf_printf(xml,
		   "</Key><Size>%u</Size><ETag>&quot;e&quot;</ETag>"
		   "<LastModified>2025-10-14T10:30:00.000Z"
		   "</LastModified></Contents>",
		   size_of(key));
}

/* Where the page begins that this request asks for. */
static size_t
find_begin(struct key_store *s, const struct http_transfer *t)
{
	char *token CLEANUP_FREE = dup_param(t->url, "continuation-token=");
	char *after CLEANUP_FREE = dup_param(t->url, "start-after=");
	const char *position = token ? token + 2 : after;
	size_t i;

	if (after) {
		s->n_with_start++;
		if (s->quirk == IGNORES_START)
			return 0;
		if (s->quirk == DECODES_TWICE)
			decode(after, true);
	}
	if (token)
		decode(token, false); /* it is the last key, encoded twice */
	if (!position)
		return 0;
	if (s->quirk == OTHER_ORDER && token)
		return (size_t)atoi(position);
	i = key_store_find(s, position, strlen(position));
	if (i < s->n_keys && strcmp(s->keys[i], position) == 0 &&
	    !(after && s->quirk == STARTS_WITH))
		i++;
	if (after && s->quirk == SKIPS_AFTER_START)
		i += 1 + key_store_random(s, 2);
	return i < s->n_keys ? i : s->n_keys;
}

static void
add_token(struct key_store *s, struct buf *xml, size_t end)
{
	buf_add_str(xml, "<NextContinuationToken>");
	buf_printf(xml, "t%c", s->was_odd ? 'r' : 't');
	if (s->quirk == OTHER_ORDER)
		buf_printf(xml, "%zu", end);
	else
		for (const char *p = s->keys[end - 1]; *p; p++)
			buf_printf(xml, "%%%02X", (unsigned char)*p);
	buf_add_str(xml, "</NextContinuationToken>");
}

static void
print_page(struct key_store *s, size_t begin, struct buf *xml)
{
	char *sorted[KEY_STORE_MAX];
	size_t end = begin + s->page_keys;
	bool is_truncated = end < s->n_keys;

	if (end > s->n_keys)
		end = s->n_keys;
	if (s->quirk == ENDS_EARLY && !s->was_odd && begin > 0) {
		s->was_odd = is_truncated;
		is_truncated = false;
	}
	memcpy(sorted, s->keys, s->n_keys * sizeof(sorted[0]));
	if (s->quirk == OTHER_ORDER)
		qsort(sorted, s->n_keys, sizeof(sorted[0]), compare_from_end);
	buf_printf(xml,
		   "<ListBucketResult><EncodingType>url</EncodingType>"
		   "<IsTruncated>%s</IsTruncated>",
		   is_truncated ? "true" : "false");
	for (size_t i = begin; i < end; i++)
		add_key(xml, sorted[i]);
	if (is_truncated)
		add_token(s, xml, end);
	buf_add_str(xml, "</ListBucketResult>");
}

void
key_store_answer(struct key_store *s, struct http_transfer *t, bool is_cut)
{
	struct buf xml CLEANUP_BUF = BUF_INIT(PAGE_MAX);
	struct fake_answer a = { .status = 200 };
	size_t begin = find_begin(s, t);
	char *body CLEANUP_FREE = NULL;

	if (s->quirk == REPEATS_PAGE && begin > 0 && !s->was_odd) {
		s->was_odd = true;
		begin = begin > s->page_keys ? begin - s->page_keys : 0;
	}
	print_page(s, begin, &xml);
	body = xstrndup(buf_str(&xml), is_cut ? xml.len / 2 : xml.len);
	a.body = body;
	if (is_cut) {
		a.err = EIO;
		a.is_retryable = true;
	} else {
		s->n_answered++;
	}
	fake_http_answer(t, &a);
}

void
key_store_answer_head(struct key_store *s, struct http_transfer *t)
{
	char *key CLEANUP_FREE = xstrdup(strstr(t->url, "//") + 2);
	const char *path = strchr(strchr(key, '/') + 1, '/') + 1;
	char head[256];
	size_t i;

	decode(key, false);
	i = key_store_find(s, path, strlen(path));
	if (i == s->n_keys || strcmp(s->keys[i], path) != 0) {
		fake_http_answer(t, &(struct fake_answer){ .status = 404 });
		return;
	}
	snprintf(head, sizeof(head),
		 "content-length: %u\r\netag: \"e\"\r\n"
		 "last-modified: Tue, 14 Oct 2025 10:30:00 GMT\r\n"
		 "x-amz-meta-dg-file-size: %u\r\n",
		 size_of(path), 7 * size_of(path));
	fake_http_answer(t,
			 &(struct fake_answer){ .status = 200, .head = head });
}
