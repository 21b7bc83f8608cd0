/* SPDX-License-Identifier: MIT */
/*
 * Keys that are written in one of the shared AWS files: two sources as source.h has them,
 * since a credential_process is asked before the config file and after the other one; and
 * between them one that says what is not built.
 * Never block: source-files.c has read the files.
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

/* Those of `aws login` are signed in a way of their own. */
static int
refuse_login(void *source, const struct aws_profile *p, const char *name,
	     struct keys **found, struct err *err)
{
	(void)source;
	(void)found;
	if (!p->login_session)
		return err_set(err, ENOENT, "%s", "");
	return err_set(err, EACCES,
		       "login_session of profile %s is not known here, but a "
		       "profile with credential_process = aws configure "
		       "export-credentials --profile %s --format process has "
		       "its keys",
		       name, name);
}

static int
ask_login(void *source, enum must_look must_look, struct keys **found,
	  struct err *err)
{
	(void)must_look;
	return refuse_login(source, profiles_found(source),
			    profiles_name(source), found, err);
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

const struct source source_login = {
	.name = "aws login",
	.prepare = prepare,
	.ask = ask_login,
	.of_profile = refuse_login,
	.free = static_free,
};

const struct source source_config_file = {
	.name = "config file",
	.prepare = prepare,
	.ask = ask_config,
	.free = static_free,
};
