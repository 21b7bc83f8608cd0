/* SPDX-License-Identifier: MIT */
/*
 * What is wrong with a bucket: see flaws.h.  Any thread.
 */
#include "config.h"

#include "cli/flaws.h"

#include "cli/show.h"
#include "report/integrity-report.h"
#include "util/escape.h"
#include "util/json-text.h"

/* Some 40,000 keys of deltaspaces, those of objects, and escapes. */
#define JSON_MAX (512 * 1024 * 1024)
#define KEY_SHOWN                                                              \
	(4 * 4096 + 1) /* all of the longest, if every byte is escaped */

/* All of the objects, one to a line; what there was no room for is counted. */
static void
show_keys(FILE *f, const struct findings *found)
{
	CLEANUP_FREE struct key *keys = key_list_sorted(&found->keys);
	int64_t rest = found->n - (int64_t)found->keys.n;
	char n[32], key[KEY_SHOWN];

	for (size_t i = 0; i < found->keys.n; i++) {
		escape_text(key, sizeof(key), keys[i].text, keys[i].len);
		fprintf(f, "  %s\n", key);
	}
	if (rest <= 0)
		return;
	show_number(rest, n);
	fprintf(f, "  and %s more: there was no room for all keys\n", n);
}

static void
show_flaw(FILE *f, const char *bucket, enum flaw flaw,
	  const struct findings *found)
{
	char n[32], bytes[32];

	show_number(found->n, n);
	show_number(found->bytes, bytes);
	fprintf(f, "%s: %s: %s, %s bytes\n", bucket, flaw_phrases[flaw], n,
		bytes);
	show_keys(f, found);
}

void
flaws_show(FILE *f, const char *bucket, const struct integrity *in)
{
	if (!integrity_has_any(in))
		fprintf(f, "%s: nothing found\n", bucket);
	for (int flaw = 0; flaw < N_FLAWS; flaw++)
		if (in->of[flaw].n > 0)
			show_flaw(f, bucket, (enum flaw)flaw, &in->of[flaw]);
	if (!in->has_originals)
		fprintf(f, "%s: %s: not known without --detailed --refresh\n",
			bucket, flaw_phrases[FLAW_NOT_SMALLER]);
}

static int
add_key(struct buf *out, const struct key *key)
{
	struct json_key shown;
	int rc = buf_add_str(out, "\n        { \"key\": ");

	if (rc == 0)
		rc = json_add_key(out, key->text, key->len, SIZE_MAX, &shown);
	return rc ? rc
		  : buf_printf(out, ", \"is_url_encoded\": %s }",
			       shown.is_url_encoded ? "true" : "false");
}

static int
add_keys(struct buf *out, enum flaw flaw, const struct findings *found)
{
	CLEANUP_FREE struct key *keys =
		found ? key_list_sorted(&found->keys) : NULL;
	int rc = buf_printf(out, "%s\n      \"%s\": %s", flaw ? "," : "",
			    flaw_names[flaw], found ? "[" : "null");

	for (size_t i = 0; found && i < found->keys.n && rc == 0; i++) {
		if (i > 0)
			rc = buf_add_str(out, ",");
		if (rc == 0)
			rc = add_key(out, &keys[i]);
	}
	return rc || !found ? rc : buf_add_str(out, keys ? "\n      ]" : "]");
}

static int
add_integrity(struct buf *out, const struct integrity_report *r)
{
	int rc = integrity_report_add(out, r, 2);

	if (rc == 0)
		rc = buf_add_str(out, ",\n    \"keys\": {");
	for (int flaw = 0; flaw < N_FLAWS && rc == 0; flaw++)
		rc = add_keys(out, (enum flaw)flaw, r->of[flaw]);
	return rc ? rc : buf_add_str(out, "\n    }");
}

static int
add_json(struct buf *out, const char *bucket, const struct integrity_report *r)
{
	int rc = buf_add_str(out, "{\n  \"bucket\": ");

	if (rc == 0)
		rc = json_add_string(out, bucket);
	if (rc == 0)
		rc = buf_add_str(out, ",\n  \"integrity\": {\n");
	if (rc == 0)
		rc = add_integrity(out, r);
	return rc ? rc : buf_add_str(out, "\n  }\n}");
}

int
flaws_show_json(FILE *f, const char *bucket, struct result *r, enum mode mode)
{
	struct buf text CLEANUP_BUF = BUF_INIT(JSON_MAX);
	struct mode_state states[N_DOCUMENTS] = { { .result = NULL } };
	struct integrity_report report;
	int rc;

	states[mode].result = r;
	integrity_report_fill(&report, states);
	report.key_max = SIZE_MAX;
	rc = add_json(&text, bucket, &report);
	if (rc == 0)
		fputs(buf_str(&text), f);
	return rc;
}
