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

#define JSON_MAX (512 * 1024 * 1024) /* 40,000 keys, and escapes */
#define KEY_SHOWN                                                              \
	(4 * 4096 + 1) /* all of the longest, if every byte is escaped */

static void
show_space(FILE *f, const struct flawed_space *s)
{
	char n[32], key[KEY_SHOWN];

	show_number(s->n, n);
	escape_text(key, sizeof(key), s->key, s->key_len);
	fprintf(f, "%11s  %s\n", n, key);
}

/* What is in deltaspaces that are too many to be known by name. */
static void
show_rest(FILE *f, const struct findings *found)
{
	int64_t rest = found->n;
	char n[32];

	for (size_t i = 0; i < found->n_spaces; i++)
		rest -= found->spaces[i].n;
	if (rest <= 0)
		return;
	show_number(rest, n);
	fprintf(f, "%11s  in deltaspaces behind these\n", n);
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
	for (size_t i = 0; i < found->n_spaces; i++)
		show_space(f, &found->spaces[i]);
	show_rest(f, found);
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
add_json(struct buf *out, const char *bucket, const struct integrity_report *r)
{
	int rc = buf_add_str(out, "{\n  \"bucket\": ");

	if (rc == 0)
		rc = json_add_string(out, bucket);
	if (rc == 0)
		rc = buf_add_str(out, ",\n  \"integrity\": {\n");
	if (rc == 0)
		rc = integrity_report_add(out, r, 2);
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
