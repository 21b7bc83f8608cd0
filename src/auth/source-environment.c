/* SPDX-License-Identifier: MIT */
/*
 * Keys in the environment, as it was at the start: a source as source.h has them.
 * Never blocks.
 */
#include "config.h"

#include <errno.h>

#include "auth/source.h"
#include "auth/variables.h"
#include "util/date.h"

/* Either keys, or why there are none. */
struct environment {
	struct keys *keys;
	struct err err;
};

/* Of temporary keys that somebody else has fetched, and who may say until when. */
#define EXPIRATION "AWS_CREDENTIAL_EXPIRATION"

static int
make_keys(struct environment *e, const struct keys *found)
{
	if (!found->access_key)
		return err_set(&e->err, ENOENT, "environment%s",
			       found->secret_key
				       ? " (AWS_SECRET_ACCESS_KEY without "
					 "AWS_ACCESS_KEY_ID)"
				       : "");
	if (!found->secret_key)
		return err_set(&e->err, EACCES,
			       "AWS_ACCESS_KEY_ID is set, but "
			       "AWS_SECRET_ACCESS_KEY is not");
	if (keys_new(&e->keys, found, &e->err) != 0)
		return err_wrap(&e->err, "environment");
	return 0;
}

static int
make(struct environment *e, const struct secret_variables *v)
{
	CLEANUP_FREE char *expiration = variable_dup(EXPIRATION);
	struct keys found = { .access_key = v->access_key,
			      .secret_key = v->secret_key,
			      .session_token = v->session_token,
			      .source = "environment" };

	if (v->access_key && expiration &&
	    (!date_parse_any_zone(expiration, &found.expires_at) ||
	     found.expires_at <= 0))
		return err_set(&e->err, EACCES, EXPIRATION " is not a time");
	return make_keys(e, &found);
}

static void *
prepare(const struct creds_options *o)
{
	struct environment *e;

	if (o->skip_environment)
		return NULL;
	e = xnew(struct environment);
	make(e, o->variables);
	return e;
}

static int
ask(void *source, enum must_look must_look, struct keys **found,
    struct err *err)
{
	struct environment *e = source;

	(void)must_look;
	if (e->err.code)
		return err_copy(err, &e->err);
	if (keys_have_expired(e->keys))
		return err_set(
			err, EACCES,
			"environment: the keys have expired, says " EXPIRATION);
	*found = keys_ref(e->keys);
	return 0;
}

static void
environment_free(void *source)
{
	struct environment *e = source;

	keys_unref(e->keys);
	free(e);
}

const struct source source_environment = {
	.name = "environment",
	.prepare = prepare,
	.ask = ask,
	.free = environment_free,
};
