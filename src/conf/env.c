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
#include "conf/values.h"

/* What is asked of them. */
struct sources {
	struct conf *conf;
	char *const *env;
	struct aws_profile credentials, config; /* one profile, in each file */
};

/*
 * A value as its variable and the profile write it, as the option does: "" says
 * nothing.  -EINVAL with a message that does not say yet whose value it is.
 */
typedef int translate_fn(const char *value, char out[16], struct err *err);

static translate_fn attempts_to_retries, mode_to_retries, style_to_switch,
	word_to_switch, word_to_yes;

/* Who else may set an option, after the command line, in order of precedence. */
struct source {
	const char *option;
	const char *variables[2];
	size_t offset; /* of the profile's word in struct aws_profile */
	translate_fn *translate; /* NULL: they write it alike */
	bool is_endpoint; /* ignore_configured_endpoint_urls is about it */
};

#define WORD(member) .offset = offsetof(struct aws_profile, member)

static const struct source sources[] = {
	{ "ignore_configured_endpoint_urls",
	  { "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS" },
	  WORD(ignore_endpoint_urls),
	  .translate = word_to_switch },
	{ "endpoint_url",
	  { "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL" },
	  WORD(s3_endpoint_url),
	  .is_endpoint = true },
	{ "endpoint_url", { NULL }, WORD(endpoint_url), .is_endpoint = true },
	{ "region", { "AWS_REGION", "AWS_DEFAULT_REGION" }, WORD(region) },
	/* S3's own can only say yes, and nothing else than it can say no then */
	{ "use_dualstack_endpoint",
	  { NULL },
	  WORD(s3_use_dualstack_endpoint),
	  .translate = word_to_yes },
	{ "use_dualstack_endpoint",
	  { "AWS_USE_DUALSTACK_ENDPOINT" },
	  WORD(use_dualstack_endpoint),
	  .translate = word_to_switch },
	{ "use_fips_endpoint",
	  { "AWS_USE_FIPS_ENDPOINT" },
	  WORD(use_fips_endpoint),
	  .translate = word_to_switch },
	{ "us_east_1_regional_endpoint",
	  { "AWS_S3_US_EAST_1_REGIONAL_ENDPOINT" },
	  WORD(us_east_1_endpoint) },
	{ "ca_bundle", { "AWS_CA_BUNDLE" }, WORD(ca_bundle) },
	{ "ca_bundle", { "REQUESTS_CA_BUNDLE" }, WORD(ca_bundle) },
	{ "retries",
	  { "AWS_MAX_ATTEMPTS" },
	  WORD(max_attempts),
	  .translate = attempts_to_retries },
	{ "retries",
	  { "AWS_RETRY_MODE" },
	  WORD(retry_mode),
	  .translate = mode_to_retries },
	{ "force_path_style",
	  { NULL },
	  WORD(addressing_style),
	  .translate = style_to_switch },
};

/* The shared files: the variable that names one, and where it is without. */
struct shared_file {
	const char *variable;
	const char *usual;
	const char *credential; /* its name among systemd's; NULL: none */
	size_t offset; /* of the path in struct conf_store */
};

static const struct shared_file shared_files[] = {
	{ "AWS_CONFIG_FILE", "~/.aws/config", NULL,
	  offsetof(struct conf_store, config_path) },
	{ "AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials",
	  "aws-credentials", offsetof(struct conf_store, credentials_path) },
};

static const struct {
	const char *name;
	const char *help;
} variables[] = {
	{ "AWS_ACCESS_KEY_ID", "credentials" },
	{ "AWS_SECRET_ACCESS_KEY", "and their secret" },
	{ "AWS_SESSION_TOKEN", "and, of temporary ones, the token" },
	{ "AWS_PROFILE", "as profile=; or AWS_DEFAULT_PROFILE" },
	{ "AWS_CONFIG_FILE", "instead of ~/.aws/config" },
	{ "AWS_SHARED_CREDENTIALS_FILE", "instead of ~/.aws/credentials" },
	{ "CREDENTIALS_DIRECTORY", "aws-credentials in it, likewise" },
	{ "AWS_REGION", "as region=; or AWS_DEFAULT_REGION" },
	{ "AWS_ENDPOINT_URL_S3", "as endpoint_url=; or AWS_ENDPOINT_URL" },
	{ "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
	  "true: endpoint_url= and SOURCE only" },
	{ "AWS_USE_DUALSTACK_ENDPOINT", "as use_dualstack_endpoint=" },
	{ "AWS_USE_FIPS_ENDPOINT", "as use_fips_endpoint=" },
	{ "AWS_S3_US_EAST_1_REGIONAL_ENDPOINT",
	  "as us_east_1_regional_endpoint=" },
	{ "AWS_CA_BUNDLE", "as ca_bundle=" },
	{ "AWS_MAX_ATTEMPTS", "retries= plus one" },
	{ "AWS_RETRY_MODE", "its number of tries, without that" },
	{ "AWS_ROLE_ARN", "and AWS_WEB_IDENTITY_TOKEN_FILE" },
	{ "AWS_ENDPOINT_URL_STS", "who gives the keys of roles" },
	{ "AWS_CONTAINER_CREDENTIALS_FULL_URI",
	  "credentials; or ..._RELATIVE_URI" },
	{ "AWS_EC2_METADATA_DISABLED", "true: no credentials of EC2" },
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

/* NULL: there is none. */
static const char *
find_home(char *const env[])
{
	const char *home = variable(env, "HOME");
	const struct passwd *pw = home ? NULL : getpwuid(getuid());

	return pw ? pw->pw_dir : home;
}

/* `path` absolute, with "~" replaced; NULL if there is no home. */
static char *
expand(const char *path, char *const env[])
{
	const char *home;

	if (strncmp(path, "~/", 2) != 0)
		return conf_absolute_path(path);
	home = find_home(env);
	return home ? xasprintf("%s/%s", home, path + 2) : NULL;
}

/* What LoadCredential= of a unit gives is in the place of the usual one. */
static char *
usual_path(const struct shared_file *f, char *const env[])
{
	const char *dir = variable(env, "CREDENTIALS_DIRECTORY");
	CLEANUP_FREE char *path =
		dir && f->credential ? xasprintf("%s/%s", dir, f->credential)
				     : NULL;

	if (path && access(path, F_OK) == 0)
		return conf_absolute_path(path);
	return expand(f->usual, env);
}

/* A file that a variable names must be there; the usual one need not. */
static int
find_files(struct conf_store *s, char *const env[], struct err *err)
{
	s->home = xstrdup_or_null(find_home(env));
	s->sso_cache_path = expand("~/.aws/sso/cache", env);
	for (size_t i = 0; i < ARRAY_SIZE(shared_files); i++) {
		const struct shared_file *f = &shared_files[i];
		const char *named = variable(env, f->variable);
		char *path = named ? expand(named, env) : usual_path(f, env);

		int rc = path ? 0 : -ENOENT;

		*(char **)(void *)((char *)s + f->offset) = path;
		if (path && access(path, F_OK) != 0)
			rc = -errno;
		if (named && rc)
			return err_set(err, -rc, "%s: %s: %s", f->variable,
				       named, strerror(-rc));
	}
	return 0;
}

/*
 * The usual files of another user (HOME kept by sudo) are none, nor is a FIFO: whether
 * they are needed shows when credentials are.
 */
static bool
is_excused(const struct err *problem, char *const env[])
{
	bool is_named = false;

	for (size_t i = 0; i < ARRAY_SIZE(shared_files); i++)
		is_named |= variable(env, shared_files[i].variable) != NULL;
	return problem->code == EAGAIN ||
	       (problem->code == EACCES && !is_named);
}

/* The older name wins, as with the AWS CLI. */
static int
offer_profile(struct sources *s, struct err *err)
{
	static const char *const names[] = { "AWS_DEFAULT_PROFILE",
					     "AWS_PROFILE" };
	int rc = 0;

	for (size_t i = 0; i < ARRAY_SIZE(names) && rc == 0; i++)
		rc = conf_option_offer(s->conf, "profile",
				       variable(s->env, names[i]),
				       CONF_FROM_ENVIRONMENT, names[i], err);
	return rc;
}

/*
 * The profile, in both files.  Each by itself, so that it can be told which one a
 * value came from; one that can't be read hides the other.
 */
static int
load_files(struct sources *s, struct err *err)
{
	const struct conf_store *c = &s->conf->store;

	return aws_profile_load_each(&s->config, &s->credentials,
				     c->config_path, c->credentials_path,
				     c->profile, err);
}

static int
load_profile(struct sources *s, struct err *err)
{
	struct conf *c = s->conf;
	struct err problem = ERR_INIT;
	bool is_named;
	int rc;

	rc = offer_profile(s, err);
	is_named = c->store.profile != NULL;
	if (rc == 0)
		rc = conf_option_offer(c, "profile", "default",
				       CONF_FROM_DEFAULT, NULL, err);
	if (rc == 0)
		rc = find_files(&c->store, s->env, err);
	if (rc)
		return rc;
	rc = load_files(s, &problem);
	if (rc && (is_named || !is_excused(&problem, s->env)))
		return err_copy(err, &problem);
	if (is_named && !s->credentials.is_present && !s->config.is_present) {
		err_set(err, EINVAL, "profile %s: neither in %s nor in %s",
			c->store.profile, c->store.config_path,
			c->store.credentials_path);
		return conf_add_origin(c, "profile", err);
	}
	return 0;
}

/* What the profile says, and in which file; that of the credentials wins. */
static const char *
profile_word(const struct sources *s, size_t offset, const char **path)
{
	const struct aws_profile *const profiles[] = { &s->credentials,
						       &s->config };
	const char *const paths[] = { s->conf->store.credentials_path,
				      s->conf->store.config_path };
	const char *word = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(profiles) && !word; i++) {
		word = *(
			char *const *)(const void *)((const char *)profiles[i] +
						     offset);
		*path = paths[i];
	}
	return word;
}

/* AWS_MAX_ATTEMPTS and max_attempts count the first try, retries= does not. */
static int
attempts_to_retries(const char *value, char out[16], struct err *err)
{
	size_t len = strlen(value);

	if (len > 4 || strspn(value, "0123456789") != len || atoi(value) < 1)
		return err_set(err, EINVAL, "\"%s\" is not a number from 1",
			       value);
	snprintf(out, 16, "%d", atoi(value) - 1);
	return 0;
}

/* What says how often to try, where nothing says so in numbers. */
static int
mode_to_retries(const char *value, char out[16], struct err *err)
{
	static const char *const words[][2] = {
		{ "legacy", "4" },
		{ "standard", "2" },
		{ "adaptive", "2" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(value, words[i][0]) == 0) {
			strcpy(out, words[i][1]);
			return 0;
		}
	}
	return err_set(err, EINVAL,
		       "retry mode \"%s\" is not legacy, standard or adaptive",
		       value);
}

/* As the SDKs read it: nothing but "true" is. */
static int
word_to_switch(const char *value, char out[16], struct err *err)
{
	(void)err;
	strcpy(out, strcasecmp(value, "true") == 0 ? "true" : "false");
	return 0;
}

static int
word_to_yes(const char *value, char out[16], struct err *err)
{
	(void)err;
	strcpy(out, strcasecmp(value, "true") == 0 ? "true" : "");
	return 0;
}

static int
style_to_switch(const char *value, char out[16], struct err *err)
{
	static const char *const words[][2] = {
		{ "path", "true" },
		{ "virtual", "false" },
		{ "auto", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(value, words[i][0]) == 0) {
			strcpy(out, words[i][1]);
			return 0;
		}
	}
	return err_set(err, EINVAL,
		       "addressing_style \"%s\" is not path, virtual or auto",
		       value);
}

/* A value that is wrong is said even where somebody else has set the option. */
static int
offer(struct sources *s, const struct source *source, const char *value,
      enum conf_from from, const char *from_name, struct err *err)
{
	char translated[16];

	if (value && source->translate) {
		if (source->translate(value, translated, err) != 0)
			return err_wrap(err, "%s", from_name);
		value = translated;
	}
	return conf_option_offer(s->conf, source->option, value, from,
				 from_name, err);
}

static int
offer_source(struct sources *s, const struct source *source, struct err *err)
{
	const char *path;
	const char *word = profile_word(s, source->offset, &path);
	CLEANUP_FREE char *profile =
		word ? xasprintf("%s, profile %s", path, s->conf->store.profile)
		     : NULL;
	int rc = 0;

	for (size_t i = 0; i < 2 && source->variables[i] && rc == 0; i++)
		rc = offer(s, source, variable(s->env, source->variables[i]),
			   CONF_FROM_ENVIRONMENT, source->variables[i], err);
	return rc ? rc
		  : offer(s, source, word, CONF_FROM_PROFILE, profile, err);
}

static bool
is_true(const char *word)
{
	return word && strcasecmp(word, "true") == 0;
}

/* What is no option: S3's own yes, which is not for others, and what is not built. */
static void
look_at_rest(struct sources *s)
{
	static const char option[] = "use_dualstack_endpoint";
	struct conf_store *store = &s->conf->store;
	const char *word = variable(s->env, "AWS_USE_DUALSTACK_ENDPOINT");
	const char *path;

#define OF_PROFILE(member)                                                     \
	profile_word(s, offsetof(struct aws_profile, member), &path)
	if (!word)
		word = OF_PROFILE(use_dualstack_endpoint);
	store->is_dualstack_alone =
		conf_option_from(s->conf, option) == CONF_FROM_PROFILE &&
		is_true(OF_PROFILE(s3_use_dualstack_endpoint)) &&
		!is_true(word);
	store->wants_acceleration =
		!store->endpoint_url &&
		is_true(OF_PROFILE(use_accelerate_endpoint));
#undef OF_PROFILE
}

/* Where the URL would be is nothing, and AWS is not what was meant. */
static int
check_services(const struct sources *s, struct err *err)
{
	enum conf_from from = conf_option_from(s->conf, "endpoint_url");
	const char *path;
	const char *name =
		profile_word(s, offsetof(struct aws_profile, services), &path);

	if (!s->config.lacks_services || s->conf->store.ignores_endpoints ||
	    (from != CONF_FROM_DEFAULT && from != CONF_FROM_PROFILE))
		return 0;
	return err_set(err, EINVAL,
		       "%s, profile %s: there is no section [services %s]",
		       path, s->conf->store.profile, name);
}

static int
offer_all(struct sources *s, struct err *err)
{
	const bool *is_ignoring = &s->conf->store.ignores_endpoints;
	int rc = 0;

	for (size_t i = 0; i < ARRAY_SIZE(sources) && rc == 0; i++)
		if (!sources[i].is_endpoint || !*is_ignoring)
			rc = offer_source(s, &sources[i], err);
	look_at_rest(s);
	return rc ? rc : check_services(s, err);
}

int
conf_env_offer(struct conf *c, char *const env[], struct err *err)
{
	struct sources s = { .conf = c, .env = env };
	int rc = load_profile(&s, err);

	if (rc == 0)
		rc = offer_all(&s, err);
	aws_profile_clear(&s.credentials);
	aws_profile_clear(&s.config);
	return rc;
}

void
conf_env_print_help(FILE *f)
{
	for (size_t i = 0; i < ARRAY_SIZE(variables); i++)
		fprintf(f, "    %-35s  %s\n", variables[i].name,
			variables[i].help);
}
