/* SPDX-License-Identifier: MIT */
/*
 * What is told to be wrong with a bucket: see integrity-report.h.  Pure; any thread.
 */
#include "config.h"

#include "report/integrity-report.h"

#include "report/json.h"
#include "util/json-text.h"

#define AT(field) offsetof(struct integrity_report, field)

static const struct axis by_flaw = { .label = "flaw",
				     .names = flaw_names,
				     .n = N_FLAWS };

static const struct member rows[] = {
	{ .path = "listed_at",
	  .metric = "dgstatfs_integrity_timestamp_seconds",
	  .kind = MEMBER_TIME,
	  .at = AT(listed_at),
	  .meaning = "When the LIST began that told this" },
	{ .path = "objects",
	  .metric = "dgstatfs_flawed_objects",
	  .kind = MEMBER_COUNT,
	  .at = AT(objects),
	  .axis = &by_flaw,
	  .meaning = "Deltas and references with which something is wrong" },
	{ .path = "bytes",
	  .metric = "dgstatfs_flawed_size_bytes",
	  .kind = MEMBER_BYTES,
	  .at = AT(bytes),
	  .axis = &by_flaw,
	  .meaning = "Size of these as stored" },
};

const struct members integrity_members = { rows, ARRAY_SIZE(rows), NULL, 0 };

/* --- the values --- */

/* The result that was found true last. */
static const struct result *
newest(const struct mode_state of[N_DOCUMENTS])
{
	const struct result *found = NULL;

	for (int mode = 0; mode < N_DOCUMENTS; mode++) {
		const struct result *r = of[mode].result;

		if (r && r->integrity &&
		    (!found ||
		     r->listed.began_at_ms > found->listed.began_at_ms))
			found = r;
	}
	return found;
}

static const struct integrity *
find_originals(const struct mode_state of[N_DOCUMENTS])
{
	const struct result *r = of[MODE_DETAILED].result;

	return r && r->integrity && r->integrity->has_originals ? r->integrity
								: NULL;
}

static void
set(struct integrity_report *out, int flaw, const struct findings *f)
{
	out->of[flaw] = f;
	out->objects[flaw] = f ? f->n : MEMBER_UNKNOWN;
	out->bytes[flaw] = f ? f->bytes : MEMBER_UNKNOWN;
}

void
integrity_report_fill(struct integrity_report *out,
		      const struct mode_state of[N_DOCUMENTS])
{
	const struct result *r = newest(of);
	const struct integrity *originals = find_originals(of);

	*out = (struct integrity_report){
		.is_known = r,
		.key_max = INTEGRITY_KEY_SHOWN,
		.listed_at = r ? r->listed.began_at : MEMBER_UNKNOWN,
	};
	for (int flaw = 0; flaw < N_FLAWS; flaw++) {
		const struct integrity *in = flaw == FLAW_NOT_SMALLER
						     ? originals
					     : r ? r->integrity
						 : NULL;

		set(out, flaw, in ? &in->of[flaw] : NULL);
	}
}

/* --- deltaspaces as JSON --- */

static int
add_key(struct buf *out, const struct flawed_space *s, size_t key_max)
{
	struct json_key shown;
	int rc = json_add_key(out, s->key, s->key_len, key_max, &shown);

	return rc ? rc
		  : buf_printf(out, ", \"is_url_encoded\": %s, \"is_cut\": %s",
			       shown.is_url_encoded ? "true" : "false",
			       shown.is_cut ? "true" : "false");
}

static int
add_space(struct buf *out, const struct flawed_space *s, size_t key_max,
	  int indent)
{
	int rc = buf_printf(out, "\n%*s{ \"objects\": %lld, \"key\": ", indent,
			    "", (long long)s->n);

	if (rc == 0)
		rc = add_key(out, s, key_max);
	return rc ? rc : buf_add_str(out, " }");
}

static int
add_spaces(struct buf *out, int flaw, const struct integrity_report *r,
	   int indent)
{
	const struct findings *f = r->of[flaw];
	int rc = buf_printf(out, "%s\n%*s\"%s\": %s", flaw ? "," : "", indent,
			    "", flaw_names[flaw],
			    !f		       ? "null"
			    : f->n_spaces == 0 ? "[]"
					       : "[");

	if (rc || !f || f->n_spaces == 0)
		return rc;
	for (size_t i = 0; i < f->n_spaces && rc == 0; i++) {
		if (i > 0)
			rc = buf_add_str(out, ",");
		if (rc == 0)
			rc = add_space(out, &f->spaces[i], r->key_max,
				       indent + 2);
	}
	return rc ? rc : buf_printf(out, "\n%*s]", indent, "");
}

int
integrity_report_add(struct buf *out, const struct integrity_report *r,
		     unsigned depth)
{
	int indent = 2 * (int)depth, rc;

	rc = json_add_members(out, &integrity_members, r, depth);
	if (rc == 0)
		rc = buf_printf(out, ",\n%*s\"deltaspaces\": {", indent, "");
	for (int flaw = 0; flaw < N_FLAWS && rc == 0; flaw++)
		rc = add_spaces(out, flaw, r, indent + 2);
	return rc ? rc : buf_printf(out, "\n%*s}", indent, "");
}
