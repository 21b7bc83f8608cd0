/* SPDX-License-Identifier: MIT */
/*
 * A role for the token of an identity provider (Kubernetes: IRSA), which is in a file: a
 * source as source.h has them.  Variables, or keys of the profile, one by one.
 *
 * Source: AWS SDKs and Tools Reference Guide, "Assume role credential provider".
 */
#include "config.h"

#include <errno.h>

#include "auth/profiles.h"
#include "auth/renewal.h"
#include "auth/source.h"
#include "auth/sts-settings.h"
#include "auth/token-file.h"
#include "auth/variables.h"

struct web_identity {
	const struct profiles *profiles;
	/* Of the environment; NULL: not set.  "": nor does the profile count. */
	char *file, *arn, *session_name;
	struct sts_settings sts;
	unsigned version;
	struct renewal renewal;
};

static const struct aws_profile *
found(const struct web_identity *w)
{
	return profiles_found(w->profiles);
}

/* A variable that is empty is set, with the AWS CLI: then there is none. */
static const char *
choose(const char *variable, const char *of_profile)
{
	const char *value = variable ? variable : of_profile;

	return value && *value ? value : NULL;
}

static const char *
file_of(const struct web_identity *w)
{
	return choose(w->file, found(w)->web_identity_token_file);
}

/* The file is read at each fetch: its owner replaces it. */
static int
get_keys(struct web_identity *w, const char *file, const struct sts_role *asked,
	 struct keys **out, struct err *err)
{
	struct buf token CLEANUP_BUF = BUF_INIT_SECRET(TOKEN_FILE_MAX);
	struct sts sts = sts_settings_get(&w->sts, found(w));
	struct sts_role role = *asked;
	int rc = 0;

	if (!role.arn)
		rc = err_set(err, EACCES,
			     "a token file, but no role: AWS_ROLE_ARN");
	if (rc == 0)
		rc = token_file_read(&token, file, err);
	role.web_token = buf_str(&token);
	if (rc == 0)
		rc = sts_assume(&sts, &role, source_web_identity.name, out,
				err);
	if (rc == 0)
		return 0;
	err_wrap(err, "%s", source_web_identity.name);
	err->code = EACCES;
	return -EACCES;
}

static int
of_profile(void *source, const struct aws_profile *p, const char *name,
	   struct keys **out, struct err *err)
{
	const struct sts_role role = { .arn = p->role_arn,
				       .session_name = p->role_session_name };

	(void)name;
	if (!p->web_identity_token_file)
		return err_set(err, ENOENT, "%s", "");
	return get_keys(source, p->web_identity_token_file, &role, out, err);
}

static int
fetch(void *source, struct keys **out, struct err *err)
{
	struct web_identity *w = source;
	const struct aws_profile *p = found(w);
	const struct sts_role role = {
		.arn = choose(w->arn, p->role_arn),
		.session_name = choose(w->session_name, p->role_session_name),
	};

	return get_keys(w, file_of(w), &role, out, err);
}

static void *
prepare(const struct creds_options *o)
{
	struct web_identity *w;

	if (!o->fetch_ms)
		return NULL;
	w = xnew(struct web_identity);
	w->profiles = o->profiles;
	if (!o->skip_environment) {
		w->file =
			xstrdup_or_null(getenv("AWS_WEB_IDENTITY_TOKEN_FILE"));
		w->arn = xstrdup_or_null(getenv("AWS_ROLE_ARN"));
		w->session_name =
			xstrdup_or_null(getenv("AWS_ROLE_SESSION_NAME"));
	}
	sts_settings_init(&w->sts, o);
	return w;
}

static int
ask(void *source, enum must_look must_look, struct keys **out, struct err *err)
{
	struct web_identity *w = source;

	if (!file_of(w))
		return err_set(err, ENOENT, "%s", "");
	if (w->version != profiles_version(w->profiles))
		renewal_clear(&w->renewal);
	w->version = profiles_version(w->profiles);
	return renewal_ask(&w->renewal, must_look, fetch, w, out, err);
}

static bool
is_configured(void *source)
{
	return file_of(source) != NULL;
}

static char *
dup_url(void *source)
{
	const struct web_identity *w = source;
	struct sts sts = sts_settings_get(&w->sts, found(w));

	return sts_dup_url(&sts);
}

static int64_t
due_ms(void *source)
{
	const struct web_identity *w = source;

	return w->renewal.due_ms;
}

static void
web_identity_free(void *source)
{
	struct web_identity *w = source;

	renewal_clear(&w->renewal);
	sts_settings_clear(&w->sts);
	free(w->file);
	free(w->arn);
	free(w->session_name);
	free(w);
}

const struct source source_web_identity = {
	.name = "web identity",
	.prepare = prepare,
	.ask = ask,
	.of_profile = of_profile,
	.is_configured = is_configured,
	.dup_url = dup_url,
	.due_ms = due_ms,
	.free = web_identity_free,
};
