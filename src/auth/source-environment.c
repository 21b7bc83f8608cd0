/* SPDX-License-Identifier: MIT */
/*
 * Keys in the environment, as it was at the start: a source as source.h has them.
 * Never blocks.
 */
#include "config.h"

#include <errno.h>

#include "auth/source.h"
#include "auth/variables.h"

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

static void *
prepare(const struct creds_options *o)
{
	const struct secret_variables *v = o->variables;
	struct environment *e;

	if (o->skip_environment)
		return NULL;
	e = xnew(struct environment);
	make_keys(e, &(struct keys){ .access_key = v->access_key,
				     .secret_key = v->secret_key,
				     .session_token = v->session_token,
				     .source = "environment" });
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
