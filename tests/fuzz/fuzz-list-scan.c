/* SPDX-License-Identifier: MIT */
/*
 * The scanner in front of the XML parser: a page must be the same, or the same
 * failure, as where the XML parser reads all of it in the same pieces.
 *
 * The first byte says of what the rest is made, the second where it is cut: the
 * rest is the page itself, or a word of the table for each byte, so that what comes
 * out is nearly well-formed.
 *
 * libxml2 does not agree with itself on some documents, nearly all with bytes that
 * are no text, when they are cut otherwise; and the scanner cuts them.  So what it
 * makes of one in other pieces will do, too.
 */
#include "config.h"

#include "list/page.h"
#include "stats/fingerprint.h"
#include "util/buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define DOCUMENT_MAX (64 * 1024)
#define X50 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X300 X50 X50 X50 X50 X50 X50
#define X3000 X300 X300 X300 X300 X300 X300 X300 X300 X300 X300

static const char *const metadata[] = { "dg-file-size", "file_size" };

static const struct list_asked asked = { .bucket = "bkt", .token = "t1" };

/* "%" is a number that is another one each time. */
static const char *const words[] = {
	"<Contents><Key>k%</Key><Size>7</Size></Contents>",
	"<Contents><Key>k%</Key><LastModified>2025-10-14T10:30:00.000Z"
	"</LastModified><ETag>&quot;70ee1738b6b21e2c8a43f3a5ab0eee71&quot;"
	"</ETag><Size>434234</Size><StorageClass>STANDARD</StorageClass>"
	"</Contents>",
	"<Contents><Key>k%</Key><Size>0</Size><Owner><ID>x</ID></Owner>"
	"<UserMetadata><X-Amz-Meta-Dg-File-Size>%</X-Amz-Meta-Dg-File-Size>"
	"</UserMetadata><Internal><K>1</K></Internal></Contents>",
	"\n  <Contents>\n    <Size>%</Size>\n    <Key>k%</Key>\n  </Contents>\n",
	"<Contents>",
	"</Contents>",
	"<Key>",
	"<Key>k%",
	"<Key>k%</Key>",
	"</Key>",
	"<Size>",
	"<Size>12</Size>",
	"</Size>",
	"<LastModified>",
	"</LastModified>",
	"<LastModified>2025-10-14T10:30:00.000Z</LastModified>",
	"<ETag>",
	"</ETag>",
	"<ETag>&quot;a&quot;</ETag>",
	"<ETag>&#34;b&#34;</ETag>",
	"<ETag>\"c\"</ETag>",
	"&quot;",
	"&#34;",
	"&#x22;",
	"\"",
	"&amp;",
	"&lt;",
	"&gt;",
	"&apos;",
	"&#x41;",
	"&#60;",
	"&#0;",
	"&#x1;",
	"&#233;",
	"&#00034;",
	"&#000034;",
	"&",
	"&nbsp;",
	";",
	"<Owner>",
	"</Owner>",
	"<Owner/>",
	"<ID>",
	"</ID>",
	"<ID>id</ID>",
	"<ID/>",
	"<ChecksumAlgorithm>CRC32</ChecksumAlgorithm>",
	"<StorageClass>STANDARD</StorageClass>",
	"<UserMetadata>",
	"</UserMetadata>",
	"<UserMetadata/>",
	"<file_size>%</file_size>",
	"<x-amz-meta-dg-file-size>%</x-amz-meta-dg-file-size>",
	"<dg-file-size>",
	"</dg-file-size>",
	"<dg-file-size/>",
	"<content-type>a/b</content-type>",
	"<Internal>",
	"</Internal>",
	"<Internal/>",
	"<K>1</K>",
	"<Key/>",
	"<Size/>",
	"<ETag/>",
	"<Contents/>",
	"<Contents >",
	"<Contents a='b'>",
	"<s:Contents xmlns:s='u'>",
	"</s:Contents>",
	"<s:Key>",
	"</s:Key>",
	"</Contents >",
	"<Con",
	"tents>",
	"<",
	"</",
	">",
	"/>",
	"<!--",
	"-->",
	"<![CDATA[",
	"]]>",
	"]]",
	"<?x",
	"?>",
	"a",
	"%",
	" ",
	"\n",
	"\t",
	"\r",
	"\r\n",
	"%2F",
	"+",
	"%%",
	"9223372036854775807",
	"999999999999999999",
	"-1",
	X50,
	X300,
	X3000,
	"\x01",
	"\x7f",
	"\xc3\xa9",
	"\xff",
	"<ListBucketResult>",
	"</ListBucketResult>",
	"<IsTruncated>false</IsTruncated>",
	"<IsTruncated>true</IsTruncated>",
	"<NextContinuationToken>",
	"t</NextContinuationToken>",
	"<EncodingType>url</EncodingType>",
	"<KeyCount>1</KeyCount>",
	"<Name>bkt</Name>",
	"<ContinuationToken>t1</ContinuationToken>",
	"<CommonPrefixes><Prefix>a</Prefix></CommonPrefixes>",
	"<x>",
	"</x>",
	"<x/>",
	"<Error>",
	"</Error>",
	"<Code>InternalError</Code>",
};

static void
check(bool ok)
{
	if (!ok)
		abort();
}

/* --- what is parsed --- */

static void
add(struct buf *b, const void *data, size_t len)
{
	if (len <= DOCUMENT_MAX - b->len)
		check(buf_add(b, data, len) == 0);
}

static void
add_word(struct buf *b, const char *word, unsigned *number)
{
	for (; *word; word++) {
		char digits[16];
		int n;

		if (*word != '%') {
			add(b, word, 1);
			continue;
		}
		n = snprintf(digits, sizeof(digits), "%u", ++*number);
		add(b, digits, (size_t)n);
	}
}

static void
make_document(struct buf *b, unsigned kind, const uint8_t *data, size_t size)
{
	unsigned number = 0;

	if (kind & 1)
		add_word(b,
			 "<?xml version=\"1.0\"?><ListBucketResult>"
			 "<IsTruncated>false</IsTruncated>",
			 &number);
	for (size_t i = 0; i < size; i++) {
		if (kind & 2)
			add_word(b, words[data[i] % ARRAY_SIZE(words)],
				 &number);
		else
			add(b, &data[i], 1);
	}
	if (kind & 4)
		add_word(b, "</ListBucketResult>", &number);
}

/* --- what comes of it --- */

/* Where a document is cut: by chance, or behind each `mark`. */
struct cuts {
	size_t most;
	unsigned seed;
	char mark; /* '\0': by chance */
};

static size_t
next_length(struct cuts *c, const char *s, size_t len)
{
	const char *mark = c->mark ? memchr(s + 1, c->mark, len - 1) : NULL;
	size_t n = 1 + (c->seed >> 8) % c->most;

	c->seed = c->seed * 1103515245 + 12345;
	if (c->mark)
		n = mark ? (size_t)(mark - s) : len;
	return n < len ? n : len;
}

static void
print(struct buf *out, const char *name, const char *text)
{
	check(buf_printf(out, "%s=%s\n", name, text ? text : "(none)") == 0);
}

/* A digest may have come with the page, or not. */
static void
print_fingerprint(struct buf *out, const struct list_page *page)
{
	struct validator *v = validator_new();
	char text[FINGERPRINT_HEX_LEN];

	for (size_t i = 0; i < page->n_objects; i++)
		validator_add(v, &page->objects[i]);
	fingerprint_print(&validator_sum(v)->fingerprint, text);
	validator_free(v);
	print(out, "fingerprint", text);
}

static void
print_page(struct buf *out, const struct list_page *page)
{
	print_fingerprint(out, page);
	for (size_t i = 0; i < page->n_objects; i++) {
		const struct object *o = &page->objects[i];

		check(buf_add(out, o->key, o->key_len) == 0);
		check(buf_printf(out, " %lld\n", (long long)o->size) == 0);
		print(out, "etag", o->etag);
		print(out, "modified", o->last_modified);
		print(out, "metadata", o->metadata);
	}
	print(out, "token", page->next_token);
	check(buf_printf(out, "%d %d %d %d\n", page->is_ordered,
			 page->is_truncated, page->is_token_unreadable,
			 page->has_metadata) == 0);
}

/* All that can be seen of it, as text. */
static void
parse(struct list_parser *p, const struct buf *b, struct cuts cuts,
      bool is_asked, struct buf *out)
{
	const struct list_page *page = NULL;
	int rc = 0;

	list_parser_reset(p);
	if (is_asked)
		list_parser_expect(p, &asked);
	for (size_t at = 0; at < b->len && rc == 0;) {
		size_t n = next_length(&cuts, b->data + at, b->len - at);

		rc = list_parser_feed(p, b->data + at, n, NULL);
		at += n;
	}
	if (rc == 0)
		rc = list_parser_end(p, &page, NULL);
	out->len = 0;
	check(buf_printf(out, "%d %d %d\n", rc, list_parser_echo(p),
			 list_parser_is_contradictory(p)) == 0);
	if (list_parser_error(p))
		print(out, "error", list_parser_error(p)->code);
	if (rc == 0)
		print_page(out, page);
}

static bool
is_same(const struct buf *a, const struct buf *b)
{
	return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

static void
compare(struct list_parser *scanner, struct list_parser *xml,
	const struct buf *b, struct cuts cuts, bool is_asked)
{
	const struct cuts others[] = {
		cuts,		{ 1, 0, '\0' },
		{ 1, 0, '<' },	{ DOCUMENT_MAX, 0, '\n' },
		{ 7, 1, '\0' },
	};
	CLEANUP_BUF struct buf got = BUF_INIT(16 * DOCUMENT_MAX);
	CLEANUP_BUF struct buf wanted = BUF_INIT(16 * DOCUMENT_MAX);
	bool ok = false;

	parse(scanner, b, cuts, is_asked, &got);
	for (size_t i = 0; i < ARRAY_SIZE(others) && !ok; i++) {
		parse(xml, b, others[i], is_asked, &wanted);
		ok = is_same(&got, &wanted);
	}
	check(ok);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct list_parser *scanner, *xml; /* as long as the process */
	CLEANUP_BUF struct buf document = BUF_INIT(DOCUMENT_MAX);
	size_t n_metadata;
	struct cuts cuts;

	if (size < 2)
		return 0;
	if (!scanner) {
		scanner = list_parser_new();
		xml = list_parser_new();
		list_parser_use_xml_only(xml);
	}
	make_document(&document, data[0], data + 2, size - 2);
	n_metadata = data[0] & 8 ? ARRAY_SIZE(metadata) : 0;
	list_parser_want(scanner, metadata, n_metadata);
	list_parser_want(xml, metadata, n_metadata);
	cuts = (struct cuts){ (size_t)1 << data[1] % 16, data[1], '\0' };
	compare(scanner, xml, &document, cuts, data[0] & 16);
	return 0;
}
