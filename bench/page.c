/* SPDX-License-Identifier: MIT */
/*
 * LIST: see bucket.h.  Without a delimiter, which is what dgstatfs and all but
 * one of its peers ask for, an object costs the copying of its XML and two
 * hashes; that is what makes the store faster than what is measured on it.
 */
#include "config.h"

#include "bucket.h"

/* More than the XML of one object of a formula can take. */
#define ELEMENT_MAX (512 + 6 * KEY_SIZE)

struct pager {
	const struct bucket *b;
	const struct dates *dates;
	const struct listing *q;
	struct text *items;
	unsigned n; /* what counts for max-keys */
	unsigned n_objects;
	uint32_t next, end; /* of the formula's keys */
	unsigned extra; /* next of the bucket's extras */
	struct text last; /* 'k' or 'p' and the last one's key */
	bool is_truncated;
};

static void
add_escaped(struct text *t, const struct listing *q, const char *s, size_t len)
{
	if (q->is_encoded)
		text_uri(t, s, len);
	else
		text_xml(t, s, len);
}

static void
set_last(struct pager *p, char kind, const char *key, size_t len)
{
	p->last.len = 0;
	text_add(&p->last, &kind, 1);
	text_add(&p->last, key, len);
}

/* --- where to begin and to end ------------------------------------------------ */

/* The first key behind all that begin with `prefix`. */
static uint32_t
find_behind(const struct formula *f, const char *prefix, size_t len)
{
	char next[1024];

	if (len > sizeof(next))
		return f->n_objects;
	memcpy(next, prefix, len);
	while (len && next[len - 1] == '\xff')
		len--;
	if (!len)
		return f->n_objects;
	next[len - 1]++;
	return formula_find(f, next, len);
}

static bool
begins_with(const char *s, size_t len, const char *prefix, size_t prefix_len)
{
	return len >= prefix_len && memcmp(s, prefix, prefix_len) == 0;
}

static bool
is_listed(const struct listing *q, const struct extra *e)
{
	if (!begins_with(e->key, e->key_len, q->prefix, q->prefix_len))
		return false;
	if (q->skips_dir &&
	    begins_with(e->key, e->key_len, q->after, q->after_len))
		return false;
	return key_order(e->key, e->key_len, q->after, q->after_len) > 0;
}

static void
skip_extras(struct pager *p)
{
	while (p->extra < p->b->n_extras &&
	       !is_listed(p->q, &p->b->extras[p->extra]))
		p->extra++;
}

static void
pager_begin(struct pager *p)
{
	const struct formula *f = &p->b->f;
	const struct listing *q = p->q;
	char key[KEY_SIZE];
	unsigned len;

	p->next = formula_find(f, q->prefix, q->prefix_len);
	p->end = find_behind(f, q->prefix, q->prefix_len);
	if (q->after_len) {
		uint32_t i = q->skips_dir
				     ? find_behind(f, q->after, q->after_len)
				     : formula_find(f, q->after, q->after_len);

		if (!q->skips_dir && i < f->n_objects) {
			len = formula_key(f, i, key);
			i += len == q->after_len &&
			     memcmp(key, q->after, len) == 0;
		}
		if (i > p->next)
			p->next = i;
	}
	if (p->end < p->next)
		p->end = p->next;
	skip_extras(p);
}

/* --- items -------------------------------------------------------------------- */

#define PUT(out, literal)                                                      \
	(memcpy(out, literal, sizeof(literal) - 1), (out) + sizeof(literal) - 1)

static char *
put_number(char *out, uint32_t n)
{
	char digits[10];
	int len = 0;

	do
		digits[len++] = (char)('0' + n % 10);
	while (n /= 10);
	while (len)
		*out++ = digits[--len];
	return out;
}

/* As MinIO writes it; what a HEAD says. */
static char *
put_metadata(char *out, const struct item *item)
{
	out = PUT(out, "<UserMetadata>");
	if (item->kind == DELTA) {
		out = PUT(out, "<X-Amz-Meta-Dg-File-Size>");
		out = put_number(out, item->original);
		out = PUT(out, "</X-Amz-Meta-Dg-File-Size>");
	}
	return PUT(out, "<content-type>application/octet-stream</content-type>"
			"</UserMetadata><Internal><K>1</K><M>0</M></Internal>");
}

/* What follows the key in an object's element. */
static char *
put_rest(char *out, const struct dates *dates, const struct item *item,
	 bool has_metadata)
{
	out = PUT(out, "</Key><LastModified>");
	memcpy(out, dates->iso[item->when], sizeof(dates->iso[0]) - 1);
	out += sizeof(dates->iso[0]) - 1;
	out = PUT(out, "</LastModified><ETag>&quot;");
	memcpy(out, item->etag, sizeof(item->etag));
	out += sizeof(item->etag);
	out = PUT(out, "&quot;</ETag><Size>");
	out = put_number(out, item->size);
	out = PUT(out, "</Size><StorageClass>STANDARD</StorageClass>");
	if (has_metadata)
		out = put_metadata(out, item);
	return PUT(out, "</Contents>");
}

static void
add_object(struct pager *p, const struct dir *d, const struct text *prefix)
{
	char name[KEY_SIZE], *out;
	unsigned len = formula_name(&p->b->f, d, p->next, name);
	struct item item;

	formula_item(&p->b->f, d, p->next, &item);
	text_room(p->items, ELEMENT_MAX);
	text_add(p->items, "<Contents><Key>", 15);
	text_add(p->items, prefix->data, prefix->len);
	if (p->b->f.shape == UNICODE)
		add_escaped(p->items, p->q, name, len);
	else
		text_add(p->items, name, len);
	out = p->items->data + p->items->len;
	out = put_rest(out, p->dates, &item,
		       p->q->wants_metadata && p->b->f.tells_metadata);
	p->items->len = (size_t)(out - p->items->data);
}

/* Objects of the formula, as far as `end` and the page go. */
static void
add_objects(struct pager *p, uint32_t end)
{
	struct text prefix = { 0 };
	char last[KEY_SIZE];
	struct dir d = { 0 };

	if (end - p->next > p->q->max_keys - p->n)
		end = p->next + p->q->max_keys - p->n;
	if (end == p->next)
		return;
	p->n += end - p->next;
	p->n_objects += end - p->next;
	while (p->next < end) {
		formula_dir(&p->b->f, p->next, &d);
		prefix.len = 0;
		add_escaped(&prefix, p->q, d.prefix, d.prefix_len);
		for (; p->next < end && p->next < d.end; p->next++)
			add_object(p, &d, &prefix);
	}
	set_last(p, 'k', last, formula_key(&p->b->f, end - 1, last));
	text_clear(&prefix);
}

static void
add_extra(struct pager *p)
{
	const struct extra *e = &p->b->extras[p->extra++];

	text_str(p->items, "<Contents><Key>");
	add_escaped(p->items, p->q, e->key, e->key_len);
	text_printf(p->items,
		    "</Key><LastModified>%s</LastModified><ETag>&quot;%.32s"
		    "&quot;</ETag><Size>%zu</Size><StorageClass>STANDARD"
		    "</StorageClass></Contents>",
		    e->iso, e->etag, e->body.len);
	set_last(p, 'k', e->key, e->key_len);
	p->n++;
	p->n_objects++;
	skip_extras(p);
}

/* How far the formula's objects go before something else comes. */
static uint32_t
run_end(const struct pager *p, uint32_t end)
{
	if (p->extra < p->b->n_extras && p->b->extras[p->extra].place < end)
		end = p->b->extras[p->extra].place;
	return end < p->end ? end : p->end;
}

static bool
extra_is_next(const struct pager *p)
{
	return p->extra < p->b->n_extras &&
	       (p->next == p->end || p->b->extras[p->extra].place <= p->next);
}

static void
add_flat(struct pager *p)
{
	while (p->n < p->q->max_keys &&
	       (p->next < p->end || p->extra < p->b->n_extras)) {
		if (extra_is_next(p))
			add_extra(p);
		else
			add_objects(p, run_end(p, p->end));
	}
}

/* --- items by directory --------------------------------------------------------- */

static void
add_common_prefix(struct pager *p, const char *prefix, size_t len)
{
	uint32_t behind = find_behind(&p->b->f, prefix, len);

	text_str(p->items, "<CommonPrefixes><Prefix>");
	add_escaped(p->items, p->q, prefix, len);
	text_str(p->items, "</Prefix></CommonPrefixes>");
	set_last(p, 'p', prefix, len);
	p->n++;
	if (behind > p->next)
		p->next = behind;
	while (p->extra < p->b->n_extras &&
	       begins_with(p->b->extras[p->extra].key,
			   p->b->extras[p->extra].key_len, prefix, len)) {
		p->extra++;
		skip_extras(p);
	}
}

/*
 * Objects of one directory come together: asking the first for a "/" tells
 * about all of them.
 */
static void
add_by_dir(struct pager *p)
{
	while (p->n < p->q->max_keys &&
	       (p->next < p->end || p->extra < p->b->n_extras)) {
		bool extra = extra_is_next(p);
		const struct extra *e = &p->b->extras[p->extra];
		char key[KEY_SIZE];
		size_t len = extra ? e->key_len
				   : formula_key(&p->b->f, p->next, key);
		const char *s = extra ? e->key : key;
		const char *slash = memchr(s + p->q->prefix_len, '/',
					   len - p->q->prefix_len);
		struct dir d;

		if (slash) {
			add_common_prefix(p, s, (size_t)(slash - s) + 1);
		} else if (extra) {
			add_extra(p);
		} else {
			formula_dir(&p->b->f, p->next, &d);
			add_objects(p, run_end(p, d.end));
		}
	}
}

/* --- the document ----------------------------------------------------------------- */

static void
add_element(struct text *out, const struct listing *q, const char *name,
	    const struct text *value)
{
	text_printf(out, "<%s>", name);
	add_escaped(out, q, value->data, value->len);
	text_printf(out, "</%s>", name);
}

static void
add_head_v2(const struct pager *p, struct text *out)
{
	const struct listing *q = p->q;

	text_printf(out, "<KeyCount>%u</KeyCount>", p->n);
	if (q->token)
		text_printf(out,
			    "<ContinuationToken>%s"
			    "</ContinuationToken>",
			    q->token);
	if (p->is_truncated) {
		text_str(out, "<NextContinuationToken>");
		text_add(out, p->last.data, 1);
		text_hex(out, p->last.data + 1, p->last.len - 1);
		text_str(out, "</NextContinuationToken>");
	}
}

static void
add_head_v1(const struct pager *p, struct text *out)
{
	struct text after = { (char *)(uintptr_t)p->q->after, p->q->after_len,
			      0 };
	struct text next = { p->last.data + 1, p->last.len - 1, 0 };

	add_element(out, p->q, "Marker", &after);
	if (p->is_truncated && p->q->by_dir)
		add_element(out, p->q, "NextMarker", &next);
}

static void
add_head(const struct pager *p, struct text *out)
{
	const struct listing *q = p->q;
	struct text prefix = { (char *)(uintptr_t)q->prefix, q->prefix_len, 0 };

	text_printf(out,
		    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		    "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/"
		    "2006-03-01/\"><Name>%s</Name>",
		    p->b->name);
	add_element(out, q, "Prefix", &prefix);
	if (q->by_dir)
		text_str(out, "<Delimiter>/</Delimiter>");
	if (q->is_encoded)
		text_str(out, "<EncodingType>url</EncodingType>");
	text_printf(out, "<MaxKeys>%u</MaxKeys><IsTruncated>%s</IsTruncated>",
		    q->max_keys, p->is_truncated ? "true" : "false");
	if (q->is_v2)
		add_head_v2(p, out);
	else
		add_head_v1(p, out);
}

unsigned
bucket_list(const struct bucket *b, const struct dates *dates,
	    const struct listing *q, struct text out[2])
{
	struct pager p = { .b = b, .dates = dates, .q = q, .items = &out[1] };

	pager_begin(&p);
	if (q->by_dir)
		add_by_dir(&p);
	else
		add_flat(&p);
	p.is_truncated =
		q->max_keys && (p.next < p.end || p.extra < b->n_extras);
	add_head(&p, &out[0]);
	text_str(&out[1], "</ListBucketResult>");
	text_clear(&p.last);
	return p.n_objects;
}
