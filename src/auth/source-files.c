/* SPDX-License-Identifier: MIT */
/*
 * The shared AWS files: a source as source.h has them, which has no keys of its own: it
 * reads the files, or hangs there, for those behind it.
 */
#include "config.h"

#include <errno.h>

#include "auth/profiles.h"
#include "auth/source.h"

static void *
prepare(const struct creds_options *o)
{
	return o->profiles;
}

static int
ask(void *source, enum must_look must_look, struct keys **found,
    struct err *err)
{
	struct profiles *p = source;
	int rc = profiles_look(p, must_look, err);

	(void)found;
	return rc ? rc : profiles_set_silent(p, err);
}

/* They are the chain's. */
static void
files_free(void *source)
{
	(void)source;
}

const struct source source_files = {
	.name = "shared AWS files",
	.prepare = prepare,
	.ask = ask,
	.free = files_free,
};
