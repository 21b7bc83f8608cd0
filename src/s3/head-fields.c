/* SPDX-License-Identifier: MIT */
/*
 * ETag, length and date of an object: see head-fields.h.  Pure.
 */
#include "config.h"

#include "s3/head-fields.h"

#include "util/ascii.h"
#include "util/date.h"
#include "util/number.h"

/* --- ETags --- */

/* The length of an ETag without a coding behind it: `len` if there is none. */
static size_t
without_coding(const char *etag, size_t len)
{
	static const char *const codings[] = { "gzip", "deflate", "br",
					       "zstd" };

	for (size_t i = 0; i < ARRAY_SIZE(codings); i++) {
		size_t n = strlen(codings[i]), start = len - n;

		if (len <= n || memcmp(etag + start, codings[i], n) != 0 ||
		    !strchr("-;", etag[start - 1]))
			continue;
		while (start > 0 && strchr("-;", etag[start - 1]))
			start--;
		return start;
	}
	return len;
}

static bool
is_hex(const char *s)
{
	while (ascii_is_hex(*s) || *s == '-')
		s++;
	return *s == '\0';
}

/* No quote can be within an ETag (RFC 9110): all of them are around it. */
static void
copy_etag(struct head_fields *f, const char *text)
{
	char *etag = f->etag;
	size_t len = 0, n;

	if (strlen(text) >= sizeof(f->etag))
		return;
	for (; *text; text++)
		if (*text != '"')
			etag[len++] = *text;
	while (len >= 2 && memcmp(etag, "W/", 2) == 0)
		memmove(etag, etag + 2, len -= 2);
	while ((n = without_coding(etag, len)) < len)
		len = n;
	etag[len] = '\0';
	if (is_hex(etag))
		ascii_to_lower(etag);
	if (len > 0)
		f->told |= HEAD_ETAG;
}

/* --- where they come from --- */

/* Whether what would be sent has not the length of the object. */
static bool
is_encoded(const struct http_answer *a)
{
	char coding[32];
	size_t len;

	http_copy_header(a, "content-encoding", coding, sizeof(coding));
	ascii_to_lower(coding);
	return http_header(a, "content-encoding", &len) && len > 0 &&
	       strcmp(coding, "identity") != 0;
}

void
head_fields_of_answer(struct head_fields *f, const struct http_answer *a)
{
	char text[HEAD_ETAG_MAX];

	*f = (struct head_fields){ .told = 0 };
	http_copy_header(a, "etag", text, sizeof(text));
	copy_etag(f, text);
	http_copy_header(a, "content-length", text, sizeof(text));
	if (number_parse(text, &f->length) && !is_encoded(a))
		f->told |= HEAD_LENGTH;
	http_copy_header(a, "last-modified", text, sizeof(text));
	if (date_parse_http(text, &f->date))
		f->told |= HEAD_DATE;
}

void
head_fields_of_listing(struct head_fields *f, const char *etag, int64_t size,
		       const char *last_modified)
{
	*f = (struct head_fields){ .told = HEAD_LENGTH, .length = size };
	copy_etag(f, etag);
	if (date_parse_iso(last_modified, &f->date))
		f->told |= HEAD_DATE;
}

/* --- comparison --- */

unsigned
head_fields_fit(const struct head_fields *a, const struct head_fields *b)
{
	unsigned both = a->told & b->told, fit = 0;
	int64_t apart, allowed;

	if (strcmp(a->etag, b->etag) == 0)
		fit |= HEAD_ETAG;
	if (a->length == b->length)
		fit |= HEAD_LENGTH;
	fit &= both;
	apart = a->date > b->date ? a->date - b->date : b->date - a->date;
	allowed = (fit & HEAD_ETAG) && !(both & ~fit & HEAD_LENGTH);
	if (apart <= allowed)
		fit |= both & HEAD_DATE;
	return fit;
}

unsigned
head_fields_differ(const struct head_fields *a, const struct head_fields *b)
{
	return a->told & b->told & ~head_fields_fit(a, b);
}
