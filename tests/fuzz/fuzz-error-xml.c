/* SPDX-License-Identifier: MIT */
/*
 * An error document and a list of buckets from anywhere: each input is read as
 * both.  Every text fits, and every name could be that of a directory.
 */
#include "config.h"

#include "s3/buckets-page.h"
#include "s3/error-doc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool ok)
{
	if (!ok)
		abort();
}

static void
check_name(const char *name)
{
	size_t len = strlen(name);

	check(len >= 3 && len <= 255 && name[0] != '.');
	check(!strpbrk(name, "/ \n\t\"\\"));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buckets_page page;
	struct s3_error e;

	s3_error_parse(&e, (const char *)data, size);
	check(strnlen(e.code, sizeof(e.code)) < sizeof(e.code));
	check(strnlen(e.request_id, sizeof(e.request_id)) <
	      sizeof(e.request_id));
	check(strnlen(e.region, sizeof(e.region)) < sizeof(e.region));
	if (buckets_page_parse(&page, (const char *)data, size, NULL) == 0)
		for (size_t i = 0; i < page.n_names; i++)
			check_name(page.names[i]);
	buckets_page_clear(&page);
	return 0;
}
