/* SPDX-License-Identifier: MIT */
/*
 * A plain <Contents>: see contents.h.  Pure.
 *
 * The elements of a page look alike: between their texts stands the same markup,
 * layout and metadata included.  So what stood there in the last one is compared
 * as a whole (read_alike()), and only an element that differs from it is taken
 * apart (read_anew()), which also finds out what is to be compared from then on.
 * What is the same as markup that was found to be plain is plain.
 */
#include "config.h"

#include "list/contents.h"

#include "list/plain-text.h"
#include "util/ascii.h"

#define END_TAG "</Contents>"
#define MARKUP_MAX 2048
#define PARTS_MAX 64

/* Markup, and the text behind it. */
struct part {
	uint16_t markup_len;
	uint8_t slot; /* of the text */
};

/* What an element looks like, and what was read of the last one. */
struct shape {
	struct contents contents;
	struct part parts[PARTS_MAX];
	size_t n_parts; /* 0: nothing is known */
	size_t end_len; /* of the markup behind the last text */
	size_t markup_len;
	char markup[MARKUP_MAX]; /* all of it */
};

struct contents_scanner {
	const struct user_metadata *wanted;
	struct shape shapes[2]; /* one is known, and one is being found out */
	unsigned known;
};

/* --- an element that looks like the last one --- */

/*
 * memcmp() == 0, and without a call where it is as long as markup mostly is: two
 * pieces, which may overlap.
 */
static bool
is_same(const char *a, const char *b, size_t len)
{
	plain_text_bytes x[2], y[2];
	uint64_t half[2];

	if (len < sizeof(x[0]) || len > sizeof(x))
		return memcmp(a, b, len) == 0;
	memcpy(&x[0], a, sizeof(x[0]));
	memcpy(&y[0], b, sizeof(y[0]));
	memcpy(&x[1], a + len - sizeof(x[1]), sizeof(x[1]));
	memcpy(&y[1], b + len - sizeof(y[1]), sizeof(y[1]));
	x[0] = (x[0] ^ y[0]) | (x[1] ^ y[1]);
	memcpy(half, x, sizeof(half));
	return (half[0] | half[1]) == 0;
}

/* The length of the markup; 0: it goes on behind the end; -1: it differs. */
static ssize_t
compare_markup(const char *at, const char *end, const char *markup, size_t len)
{
	size_t have = (size_t)(end - at);

	if (!is_same(at, markup, have < len ? have : len))
		return -1;
	return have < len ? 0 : (ssize_t)len;
}

/* Its length; 0: it does as far as it is there; -1: it does not. */
static ssize_t
read_alike(struct shape *shape, const char *data, size_t len)
{
	const char *at = data, *end = data + len, *markup = shape->markup;
	ssize_t n;

	if (shape->n_parts == 0)
		return -1;
	for (size_t i = 0; i < shape->n_parts; i++) {
		const struct part *part = &shape->parts[i];
		struct contents_text *text = &shape->contents.texts[part->slot];

		n = compare_markup(at, end, markup, part->markup_len);
		if (n <= 0)
			return n;
		markup += n;
		text->s = at + n;
		at = plain_text_end(text->s, end);
		text->len = (size_t)(at - text->s);
		text->is_coded = false;
	}
	n = compare_markup(at, end, markup, shape->end_len);
	return n <= 0 ? n : at + n - data;
}

/* --- one that does not --- */

struct name {
	const char *s;
	size_t len;
};

/* A function that takes something returns false if that is not there. */
struct reader {
	const struct user_metadata *wanted;
	struct shape *shape;
	const char *at, *end;
	const char *markup; /* that is not in the shape yet begins here */
	unsigned seen; /* bits: slots */
	bool is_short; /* it may be there in bytes to come */
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool
is_name_start(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

static bool
is_name(const struct name *name, const char *s)
{
	return name->len == strlen(s) && memcmp(name->s, s, name->len) == 0;
}

static const char *
blanks_end(const struct reader *r)
{
	const char *s = r->at;

	while (s < r->end && is_blank(*s))
		s++;
	return s;
}

static bool
take(struct reader *r, const char *s, size_t len)
{
	size_t have = (size_t)(r->end - r->at), n = have < len ? have : len;

	if (memcmp(r->at, s, n) != 0)
		return false;
	r->is_short = n < len;
	r->at += n;
	return n == len;
}

/* All up to here is markup, and a text for `slot` begins. */
static bool
note_part(struct reader *r, unsigned slot)
{
	struct shape *shape = r->shape;
	size_t n = (size_t)(r->at - r->markup);

	if (n > MARKUP_MAX - shape->markup_len || shape->n_parts == PARTS_MAX)
		return false;
	memcpy(shape->markup + shape->markup_len, r->markup, n);
	shape->markup_len += n;
	shape->parts[shape->n_parts++] =
		(struct part){ (uint16_t)n, (uint8_t)slot };
	return true;
}

static void
note_text(struct reader *r, unsigned slot, const char *s, const char *end,
	  bool is_coded)
{
	r->shape->contents.texts[slot] =
		(struct contents_text){ s, (size_t)(end - s), is_coded };
	r->markup = end;
}

static bool
take_text(struct reader *r, unsigned slot)
{
	const char *text = r->at;
	bool is_coded = false;
	char c;

	if (!note_part(r, slot))
		return false;
	while ((r->at = plain_text_end(r->at, r->end)) < r->end &&
	       *r->at == '&') {
		size_t len = (size_t)(r->end - r->at),
		       n = plain_text_reference(r->at, len, &c);

		r->is_short = n == 0 && len < PLAIN_TEXT_REFERENCE_MAX;
		if (n == 0)
			return false;
		r->at += n;
		is_coded = true;
	}
	if (r->at == r->end) {
		r->is_short = true;
		return false;
	}
	note_text(r, slot, text, r->at, is_coded);
	return *r->at == '<';
}

static size_t
quote_length(const struct reader *r, const char *s)
{
	char c = '\0';
	size_t n = s < r->end && *s == '&'
			   ? plain_text_reference(s, (size_t)(r->end - s), &c)
			   : 0;

	return c == '"' ? n : 0;
}

/* "&quot;" around it counts as markup, so that nothing has to be decoded. */
static bool
take_etag(struct reader *r)
{
	size_t open = quote_length(r, r->at), close;
	const char *text = r->at + open, *end = plain_text_end(text, r->end);

	close = quote_length(r, end);
	if (open == 0 || close == 0 || end + close == r->end ||
	    end[close] != '<')
		return take_text(r, CONTENTS_ETAG);
	r->at = text;
	if (!note_part(r, CONTENTS_ETAG))
		return false;
	note_text(r, CONTENTS_ETAG, text, end, false);
	r->shape->contents.is_unquoted = true;
	r->at = end + close;
	return true;
}

static bool
take_start_tag(struct reader *r, struct name *name, bool *is_empty)
{
	if (!take(r, "<", 1))
		return false;
	name->s = r->at;
	while (r->at < r->end &&
	       (is_name_start(*r->at) ||
		(r->at > name->s &&
		 (ascii_is_digit(*r->at) || *r->at == '-' || *r->at == '.'))))
		r->at++;
	name->len = (size_t)(r->at - name->s);
	*is_empty = r->at < r->end && *r->at == '/';
	return *is_empty
		       ? name->len > 0 && take(r, "/>", 2)
		       : (name->len > 0 || r->at == r->end) && take(r, ">", 1);
}

static bool
take_end_tag(struct reader *r, const struct name *name)
{
	return take(r, "</", 2) && take(r, name->s, name->len) &&
	       take(r, ">", 1);
}

/* Where the text of a child of <UserMetadata> belongs; false: nowhere is room. */
static bool
find_value(struct reader *r, const struct name *name, unsigned *slot)
{
	struct contents *c = &r->shape->contents;
	size_t place = user_metadata_place(r->wanted, name->s, name->len);

	if (place == r->wanted->n_wanted)
		return true;
	if (c->n_values == CONTENTS_VALUES_MAX)
		return false;
	*slot = CONTENTS_VALUE + (unsigned)c->n_values;
	c->places[c->n_values++] = place;
	return true;
}

/* A child of a child. */
static bool
take_leaf(struct reader *r, bool is_metadata)
{
	unsigned slot = CONTENTS_OTHER;
	struct name name;
	bool is_empty;

	if (!take_start_tag(r, &name, &is_empty))
		return false;
	if (is_metadata && !find_value(r, &name, &slot))
		return false;
	if (is_empty)
		return slot == CONTENTS_OTHER;
	return take_text(r, slot) &&
	       !(slot != CONTENTS_OTHER &&
		 r->shape->contents.texts[slot].is_coded) &&
	       take_end_tag(r, &name);
}

/* Whether an end tag comes next, which needs two bytes to tell. */
static bool
take_blanks(struct reader *r, bool *is_end)
{
	r->at = blanks_end(r);
	r->is_short = r->end - r->at < 2;
	*is_end = !r->is_short && r->at[0] == '<' && r->at[1] == '/';
	return !r->is_short;
}

/* A text, or elements. */
static bool
take_inside(struct reader *r, bool is_metadata)
{
	const char *start = r->at;
	bool is_end;

	if (!take_blanks(r, &is_end))
		return false;
	if (*r->at != '<' || is_end) {
		r->at = start;
		return take_text(r, CONTENTS_OTHER);
	}
	while (!is_end)
		if (!take_leaf(r, is_metadata) || !take_blanks(r, &is_end))
			return false;
	return true;
}

static bool
take_field(struct reader *r, unsigned slot)
{
	if (r->seen & 1u << slot)
		return false;
	r->seen |= 1u << slot;
	return slot == CONTENTS_ETAG ? take_etag(r) : take_text(r, slot);
}

static unsigned
find_field(const struct name *name)
{
	static const char *const fields[CONTENTS_VALUE] = {
		[CONTENTS_KEY] = "Key",
		[CONTENTS_SIZE] = "Size",
		[CONTENTS_MODIFIED] = "LastModified",
		[CONTENTS_ETAG] = "ETag",
	};
	unsigned slot = CONTENTS_VALUE;

	while (--slot > CONTENTS_OTHER && !is_name(name, fields[slot]))
		;
	return slot;
}

/* False if it comes twice: which one counts is not for us to say. */
static bool
note_metadata(struct reader *r, const struct name *name, bool *is_metadata)
{
	struct contents *c = &r->shape->contents;

	*is_metadata = r->wanted->n_wanted > 0 && is_name(name, "UserMetadata");
	if (*is_metadata && c->has_metadata)
		return false;
	c->has_metadata |= *is_metadata;
	c->has_internal |= *is_metadata || (r->wanted->n_wanted > 0 &&
					    is_name(name, "Internal"));
	return true;
}

static bool
take_child(struct reader *r)
{
	bool is_empty, is_metadata;
	struct name name;
	unsigned slot;

	if (!take_start_tag(r, &name, &is_empty))
		return false;
	slot = find_field(&name);
	if (slot != CONTENTS_OTHER)
		return !is_empty && take_field(r, slot) &&
		       take_end_tag(r, &name);
	if (!note_metadata(r, &name, &is_metadata))
		return false;
	return is_empty ||
	       (take_inside(r, is_metadata) && take_end_tag(r, &name));
}

static bool
take_element(struct reader *r)
{
	const unsigned needed = 1u << CONTENTS_KEY | 1u << CONTENTS_SIZE;
	bool is_end;

	if (!take(r, CONTENTS_TAG, strlen(CONTENTS_TAG)) ||
	    !take_blanks(r, &is_end))
		return false;
	while (!is_end)
		if (!take_child(r) || !take_blanks(r, &is_end))
			return false;
	return take(r, END_TAG, strlen(END_TAG)) &&
	       (r->seen & needed) == needed;
}

/* Its length; 0: not all of it is there; -1: it is not plain. */
static ssize_t
read_anew(struct shape *shape, const struct user_metadata *wanted,
	  const char *data, size_t len)
{
	struct reader r = { .wanted = wanted,
			    .shape = shape,
			    .at = data,
			    .end = data + len,
			    .markup = data };

	shape->contents = (struct contents){ .n_values = 0 };
	shape->n_parts = shape->markup_len = 0;
	if (!take_element(&r))
		return r.is_short ? 0 : -1;
	if (!note_part(&r, CONTENTS_OTHER))
		return -1;
	shape->end_len = shape->parts[--shape->n_parts].markup_len;
	return r.at - data;
}

/* --- the scanner --- */

struct contents_scanner *
contents_scanner_new(const struct user_metadata *wanted)
{
	struct contents_scanner *s = xnew(struct contents_scanner);

	s->wanted = wanted;
	return s;
}

void
contents_scanner_free(struct contents_scanner *s)
{
	free(s);
}

void
contents_scanner_reset(struct contents_scanner *s)
{
	s->shapes[s->known].n_parts = 0;
}

ssize_t
contents_scan(struct contents_scanner *s, const char *data, size_t len,
	      const struct contents **out)
{
	size_t most = len < CONTENTS_MAX ? len : CONTENTS_MAX;
	struct shape *other = &s->shapes[!s->known];
	ssize_t n;

	*out = &s->shapes[s->known].contents;
	n = read_alike(&s->shapes[s->known], data, most);
	if (n < 0) {
		n = read_anew(other, s->wanted, data, most);
		s->known ^= n > 0;
		*out = &s->shapes[s->known].contents;
	}
	return n == 0 && most == CONTENTS_MAX ? -1 : n;
}
