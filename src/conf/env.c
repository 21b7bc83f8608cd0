/* SPDX-License-Identifier: MIT */
/*
 * Environment and profile: see env.h.  Main thread, before the fork.
 * An empty variable counts as one that is not set.
 */
#include "config.h"

#include "conf/env.h"

#include <errno.h>
#include <pwd.h>
#include <strings.h>
#include <unistd.h>

#include "auth/aws-files.h"

/* Who else may set an option, after the command line, in order of precedence. */
struct source {
	const char *option;
	const char *variables[2];
	size_t offset; /* of the profile's word in struct aws_profile */
	bool is_endpoint; /* AWS_IGNORE_CONFIGURED_ENDPOINT_URLS is about it */
};

static const struct source sources[] = {
	{ "endpoint_url",
	  { "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL" },
	  offsetof(struct aws_profile, endpoint_url),
	  true },
	{ "region",
	  { "AWS_REGION", "AWS_DEFAULT_REGION" },
	  offsetof(struct aws_profile, region),
	  false },
	{ "ca_bundle",
	  { "AWS_CA_BUNDLE", NULL },
	  offsetof(struct aws_profile, ca_bundle),
	  false },
};

/* The shared files: the variable that names one, and where it is without. */
struct shared_file {
	const char *variable;
	const char *standard;
	size_t offset; /* of the path in struct conf */
};

static const struct shared_file shared_files[] = {
	{ "AWS_CONFIG_FILE", "~/.aws/config",
	  offsetof(struct conf, config_path) },
	{ "AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials",
	  offsetof(struct conf, credentials_path) },
};

static const struct {
	const char *name;
	const char *help;
} variables[] = {
	{ "AWS_ACCESS_KEY_ID", "credentials" },
	{ "AWS_SECRET_ACCESS_KEY", "and their secret" },
	{ "AWS_SESSION_TOKEN", "and, of temporary ones, the token" },
	{ "AWS_PROFILE", "as profile=" },
	{ "AWS_CONFIG_FILE", "instead of ~/.aws/config" },
	{ "AWS_SHARED_CREDENTIALS_FILE", "instead of ~/.aws/credentials" },
	{ "AWS_REGION", "as region=; or AWS_DEFAULT_REGION" },
	{ "AWS_ENDPOINT_URL_S3", "as endpoint_url=; or AWS_ENDPOINT_URL" },
	{ "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
	  "true: endpoint_url= and SOURCE only" },
	{ "AWS_CA_BUNDLE", "as ca_bundle=" },
	{ "AWS_MAX_ATTEMPTS", "retries= plus one" },
};

/* The value of a variable, or NULL. */
static const char *
variable(char *const env[], const char *name)
{
	size_t n = strlen(name);

	for (; *env; env++)
		if (strncmp(*env, name, n) == 0 && (*env)[n] == '=')
			return (*env)[n + 1] ? *env + n + 1 : NULL;
	return NULL;
}

/* `path` absolute, with "~" replaced; NULL if there is no home. */
static char *
expand(const char *path, char *const env[])
{
	const char *home;

	if (strncmp(path, "~/", 2) != 0)
		return conf_absolute_path(path);
	home = variable(env, "HOME");
	if (!home) {
		const struct passwd *pw = getpwuid(getuid());

		home = pw ? pw->pw_dir : NULL;
	}
	return home ? xasprintf("%s/%s", home, path + 2) : NULL;
}

/* A file that a variable names must be there; the usual one need not. */
static int
find_files(struct conf *c, char *const env[], struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(shared_files); i++) {
		const struct shared_file *f = &shared_files[i];
		const char *named = variable(env, f->variable);
		char *path = expand(named ? named : f->standard, env);

		int rc = path ? 0 : -ENOENT;

		*(char **)(void *)((char *)c + f->offset) = path;
		if (path && access(path, F_OK) != 0)
			rc = -errno;
		if (named && rc)
			return err_set(err, -rc, "%s: %s: %s", f->variable,
				       named, strerror(-rc));
	}
	return 0;
}

/*
 * The usual files of another user (HOME kept by sudo) are none: whether they
 * are needed shows when credentials are.
 */
static bool
is_excused(const struct err *problem, char *const env[])
{
	bool is_named = false;

	for (size_t i = 0; i < ARRAY_SIZE(shared_files); i++)
		is_named |= variable(env, shared_files[i].variable) != NULL;
	return problem->code == EACCES && !is_named;
}

static int
load_profile(struct conf_options *o, struct aws_profile *p, char *const env[],
	     struct err *err)
{
	struct conf *c = o->conf;
	struct err problem = ERR_INIT;
	bool is_named;
	int rc;

	rc = conf_option_offer(o, "profile", variable(env, "AWS_PROFILE"),
			       "AWS_PROFILE", err);
	is_named = c->profile != NULL;
	if (rc == 0)
		rc = conf_option_offer(o, "profile", "default", "", err);
	if (rc == 0)
		rc = find_files(c, env, err);
	if (rc)
		return rc;
	rc = aws_profile_load(p, c->config_path, c->credentials_path,
			      c->profile, &problem);
	if (rc && (is_named || !is_excused(&problem, env)))
		return err_copy(err, &problem);
	if (is_named && !p->is_present)
		return err_set(err, EINVAL,
			       "profile %s: neither in %s nor in %s",
			       c->profile, c->config_path, c->credentials_path);
	return 0;
}

/* AWS_MAX_ATTEMPTS and max_attempts count the first try, retries= does not. */
static int
offer_attempts(struct conf_options *o, const char *value, const char *origin,
	       struct err *err)
{
	char retries[16];
	size_t len = value ? strlen(value) : 0;

	if (len == 0)
		return 0;
	if (len > 4 || strspn(value, "0123456789") != len || atoi(value) < 1)
		return err_set(err, EINVAL, "%s: \"%s\" is not a number from 1",
			       origin, value);
	snprintf(retries, sizeof(retries), "%d", atoi(value) - 1);
	return conf_option_offer(o, "retries", retries, origin, err);
}

static int
offer_style(struct conf_options *o, const char *value, const char *origin,
	    struct err *err)
{
	if (!value || strcmp(value, "auto") == 0)
		return 0;
	if (strcmp(value, "path") != 0 && strcmp(value, "virtual") != 0)
		return err_set(err, EINVAL,
			       "%s: addressing_style \"%s\" is not path, "
			       "virtual or auto",
			       origin, value);
	return conf_option_offer(o, "force_path_style",
				 *value == 'p' ? "true" : "false", origin, err);
}

static bool
ignores_endpoints(const struct aws_profile *p, char *const env[])
{
	const char *v = variable(env, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");

	if (!v)
		v = p->ignore_endpoint_urls;
	return v && strcasecmp(v, "true") == 0;
}

static int
offer_source(struct conf_options *o, const struct source *s,
	     const struct aws_profile *p, char *const env[], struct err *err)
{
	CLEANUP_FREE char *origin = xasprintf("profile %s", o->conf->profile);
	const char *const *word = (const void *)((const char *)p + s->offset);
	int rc = 0;

	for (size_t i = 0; i < 2 && s->variables[i] && rc == 0; i++)
		rc = conf_option_offer(o, s->option,
				       variable(env, s->variables[i]),
				       s->variables[i], err);
	if (rc == 0)
		rc = conf_option_offer(o, s->option, *word, origin, err);
	return rc;
}

static int
offer_all(struct conf_options *o, const struct aws_profile *p,
	  char *const env[], struct err *err)
{
	CLEANUP_FREE char *origin = xasprintf("profile %s", o->conf->profile);
	bool is_ignoring = ignores_endpoints(p, env);
	int rc = 0;

	for (size_t i = 0; i < ARRAY_SIZE(sources) && rc == 0; i++)
		if (!sources[i].is_endpoint || !is_ignoring)
			rc = offer_source(o, &sources[i], p, env, err);
	if (rc == 0)
		rc = offer_attempts(o, variable(env, "AWS_MAX_ATTEMPTS"),
				    "AWS_MAX_ATTEMPTS", err);
	if (rc == 0)
		rc = offer_attempts(o, p->max_attempts, origin, err);
	if (rc == 0)
		rc = offer_style(o, p->addressing_style, origin, err);
	return rc;
}

int
conf_env_offer(struct conf_options *o, char *const env[], struct err *err)
{
	struct aws_profile p = { 0 };
	int rc = load_profile(o, &p, env, err);

	if (rc == 0)
		rc = offer_all(o, &p, env, err);
	aws_profile_clear(&p);
	return rc;
}

void
conf_env_print_help(FILE *f)
{
	for (size_t i = 0; i < ARRAY_SIZE(variables); i++)
		fprintf(f, "    %-35s  %s\n", variables[i].name,
			variables[i].help);
}
