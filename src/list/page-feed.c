/* SPDX-License-Identifier: MIT */
/*
 * Where the bytes of a page go: see page-feed.h.  Any thread, one at a time.
 */
#include "config.h"

#include "list/page-feed.h"

#include "util/buf.h"

/* Each is looked at twice, so a page of nothing else is not worth it. */
#define REFUSED_MAX 16

#define HELD_STEP                                                              \
	1024 /* so much at least is tried together with what is held */
#define HELD_KEPT_MAX (4 * HELD_STEP)

struct page_feed {
	struct sax *sax;
	page_feed_fn *on_contents;
	void *arg;
	struct contents_scanner *scanner;
	bool is_for_parser; /* all that is still to come */
	/*
	 * The next byte stands between two children of the root, and the parser
	 * has got, and has read, all before it.
	 */
	bool is_between;
	unsigned n_refused; /* in a row */
	struct buf held; /* neither read nor fed */
};

/* Bytes that arrived together. */
struct piece {
	const char *at, *end;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* As much of the tag as there is; all of it unless the piece ends there. */
static bool
is_tag(const struct piece *p)
{
	size_t n = (size_t)(p->end - p->at), len = strlen(CONTENTS_TAG);

	return memcmp(p->at, CONTENTS_TAG, n < len ? n : len) == 0;
}

/* Where the next tag begins, or may begin; else the end. */
static const char *
find_tag(const struct piece *p)
{
	struct piece rest = *p;

	while ((rest.at = memchr(rest.at, '<', (size_t)(rest.end - rest.at)))) {
		if (is_tag(&rest))
			return rest.at;
		rest.at++;
	}
	return p->end;
}

static int
feed_until(struct page_feed *f, struct piece *p, const char *end,
	   struct err *err)
{
	const char *start = p->at;

	p->at = end;
	return sax_feed(f->sax, start, (size_t)(end - start), err);
}

/* The tag at `tag`, which is whole, is for the parser, and so is what follows. */
static int
refuse(struct page_feed *f, struct piece *p, const char *tag, struct err *err)
{
	f->is_between = false;
	f->is_for_parser = ++f->n_refused == REFUSED_MAX;
	return feed_until(f, p, tag + strlen(CONTENTS_TAG), err);
}

/*
 * The parser is at work: it gets all up to a tag, or to where one may begin, but
 * for the blanks before that, which it would hold back.
 */
static int
feed_to_tag(struct page_feed *f, struct piece *p, bool *is_short,
	    struct err *err)
{
	const char *tag = find_tag(p), *end = tag;
	int rc;

	while (end > p->at && is_blank(end[-1]))
		end--;
	rc = feed_until(f, p, end, err);
	if (rc || end == p->end)
		return rc;
	f->is_between = sax_is_between(f->sax);
	if (f->is_between)
		return 0;
	*is_short = (size_t)(p->end - tag) < strlen(CONTENTS_TAG);
	return *is_short ? 0 : refuse(f, p, tag, err);
}

/* An element may begin, behind blanks. */
static int
read_element(struct page_feed *f, struct piece *p, bool *is_short,
	     struct err *err)
{
	const struct contents *c;
	struct piece rest = *p;
	ssize_t n;

	while (rest.at < rest.end && is_blank(*rest.at))
		rest.at++;
	n = contents_scan(f->scanner, rest.at, (size_t)(rest.end - rest.at),
			  &c);
	if (n <= 0 && !is_tag(&rest)) {
		f->is_between = false;
		return 0;
	}
	*is_short = n == 0;
	if (n < 0 || (n > 0 && !f->on_contents(f->arg, c)))
		return refuse(f, p, rest.at, err);
	if (n == 0)
		return 0;
	f->n_refused = 0;
	n += rest.at - p->at;
	p->at += n;
	return sax_skip(f->sax, (size_t)n, err);
}

/* Up to the end of the piece, or to what can't be told before more arrives. */
static int
read_piece(struct page_feed *f, struct piece *p, struct err *err)
{
	bool is_short = false;
	int rc = 0;

	while (p->at < p->end && !is_short && rc == 0) {
		if (f->is_for_parser)
			rc = feed_until(f, p, p->end, err);
		else if (f->is_between)
			rc = read_element(f, p, &is_short, err);
		else
			rc = feed_to_tag(f, p, &is_short, err);
	}
	if (rc) /* which repeats it */
		f->is_for_parser = true;
	return rc;
}

/* What is held is for the parser after all. */
static int
release(struct page_feed *f, struct err *err)
{
	size_t len = f->held.len;

	f->held.len = 0;
	f->is_between = false;
	return sax_feed(f->sax, buf_str(&f->held), len, err);
}

/*
 * Try what is held with some of what arrives now.  Nothing can be told before the
 * end of a tag is there.
 */
static int
read_held(struct page_feed *f, struct piece *p, struct err *err)
{
	size_t room = (size_t)(p->end - p->at),
	       n = f->held.len < HELD_STEP ? HELD_STEP : f->held.len, left;
	struct piece held;
	int rc;

	n = n < room ? n : room;
	if (buf_add(&f->held, p->at, n))
		return release(f, err);
	if (!memchr(p->at, '>', n)) {
		p->at += n;
		return 0;
	}
	held = (struct piece){ f->held.data, f->held.data + f->held.len };
	rc = read_piece(f, &held, err);
	if (rc)
		return rc;
	left = (size_t)(held.end - held.at);
	if (left > n) {
		memmove(f->held.data, held.at, left);
		p->at += n;
	} else { /* what was held before is done with */
		p->at += n - left;
		left = 0;
	}
	f->held.len = left;
	return 0;
}

struct page_feed *
page_feed_new(struct sax *sax, page_feed_fn *on_contents, void *arg,
	      const struct user_metadata *wanted)
{
	struct page_feed *f = xnew(struct page_feed);

	f->sax = sax;
	f->on_contents = on_contents;
	f->arg = arg;
	f->scanner = contents_scanner_new(wanted);
	buf_init(&f->held, 2 * CONTENTS_MAX);
	return f;
}

void
page_feed_free(struct page_feed *f)
{
	if (!f)
		return;
	contents_scanner_free(f->scanner);
	buf_clear(&f->held);
	free(f);
}

void
page_feed_reset(struct page_feed *f, bool is_for_parser)
{
	f->is_for_parser = is_for_parser;
	f->is_between = false;
	f->n_refused = 0;
	contents_scanner_reset(f->scanner);
	if (f->held.size > HELD_KEPT_MAX)
		buf_clear(&f->held);
	f->held.len = 0;
}

int
page_feed_add(struct page_feed *f, const char *data, size_t len,
	      struct err *err)
{
	struct piece p = { data, data + len };
	int rc = 0;

	while (rc == 0 && f->held.len > 0 && p.at < p.end)
		rc = read_held(f, &p, err);
	if (rc == 0)
		rc = read_piece(f, &p, err);
	if (rc || p.at == p.end ||
	    buf_add(&f->held, p.at, (size_t)(p.end - p.at)) == 0)
		return rc;
	f->is_between = false; /* too much to hold */
	return feed_until(f, &p, p.end, err);
}

int
page_feed_end(struct page_feed *f, struct err *err)
{
	int rc = release(f, err);

	return rc ? rc : sax_end(f->sax, err);
}
