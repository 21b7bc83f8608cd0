/* SPDX-License-Identifier: MIT */
/*
 * Error documents: see error-doc.h.  Any thread.  Lenient where
 * the others are strict: what can be read of it helps, the rest is left out.
 */
#include "config.h"

#include "s3/error-doc.h"

#include <errno.h>

#include "util/sax.h"
#include "util/utf8.h"

#define ERROR_DOC_MAX (256 * 1024)

#define FIELD(name, member)                                                    \
	{                                                                      \
		name, offsetof(struct s3_error, member),                       \
			sizeof(((struct s3_error *)NULL)->member)              \
	}

static const struct field {
	const char *name;
	size_t offset, size;
} fields[] = {
	FIELD("Code", code),
	FIELD("RequestId", request_id),
	FIELD("Region", region),
};

bool
error_doc_is_root(const char *name)
{
	return strcmp(name, "Error") == 0 || strcmp(name, "ErrorResponse") == 0;
}

void
error_doc_start(struct error_doc *d, unsigned depth, const char *name)
{
	if (depth == 0) {
		*d = (struct error_doc){ 0 };
		d->depth = strcmp(name, "ErrorResponse") == 0 ? 2 : 1;
		return;
	}
	if (depth > d->depth)
		return;
	d->size = d->len = 0;
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		if (strcmp(name, fields[i].name) == 0) {
			d->offset = fields[i].offset;
			d->size = fields[i].size;
		}
	}
}

void
error_doc_text(struct error_doc *d, const char *text, size_t len)
{
	size_t room = d->size > d->len ? d->size - d->len - 1 : 0;

	if (len > room)
		len = room;
	memcpy(d->text + d->len, text, len);
	d->len += len;
}

/* Length of the whole characters among the first `len` bytes. */
static size_t
whole_characters(const char *s, size_t len)
{
	size_t at = 0, n;

	while (at < len && (n = utf8_length(s + at, len - at)) > 0)
		at += n;
	return at;
}

/* A field that comes twice keeps its first text. */
void
error_doc_end(struct error_doc *d, unsigned depth)
{
	char *out = (char *)&d->error + d->offset;

	if (d->size == 0 || depth > d->depth)
		return;
	if (*out == '\0')
		memcpy(out, d->text, whole_characters(d->text, d->len));
	d->size = d->len = 0;
}

static int
on_start(void *arg, unsigned depth, const char *name, struct err *err)
{
	/* fields of any other document would be somebody else's */
	if (depth == 0 && !error_doc_is_root(name))
		return err_set(err, EIO, "not an error document");
	error_doc_start(arg, depth, name);
	return 0;
}

static int
on_text(void *arg, unsigned depth, const char *text, size_t len,
	struct err *err)
{
	(void)depth, (void)err;
	error_doc_text(arg, text, len);
	return 0;
}

static int
on_end(void *arg, unsigned depth, struct err *err)
{
	(void)err;
	error_doc_end(arg, depth);
	return 0;
}

void
s3_error_parse(struct s3_error *out, const char *data, size_t len)
{
	static const struct sax_events events = { on_start, on_text, on_end };
	struct error_doc doc = { 0 };
	struct sax *sax = sax_new(&events, &doc, ERROR_DOC_MAX);

	if (sax_feed(sax, data, len < ERROR_DOC_MAX ? len : ERROR_DOC_MAX,
		     NULL) == 0)
		sax_end(sax, NULL);
	sax_free(sax);
	*out = doc.error;
}
