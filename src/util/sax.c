/* SPDX-License-Identifier: MIT */
/*
 * XML as events: see sax.h.  Any thread, one at a time.
 *
 * Each document gets a new libxml2 context.  That costs a dozen allocations a
 * page of a thousand objects, and nothing a server sent (names are interned
 * in the context's dictionary) outlives its page.
 */
#include "config.h"

#include "util/sax.h"

#include <errno.h>
#include <libxml/parser.h>
#include <libxml/xmlerror.h>

struct sax {
	const struct sax_events *events;
	void *arg;
	size_t max;
	size_t n_bytes; /* fed and skipped */
	char last; /* that was fed */
	unsigned n_open; /* elements begun and not ended */
	xmlParserCtxt *ctxt; /* NULL before the first byte */
	bool is_bad_character;
	struct err err; /* the first failure; nothing is delivered after it */
};

#if LIBXML_VERSION >= 21200
typedef const xmlError *xml_error_ptr;
#else
typedef xmlErrorPtr xml_error_ptr;
#endif

/* Called from libxml2's callbacks: the failure is in s->err. */
static void
stop(struct sax *s)
{
	xmlStopParser(s->ctxt);
}

static void
on_start(void *arg, const xmlChar *name, const xmlChar *prefix,
	 const xmlChar *uri, int n_namespaces, const xmlChar **namespaces,
	 int n_attributes, int n_defaulted, const xmlChar **attributes)
{
	struct sax *s = arg;

	(void)prefix, (void)uri, (void)n_namespaces, (void)namespaces;
	(void)n_attributes, (void)n_defaulted, (void)attributes;
	if (s->err.code)
		return;
	if (s->n_open == SAX_DEPTH_MAX)
		err_set(&s->err, EIO, "malformed answer: nested too deeply");
	else
		s->events->on_start(s->arg, s->n_open++, (const char *)name,
				    &s->err);
	if (s->err.code)
		stop(s);
}

static void
on_end(void *arg, const xmlChar *name, const xmlChar *prefix,
       const xmlChar *uri)
{
	struct sax *s = arg;

	(void)name, (void)prefix, (void)uri;
	if (s->err.code)
		return;
	s->events->on_end(s->arg, --s->n_open, &s->err);
	if (s->err.code)
		stop(s);
}

static void
on_text(void *arg, const xmlChar *text, int len)
{
	struct sax *s = arg;

	if (s->err.code || s->n_open == 0)
		return;
	s->events->on_text(s->arg, s->n_open - 1, (const char *)text,
			   (size_t)len, &s->err);
	if (s->err.code)
		stop(s);
}

/* No S3 answer has one, and what it could declare is where XML gets dangerous. */
static void
on_doctype(void *arg, const xmlChar *name, const xmlChar *external_id,
	   const xmlChar *system_id)
{
	struct sax *s = arg;

	(void)name, (void)external_id, (void)system_id;
	if (s->err.code)
		return;
	err_set(&s->err, EIO, "malformed answer: document type declaration");
	stop(s);
}

/*
 * What libxml2 says of a character that XML cannot hold; the last one if bytes
 * that are no UTF-8 are followed by too few others for it to be sure.
 */
static bool
is_bad_character(int code)
{
	return code == XML_ERR_INVALID_CHAR ||
	       code == XML_ERR_INVALID_ENCODING ||
	       code == XML_ERR_INTERNAL_ERROR;
}

/*
 * Not in a tag, a comment ...: libxml2 holds these back until they are whole, so
 * their "<" lies before what it reads.  (The parser's state would tell, but is for
 * its eyes only since 2.14.)
 */
static bool
is_in_text(const struct sax *s)
{
	static const char cdata[] = "<![CDATA[";
	const xmlParserInput *in = s->ctxt ? s->ctxt->input : NULL;

	for (const xmlChar *c = in ? in->cur : NULL; in && c > in->base; c--) {
		if (c[-1] == '>')
			return true;
		if (c[-1] == '<')
			return strncmp((const char *)c - 1, cdata,
				       strlen(cdata)) == 0;
	}
	return in != NULL;
}

/* Only fatal errors count: a strange namespace is not our business. */
static void
on_error(void *arg, xml_error_ptr e)
{
	struct sax *s = arg;
	const char *msg = e->message ? e->message : "no message";

	if (e->level < XML_ERR_FATAL || s->err.code)
		return;
	s->is_bad_character = is_bad_character(e->code) && is_in_text(s);
	err_set(&s->err, EIO, "malformed answer: not well-formed XML: %.*s",
		(int)strcspn(msg, "\n"), msg);
}

static int
create_context(struct sax *s)
{
	xmlSAXHandler handler = {
		.initialized = XML_SAX2_MAGIC,
		.startElementNs = on_start,
		.endElementNs = on_end,
		.characters = on_text,
		/* the same, or libxml2 would take a key of blanks for layout */
		.ignorableWhitespace = on_text,
		.cdataBlock = on_text,
		.internalSubset = on_doctype,
		.serror = on_error,
	};

	s->ctxt = xmlCreatePushParserCtxt(&handler, s, NULL, 0, NULL);
	if (!s->ctxt)
		return err_set(&s->err, ENOMEM, "no memory for an XML parser");
	xmlCtxtUseOptions(s->ctxt, XML_PARSE_NONET | XML_PARSE_IGNORE_ENC);
	return 0;
}

/*
 * Other encodings than UTF-8 never reach libxml2, which would guess them from
 * the first bytes: they begin otherwise, or can't do without NUL.
 */
static void
parse(struct sax *s, const char *data, size_t len)
{
	const char *nul = memchr(data, '\0', len);
	size_t n = nul ? (size_t)(nul - data) : len;

	if (!s->ctxt && (n == 0 || !strchr("<\xef \t\r\n", data[0])))
		err_set(&s->err, EIO, "malformed answer: not XML in UTF-8");
	else if (s->ctxt || create_context(s) == 0)
		xmlParseChunk(s->ctxt, data, (int)n, 0);
	if (nul && !s->err.code)
		err_set(&s->err, EIO, "malformed answer: NUL in XML");
}

/*
 * What is held back, as an unfinished comment is, is still to be read.  Of a CDATA
 * section that has just begun nothing is: that shows in the last byte, and in the
 * state, which is not ours to look at from 2.14 on.
 */
static bool
is_in_content(const struct sax *s)
{
	const xmlParserInput *in = s->ctxt->input;

#if LIBXML_VERSION < 21400
	if (s->ctxt->instate != XML_PARSER_CONTENT)
		return false;
#endif
	return s->last == '>' && in && in->cur == in->end;
}

struct sax *
sax_new(const struct sax_events *events, void *arg, size_t max)
{
	struct sax *s = xnew(struct sax);

	s->events = events;
	s->arg = arg;
	s->max = max;
	return s;
}

void
sax_reset(struct sax *s)
{
	xmlFreeParserCtxt(s->ctxt);
	*s = (struct sax){ .events = s->events, .arg = s->arg, .max = s->max };
}

void
sax_free(struct sax *s)
{
	if (!s)
		return;
	xmlFreeParserCtxt(s->ctxt);
	free(s);
}

int
sax_skip(struct sax *s, size_t len, struct err *err)
{
	if (!s->err.code && len > s->max - s->n_bytes)
		err_set(&s->err, EIO, "answer of more than %zu bytes", s->max);
	if (!s->err.code)
		s->n_bytes += len;
	return s->err.code ? err_copy(err, &s->err) : 0;
}

int
sax_feed(struct sax *s, const char *data, size_t len, struct err *err)
{
	int rc = sax_skip(s, len, err);

	if (rc || len == 0)
		return rc;
	s->last = data[len - 1];
	parse(s, data, len);
	return s->err.code ? err_copy(err, &s->err) : 0;
}

bool
sax_is_between(const struct sax *s)
{
	return s->ctxt && !s->err.code && s->n_open == 1 && is_in_content(s);
}

int
sax_end(struct sax *s, struct err *err)
{
	if (!s->err.code && !s->ctxt)
		err_set(&s->err, EIO, "malformed answer: empty");
	if (!s->err.code) {
		xmlParseChunk(s->ctxt, NULL, 0, 1);
		if (!s->err.code && (!s->ctxt->wellFormed || s->n_open > 0))
			err_set(&s->err, EIO, "malformed answer: incomplete");
	}
	return s->err.code ? err_copy(err, &s->err) : 0;
}

bool
sax_is_bad_character(const struct sax *s)
{
	return s->is_bad_character;
}
