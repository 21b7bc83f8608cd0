/* SPDX-License-Identifier: MIT */
/*
 * Printing the document: see doc.h; doc-parse.c reads it.  Pure; any thread.
 *
 * Printed by hand: the layout is part of the contract to the byte (order, an
 * "accuracy" on one line, exact integers), which cJSON's printer can't give.
 */
#include "config.h"

#include "stats/doc.h"

#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <locale.h>

#include "util/date.h"
#include "util/fill.h"
#include "util/json-text.h"

/* The C locale for this thread alone, whatever the process has; NULL: none. */
static locale_t
use_c_locale(locale_t *before)
{
	locale_t c = newlocale(LC_ALL_MASK, "C", NULL);

	if (c == (locale_t)0)
		die_no_memory();
	*before = uselocale(c);
	return c;
}

/*
 * The shortest text that is the same number.  15 digits are always those of a number
 * that has no more, and "g" drops zeros: fewer need not be tried, but near 0, where a
 * number has less than 15.
 */
void
doc_print_ratio(double ratio, char out[32])
{
	locale_t before, c = use_c_locale(&before);
	int digits = ratio > -DBL_MIN && ratio < DBL_MIN ? 1 : DBL_DIG;

	for (; digits <= 17; digits++) {
		snprintf(out, 32, "%.*g", digits, ratio);
		if (strtod(out, NULL) == ratio)
			break;
	}
	if (ratio == 0) /* "-0" too */
		strcpy(out, "0");
	uselocale(before);
	freelocale(c);
}

static int
add_head(struct buf *out, const struct doc *d)
{
	char when[DATE_ISO_LEN];

	date_print_iso(d->computed_at, when);
	return buf_printf(out,
			  "{\n"
			  "  \"version\": \"" DOC_VERSION "\",\n"
			  "  \"mode\": \"%s\",\n"
			  "  \"computed_at\": \"%s\",\n",
			  mode_names[d->mode], when);
}

int
doc_add_validation(struct buf *out, const struct validation *v)
{
	char hex[FINGERPRINT_HEX_LEN];
	int rc;

	rc = buf_printf(out,
			"  \"validation\": {\n"
			"    \"object_count\": %" PRId64 ",\n"
			"    \"compressed_size\": %" PRId64,
			v->object_count, v->compressed_size);
	if (rc == 0 && v->has_fingerprint) {
		fingerprint_print(&v->fingerprint, hex);
		rc = buf_printf(out, ",\n    \"fingerprint\": \"%s\"", hex);
	}
	return rc ? rc : buf_add_str(out, "\n  },\n");
}

static int
add_stats(struct buf *out, const char *bucket, const struct figures *f)
{
	char ratio[32];
	int rc;

	doc_print_ratio(f->average_compression_ratio, ratio);
	rc = buf_add_str(out, "  \"stats\": {\n    \"bucket\": ");
	if (rc == 0)
		rc = json_add_string(out, bucket);
	if (rc)
		return rc;
	return buf_printf(out,
			  ",\n"
			  "    \"object_count\": %" PRId64 ",\n"
			  "    \"total_size\": %" PRId64 ",\n"
			  "    \"compressed_size\": %" PRId64 ",\n"
			  "    \"space_saved\": %" PRId64 ",\n"
			  "    \"average_compression_ratio\": %s,\n"
			  "    \"delta_objects\": %" PRId64 ",\n"
			  "    \"direct_objects\": %" PRId64 "\n"
			  "  }",
			  f->object_count, f->total_size, f->compressed_size,
			  f->space_saved, ratio, f->delta_objects,
			  f->direct_objects);
}

static int
add_accuracy(struct buf *out, const struct figures *f)
{
	return buf_printf(out,
			  ",\n"
			  "  \"accuracy\": { \"exact_deltas\": %" PRId64
			  ", \"sampled_deltas\": %" PRId64
			  ", \"estimated_deltas\": %" PRId64 " }",
			  f->exact_deltas, f->sampled_deltas,
			  f->estimated_deltas);
}

/* All lines but the last. */
static int
add_document(struct buf *out, const struct doc *d)
{
	int rc = add_head(out, d);

	if (rc == 0)
		rc = doc_add_validation(out, &d->validation);
	if (rc == 0)
		rc = add_stats(out, d->bucket, &d->figures);
	if (rc == 0 && d->has_accuracy)
		rc = add_accuracy(out, &d->figures);
	return rc ? rc : buf_add_str(out, "\n");
}

int
doc_print(struct buf *out, const struct doc *d)
{
	CLEANUP_BUF struct buf text = BUF_INIT(DOC_LEN);
	int rc = add_document(&text, d);

	if (rc == 0)
		rc = buf_add_str(&text, "}\n");
	return rc ? rc
		  : fill_up_before_end(out, buf_str(&text), DOC_LEN - text.len);
}
