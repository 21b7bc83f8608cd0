/* SPDX-License-Identifier: MIT */
/*
 * Keys that are written in one of the shared AWS files: two sources as source.h has them,
 * since a credential_process is asked before the config file and after the other one.
 * Never block: source-files.c has read the files.
 */
#include "config.h"

#include "auth/profiles.h"
#include "auth/source.h"

static void *
prepare(const struct creds_options *o)
{
	return o->profiles;
}

static int
ask_credentials(void *source, enum must_look must_look, struct keys **found,
		struct err *err)
{
	(void)must_look;
	return profiles_keys(source, false, found, err);
}

static int
ask_config(void *source, enum must_look must_look, struct keys **found,
	   struct err *err)
{
	(void)must_look;
	return profiles_keys(source, true, found, err);
}

static void
static_free(void *source)
{
	(void)source;
}

const struct source source_credentials_file = {
	.name = "credentials file",
	.prepare = prepare,
	.ask = ask_credentials,
	.free = static_free,
};

const struct source source_config_file = {
	.name = "config file",
	.prepare = prepare,
	.ask = ask_config,
	.free = static_free,
};
