/* SPDX-License-Identifier: MIT */
/*
 * Buckets that are formulas: see formula.h.
 */
#include "config.h"

#include "formula.h"

#include <inttypes.h>
#include <time.h>

#define FIRST_HOUR 1420070400 /* 2015-01-01T00:00:00Z */
#define SKEW_FRONT 20 /* one directory in so many is outside releases/ */

static const char *const shape_names[] = {
	[DATED] = "dated", [HEX] = "hex",	  [FLAT] = "flat",
	[SKEW] = "skew",   [UNICODE] = "unicode", [LONG] = "long",
};
#define N_SHAPES (sizeof(shape_names) / sizeof(shape_names[0]))

/* splitmix64: bits that look random and are the same each time. */
static uint64_t
mix(uint64_t n)
{
	n += 0x9e3779b97f4a7c15;
	n = (n ^ (n >> 30)) * 0xbf58476d1ce4e5b9;
	n = (n ^ (n >> 27)) * 0x94d049bb133111eb;
	return n ^ (n >> 31);
}

/* --- the name of a bucket --------------------------------------------------- */

/* Each directory must have room for its deltas and their reference. */
static bool
is_possible(const struct formula *f)
{
	uint32_t deltas;

	if (!f->n_dirs || f->n_dirs > f->n_objects ||
	    (f->shape == FLAT && f->n_dirs != 1))
		return false;
	deltas = (f->n_deltas + f->n_dirs - 1) / f->n_dirs;
	return !deltas || deltas < f->n_objects / f->n_dirs;
}

bool
formula_parse(struct formula *f, const char *bucket)
{
	char shape[16], tag;
	unsigned n, d, s;
	int end = 0;

	*f = (struct formula){ 0 };
	if (sscanf(bucket, "%15[a-z]-n%9u-d%9u-s%9u%n", shape, &n, &d, &s,
		   &end) != 4)
		return false;
	if (bucket[end] && sscanf(bucket + end, "-x%c", &tag) != 1)
		return false;
	f->tells_metadata = strcmp(bucket + end, "-xmeta") == 0;
	while (f->shape < N_SHAPES && strcmp(shape, shape_names[f->shape]) != 0)
		f->shape++;
	f->n_objects = n;
	f->n_deltas = d;
	f->n_dirs = s;
	f->seed = mix(((uint64_t)n << 32) ^ ((uint64_t)d << 8) ^ s);
	return f->shape < N_SHAPES && is_possible(f);
}

/* --- directories ------------------------------------------------------------ */

static int
print_hour(char *out, uint32_t number)
{
	time_t when = FIRST_HOUR + (time_t)number * 3600;
	struct tm tm;

	gmtime_r(&when, &tm);
	return (int)strftime(out, KEY_SIZE, "%Y/%m/%d/%H/", &tm);
}

static int
print_long(char *out, uint32_t number)
{
	static const char top[] = "artifacts/com.example.platform.services/"
				  "gateway-with-a-long-name/release-candidates/"
				  "linux/";
	char hour[KEY_SIZE];

	print_hour(hour, number);
	return snprintf(out, KEY_SIZE, "%s%.20s", top, hour);
}

/* Even steps, and a random part that stays below the next one. */
static int
print_hash(char *out, const struct formula *f, uint32_t number)
{
	uint64_t step = UINT64_MAX / f->n_dirs;

	print_hex64(out, number * step + mix(f->seed + number) % step);
	out[16] = '/';
	return 17;
}

static int
print_skewed(char *out, const struct formula *f, uint32_t number)
{
	uint32_t front = f->n_dirs / SKEW_FRONT;

	if (number < front)
		return snprintf(out, KEY_SIZE, "project-%05u/", number);
	return snprintf(out, KEY_SIZE, "releases/%06u/", number - front);
}

/* Four digits in base 64 that begin at U+4E00, in UTF-8. */
static int
print_unicode(char *out, uint32_t number)
{
	static const char top[] = "\xe8\xb3\x87\xe6\x96\x99/"; /* 資料/ */
	char *p = out;

	memcpy(p, top, sizeof(top) - 1);
	p += sizeof(top) - 1;
	for (int shift = 18; shift >= 0; shift -= 6) {
		*p++ = '\xe4';
		*p++ = '\xb8';
		*p++ = (char)(0x80 + ((number >> shift) & 63));
	}
	*p++ = '/';
	return (int)(p - out);
}

static unsigned
print_prefix(const struct formula *f, uint32_t number, char out[KEY_SIZE])
{
	switch (f->shape) {
	case DATED:
		return (unsigned)print_hour(out, number);
	case HEX:
		return (unsigned)print_hash(out, f, number);
	case SKEW:
		return (unsigned)print_skewed(out, f, number);
	case UNICODE:
		return (unsigned)print_unicode(out, number);
	case LONG:
		return (unsigned)print_long(out, number);
	case FLAT:
		break;
	}
	return (unsigned)snprintf(out, KEY_SIZE, "data/");
}

static uint32_t
count_added(const struct formula *f)
{
	return f->added.end - f->added.first;
}

static uint32_t
count_named(const struct formula *f)
{
	return f->n_objects - count_added(f);
}

/* As if none was added: the id of an object is its place. */
static void
find_named_dir(const struct formula *f, uint32_t id, struct dir *d)
{
	uint32_t each = count_named(f) / f->n_dirs;
	uint32_t larger = count_named(f) % f->n_dirs;
	uint32_t in_larger = larger * (each + 1);

	/* dealt out evenly, the first ones get what is left, of deltas too */
	if (id < in_larger)
		d->number = id / (each + 1);
	else
		d->number = larger + (id - in_larger) / each;
	d->first = d->number * each + (d->number < larger ? d->number : larger);
	d->end = d->first + each + (d->number < larger);
	d->id = d->first;
	d->n_deltas =
		f->n_deltas / f->n_dirs + (d->number < f->n_deltas % f->n_dirs);
	d->has_reference = d->n_deltas > 0;
	d->prefix_len = print_prefix(f, d->number, d->prefix);
}

void
formula_dir(const struct formula *f, uint32_t i, struct dir *d)
{
	uint32_t n_added = count_added(f);

	if (i < f->added.first || !n_added) {
		find_named_dir(f, i, d);
	} else if (i < f->added.end) {
		*d = f->added;
	} else {
		find_named_dir(f, i - n_added, d);
		d->first += n_added;
		d->end += n_added;
	}
}

void
formula_remove_dir(struct formula *f)
{
	f->n_objects = count_named(f);
	f->added = (struct dir){ 0 };
}

/* Before a directory of the middle half: a '-' comes before the '/' that ends its prefix. */
void
formula_add_dir(struct formula *f, uint32_t n)
{
	uint64_t h = mix(++f->generation);
	struct dir *d = &f->added;
	uint32_t n_named;

	formula_remove_dir(f);
	n_named = f->n_objects;
	find_named_dir(f, (uint32_t)(n_named / 4 + h % (n_named / 2 + 1)), d);
	d->id = n_named + f->n_ever_added;
	d->end = d->first + n + 1;
	d->n_deltas = n;
	d->has_reference = true;
	d->prefix_len--;
	d->prefix_len += (unsigned)snprintf(d->prefix + d->prefix_len,
					    KEY_SIZE - d->prefix_len, "-%06u/",
					    f->generation);
	f->n_ever_added += n + 1;
	f->n_objects += n + 1;
}

/* --- objects ---------------------------------------------------------------- */

/* Deltas come as evenly as a line on a raster. */
static enum kind
kind_of(const struct dir *d, uint32_t i)
{
	uint64_t r = i - d->first, n = d->end - d->first - d->has_reference;

	if (r == n)
		return REFERENCE;
	return (r + 1) * d->n_deltas / n > r * d->n_deltas / n ? DELTA : DIRECT;
}

unsigned
formula_name(const struct formula *f, const struct dir *d, uint32_t i,
	     char out[KEY_SIZE])
{
	static const char accented[] = "gr\xc3\xb6\xc3\x9f"
				       "e "; /* größe */
	enum kind kind = kind_of(d, i);
	uint32_t r = i - d->first;
	char *p = out;

	if (kind == REFERENCE) {
		memcpy(out, "reference.bin", 13);
		return 13;
	}
	if (f->shape == UNICODE) {
		memcpy(p, accented, sizeof(accented) - 1);
		p += sizeof(accented) - 1;
	}
	for (int digit = 7; digit >= 0; digit--, r /= 10)
		p[digit] = (char)('0' + r % 10);
	memcpy(p + 8, ".zip.delta", 10);
	return (unsigned)(p - out) + (kind == DELTA ? 18 : 12);
}

void
formula_item(const struct formula *f, const struct dir *d, uint32_t i,
	     struct item *out)
{
	uint32_t id = d->id + (i - d->first);
	uint64_t h = mix(f->seed + id), etag = h;

	if (f->versions && id < count_named(f) && f->versions[id])
		etag ^= mix(f->versions[id]);
	out->kind = kind_of(d, i);
	out->when = (h >> 20) % N_DATES;
	out->original = 0;
	if (out->kind == DELTA) {
		out->size = 200 + h % 20000;
		out->original = 4000000 + (h >> 32) % 2000000;
	} else if (out->kind == REFERENCE) {
		out->size = 4500000 + h % 1000000;
	} else {
		out->size = 1000 + h % 1000000;
	}
	print_hex64(out->etag, mix(etag));
	print_hex64(out->etag + 16, etag);
}

/* The id of the first one from `id` on that can be changed. */
static uint32_t
find_changeable(const struct formula *f, uint32_t id)
{
	struct item item;
	struct dir d;

	do {
		id %= count_named(f);
		find_named_dir(f, id, &d);
		formula_item(f, &d, id, &item);
		id++;
	} while (f->n_deltas > 0 && item.kind != DELTA);
	return id - 1;
}

void
formula_change(struct formula *f, uint32_t n)
{
	uint32_t n_named = count_named(f), step = n_named / n, at;
	uint64_t first = mix(++f->generation) % n_named;

	if (!f->versions) {
		f->versions = must_realloc(NULL, n_named);
		memset(f->versions, 0, n_named);
	}
	for (uint32_t k = 0; k < n; k++) {
		at = find_changeable(f, (uint32_t)(first % n_named));
		f->versions[at]++;
		first = step > 1 ? first + step : (uint64_t)at + 1;
	}
}

unsigned
formula_key(const struct formula *f, uint32_t i, char out[KEY_SIZE])
{
	struct dir d;
	char name[KEY_SIZE];
	unsigned len;

	formula_dir(f, i, &d);
	len = formula_name(f, &d, i, name);
	memcpy(out, d.prefix, d.prefix_len);
	memcpy(out + d.prefix_len, name, len);
	return d.prefix_len + len;
}

int
key_order(const char *a, size_t a_len, const char *b, size_t b_len)
{
	int c = memcmp(a, b, a_len < b_len ? a_len : b_len);

	return c ? c : (a_len > b_len) - (a_len < b_len);
}

uint32_t
formula_find(const struct formula *f, const char *key, size_t len)
{
	uint32_t low = 0, high = f->n_objects;
	char middle[KEY_SIZE];

	while (low < high) {
		uint32_t i = low + (high - low) / 2;
		unsigned n = formula_key(f, i, middle);

		if (key_order(middle, n, key, len) < 0)
			low = i + 1;
		else
			high = i;
	}
	return low;
}

/* --- what is expected ------------------------------------------------------- */

struct sums {
	uint64_t bytes; /* all but references */
	uint64_t references;
	uint64_t n_references;
	uint32_t n_deltas;
	uint64_t directs;
	uint64_t quick; /* originals of deltas, by mode */
	uint64_t sampled;
	uint64_t detailed;
};

static void
sum_dir(const struct formula *f, const struct dir *d, struct sums *s)
{
	uint64_t first_original = 0;
	struct item item;

	for (uint32_t i = d->first; i < d->end; i++) {
		formula_item(f, d, i, &item);
		if (item.kind == REFERENCE) {
			s->references += item.size;
			s->quick += (uint64_t)item.size * d->n_deltas;
			continue;
		}
		s->bytes += item.size;
		if (item.kind == DIRECT)
			s->directs += item.size;
		else if (!first_original)
			first_original = item.original;
		s->detailed += item.original;
	}
	s->n_references += d->has_reference;
	s->n_deltas += d->n_deltas;
	s->sampled += first_original * d->n_deltas;
}

void
formula_expect(const struct formula *f, struct text *out)
{
	struct sums s = { 0 };
	struct dir d = { 0 };

	for (uint32_t i = 0; i < f->n_objects; i = d.end) {
		formula_dir(f, i, &d);
		sum_dir(f, &d, &s);
	}
	text_printf(out,
		    "{\"listed\": %u, \"bytes\": %" PRIu64
		    ", \"objects\": %" PRIu64 ", "
		    "\"deltas\": %u, \"spaces\": %" PRIu64
		    ", \"quick\": %" PRIu64 ", "
		    "\"sampled\": %" PRIu64 ", \"detailed\": %" PRIu64 "}\n",
		    f->n_objects, s.bytes + s.references,
		    f->n_objects - s.n_references, s.n_deltas, s.n_references,
		    s.directs + s.quick, s.directs + s.sampled,
		    s.directs + s.detailed);
}

/* --- dates ------------------------------------------------------------------ */

void
dates_init(struct dates *d)
{
	for (int i = 0; i < N_DATES; i++) {
		time_t when = 1735689600 + (time_t)i * 7919;
		struct tm tm;

		gmtime_r(&when, &tm);
		strftime(d->iso[i], sizeof(d->iso[i]), "%FT%T.000Z", &tm);
		strftime(d->http[i], sizeof(d->http[i]), "%a, %d %b %Y %T GMT",
			 &tm);
	}
}
