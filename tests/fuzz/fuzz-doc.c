/* SPDX-License-Identifier: MIT */
/*
 * A cached document from anywhere, read in every mode.  What is accepted is
 * possible, of one length when printed, and the same after that.
 */
#include "config.h"

#include "stats/doc.h"

#define BUCKET "releases"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool ok)
{
	if (!ok)
		abort();
}

static void
check_good(const struct doc *d)
{
	CLEANUP_BUF struct buf text = BUF_INIT(DOC_MAX);
	struct doc again;

	check(d->figures.object_count - d->figures.delta_objects ==
	      d->figures.direct_objects);
	check(d->figures.average_compression_ratio >= 0);
	check(d->figures.average_compression_ratio <= 1);
	check(doc_print(&text, d) == 0);
	check(text.len == DOC_LEN);
	check(doc_parse(&again, text.data, text.len, BUCKET, d->mode, NULL) ==
	      DOC_GOOD);
	check(again.computed_at == d->computed_at);
	check(validation_matches(&again.validation, &d->validation));
	check(again.validation.has_fingerprint ==
	      d->validation.has_fingerprint);
	check(again.has_accuracy == d->has_accuracy);
	check(memcmp(&again.figures, &d->figures, sizeof(d->figures)) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (int mode = 0; mode < N_MODES; mode++) {
		struct err err = ERR_INIT;
		struct doc d;

		if (doc_parse(&d, (const char *)data, size, BUCKET,
			      (enum mode)mode, &err) == DOC_GOOD) {
			check(err.code == 0);
			check_good(&d);
		} else {
			check(err.code != 0);
		}
	}
	return 0;
}
