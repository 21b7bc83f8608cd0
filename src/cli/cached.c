/* SPDX-License-Identifier: MIT */
/*
 * What is cached in buckets, as text: see cached.h.  Any thread.
 */
#include "config.h"

#include "cli/cached.h"

#include <inttypes.h>

#include "util/json-text.h"
#include "util/date.h"

/* What is said of one object. */
struct line {
	const char *bucket, *name, *key;
	const char *state; /* "valid", "stale", … */
	const char *why; /* or "" */
	int64_t size; /* -1: there is none */
	unsigned n_packs; /* 0: it is no line of packs, or there are none */
	char computed[DATE_ISO_LEN]; /* or "" */
};

static void
fill_good(struct line *l, const struct answer *a, const struct result *found,
	  int64_t ttl_ms)
{
	static const char *const reasons[N_RESULT_WHYS] = {
		[WHY_NONE] = "",
		[WHY_COUNT] = "the bucket has another number of objects",
		[WHY_SIZE] = "the bucket has other bytes",
		[WHY_FINGERPRINT] = "the bucket has other objects",
	};
	enum result_why why;

	date_print_iso(found->computed_at, l->computed);
	if (!a->result) {
		l->state = "unknown";
		l->why = "the bucket can't be listed";
		return;
	}
	why = result_compare(&found->listed.validation,
			     &a->result->listed.validation);
	l->state = why == WHY_NONE ? "valid" : "stale";
	l->why = reasons[why];
	if (why == WHY_NONE && result_is_older(found, ttl_ms)) {
		l->state = "stale";
		l->why = "older than ttl";
	}
}

/* What is told without a look into it: whether it is, or was, there. */
static bool
begin(struct line *l, const struct answer *a, unsigned row)
{
	const struct look *look = &a->looks[row];
	const struct shelf_look *found = &look->found;

	*l = (struct line){ .bucket = a->name,
			    .name = shelf_rows[row].name,
			    .key = shelf_rows[row].key,
			    .state = "absent",
			    .why = "",
			    .size = found->is_there ? found->size : -1,
			    .n_packs = found->n_packs };
	if (!look->is_answered) {
		l->state = "unknown";
		l->why = look->err.msg;
	}
	return look->is_answered && found->is_there;
}

static void
fill(struct line *l, const struct answer *a, unsigned row, int64_t ttl_ms)
{
	const struct shelf_look *found = &a->looks[row].found;
	static const char *const verdicts[] = {
		[CACHE_BAD] = "corrupt",
		[CACHE_FOREIGN] = "foreign",
		[CACHE_OTHER] = "other",
	};

	if (!begin(l, a, row))
		return;
	if (!shelf_rows[row].is_document) {
		l->state = "present";
	} else if (found->result) {
		fill_good(l, a, found->result, ttl_ms);
	} else {
		l->state = verdicts[found->verdict];
		l->why = found->flaw.msg;
	}
}

/* What was there, and is gone. */
static void
fill_removed(struct line *l, const struct answer *a, unsigned row)
{
	const struct shelf_look *found = &a->looks[row].found;

	if (!begin(l, a, row))
		return;
	l->state = "deleted";
	if (found->result)
		date_print_iso(found->result->computed_at, l->computed);
}

static const char *
packs(unsigned n)
{
	return n == 1 ? "pack" : "packs";
}

static void
print_line(FILE *f, const struct line *l, int width,
	   const struct show_style *style)
{
	char size[32] = "-";

	if (l->size >= 0 && style->is_exact)
		snprintf(size, sizeof(size), "%" PRId64, l->size);
	else if (l->size >= 0)
		show_size(l->size, size);
	fprintf(f, "%-*s  %-8s  %-20s  %-20s  %12s  %s%s%s", width, l->bucket,
		l->name, l->key + strlen(INTERNAL_PREFIX),
		*l->computed ? l->computed : "-", size, l->state,
		*l->why ? ": " : "", l->why);
	if (l->n_packs)
		fprintf(f, ": %u %s", l->n_packs, packs(l->n_packs));
	fputc('\n', f);
}

void
cached_show(FILE *f, const struct answer *answers, size_t n, int64_t ttl_ms,
	    const struct show_style *style)
{
	int width = (int)strlen("bucket");
	struct line l;

	for (size_t i = 0; i < n; i++)
		if ((int)strlen(answers[i].name) > width)
			width = (int)strlen(answers[i].name);
	fprintf(f, "%-*s  %-8s  %-20s  %-20s  %12s  %s\n", width, "bucket",
		"cached", "file", "computed", "size", "state");
	for (size_t i = 0; i < n; i++) {
		for (unsigned row = 0; row < SHELF_ROWS; row++) {
			fill(&l, &answers[i], row, ttl_ms);
			print_line(f, &l, width, style);
		}
	}
}

/* Names and keys have nothing to be escaped. */
static int
add_json(struct buf *b, const struct line *l)
{
	int rc = buf_printf(b,
			    "  {\"bucket\": \"%s\", \"name\": \"%s\", "
			    "\"key\": \"%s\", \"state\": \"%s\", \"why\": ",
			    l->bucket, l->name, l->key, l->state);

	if (rc == 0)
		rc = *l->why ? json_add_string(b, l->why)
			     : buf_add_str(b, "null");
	if (rc == 0)
		rc = *l->computed ? buf_printf(b, ", \"computed_at\": \"%s\"",
					       l->computed)
				  : buf_add_str(b, ", \"computed_at\": null");
	if (rc == 0)
		rc = l->size >= 0
			     ? buf_printf(b, ", \"size\": %" PRId64, l->size)
			     : buf_add_str(b, ", \"size\": null");
	if (rc == 0 && l->n_packs)
		rc = buf_printf(b, ", \"packs\": %u", l->n_packs);
	return rc ? rc : buf_add_str(b, "}");
}

static void
print_json(FILE *f, const struct line *l, const char **separator)
{
	struct buf b CLEANUP_BUF = BUF_INIT(4096);

	if (add_json(&b, l) == 0)
		fprintf(f, "%s%s", *separator, buf_str(&b));
	*separator = ",\n";
}

void
cached_show_json(FILE *f, const struct answer *answers, size_t n,
		 int64_t ttl_ms)
{
	const char *separator = "\n";
	struct line l;

	fputc('[', f);
	for (size_t i = 0; i < n; i++) {
		for (unsigned row = 0; row < SHELF_ROWS; row++) {
			fill(&l, &answers[i], row, ttl_ms);
			print_json(f, &l, &separator);
		}
	}
	fputs("\n]\n", f);
}

static bool
was_asked(const struct look *look)
{
	return look->is_answered || look->err.code;
}

void
cached_show_removed_json(FILE *f, const struct answer *answers, size_t n)
{
	const char *separator = "\n";
	struct line l;

	fputc('[', f);
	for (size_t i = 0; i < n; i++) {
		for (unsigned row = 0; row < SHELF_ROWS; row++) {
			if (!was_asked(&answers[i].looks[row]))
				continue;
			fill_removed(&l, &answers[i], row);
			print_json(f, &l, &separator);
		}
	}
	fputs("\n]\n", f);
}

/* Of packs some may be gone although it failed. */
static void
print_removed(FILE *f, const struct answer *a, unsigned row)
{
	const struct look *look = &a->looks[row];
	unsigned n = look->found.n_packs;
	bool is_gone = shelf_rows[row].is_packs
			       ? n > 0
			       : look->is_answered && look->found.is_there;

	if (is_gone)
		fprintf(f, "deleted s3://%s/%s", a->name, shelf_rows[row].key);
	if (n > 0)
		fprintf(f, ": %u %s", n, packs(n));
	if (is_gone)
		fputc('\n', f);
}

void
cached_show_removed(FILE *f, const struct answer *answers, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (unsigned row = 0; row < SHELF_ROWS; row++)
			print_removed(f, &answers[i], row);
}
