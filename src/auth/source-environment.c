/* SPDX-License-Identifier: MIT */
/*
 * Keys in the environment, as it was at the start: a source as source.h has them.
 * Never blocks.
 */
#include "config.h"

#include <errno.h>

#include "auth/source.h"
#include "auth/variables.h"
#include "util/wipe.h"

/* Either keys, or why there are none. */
struct environment {
	struct keys *keys;
	struct err err;
};

static int
make_keys(struct environment *e, const struct keys *found)
{
	if (!found->access_key && !found->secret_key)
		return err_set(&e->err, ENOENT, "environment");
	if (!found->access_key)
		return err_set(&e->err, EACCES,
			       "AWS_SECRET_ACCESS_KEY is set, but "
			       "AWS_ACCESS_KEY_ID is not");
	if (!found->secret_key)
		return err_set(&e->err, EACCES,
			       "AWS_ACCESS_KEY_ID is set, but "
			       "AWS_SECRET_ACCESS_KEY is not");
	if (keys_new(&e->keys, found, &e->err) != 0)
		return err_wrap(&e->err, "environment");
	return 0;
}

/* The variables are taken whoever's they are, and whether they are used or not. */
static void *
prepare(const struct creds_options *o)
{
	char *access_key = variable_take("AWS_ACCESS_KEY_ID");
	char *secret_key = variable_take("AWS_SECRET_ACCESS_KEY");
	char *session_token = variable_take("AWS_SESSION_TOKEN");
	struct environment *e = NULL;

	if (!o->skip_environment) {
		e = xnew(struct environment);
		make_keys(e, &(struct keys){ .access_key = access_key,
					     .secret_key = secret_key,
					     .session_token = session_token,
					     .source = "environment" });
	}
	wipe_free(access_key);
	wipe_free(secret_key);
	wipe_free(session_token);
	return e;
}

static int
ask(void *source, bool must_look, struct keys **found, struct err *err)
{
	struct environment *e = source;

	(void)must_look;
	if (e->err.code)
		return err_copy(err, &e->err);
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
