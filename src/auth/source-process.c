/* SPDX-License-Identifier: MIT */
/*
 * credential_process: a program, named in the profile, that prints keys: a source as
 * source.h has them.
 *
 * It is run without a shell, with HOME, PATH and the AWS_* of our own start in its
 * environment, but not the keys that were there, and has request_timeout; then its group
 * is killed.  What it writes on its error output is in the
 * log.
 */
#include "config.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "auth/key-json.h"
#include "auth/profiles.h"
#include "auth/renewal.h"
#include "auth/source.h"
#include "auth/words.h"
#include "util/child.h"
#include "util/log.h"

#define ERROR_OUTPUT_MAX (16 * 1024)

static const struct key_names names = {
	.access_key = "AccessKeyId",
	.secret_key = "SecretAccessKey",
	.session_token = "SessionToken",
	.expiration = "Expiration",
	.has_version = true,
};

struct process {
	const struct profiles *profiles;
	struct children *children;
	int64_t limit_ms;
	char **env; /* NULL at the end */
	unsigned version; /* of the files that had the command */
	struct renewal renewal;
};

static const char *
command(const struct process *p)
{
	return profiles_found(p->profiles)->credential_process;
}

/* --- its environment --- */

static bool
is_named(const char *variable, const char *name)
{
	size_t n = strlen(name);

	return strncmp(variable, name, n) == 0 && variable[n] == '=';
}

/* Secrets are for sources of ours alone. */
static bool
is_for_children(const char *variable)
{
	static const char *const secrets[] = {
		"AWS_ACCESS_KEY_ID",
		"AWS_SECRET_ACCESS_KEY",
		"AWS_SESSION_TOKEN",
		"AWS_SECURITY_TOKEN",
		"AWS_CONTAINER_AUTHORIZATION_TOKEN",
	};

	for (size_t i = 0; i < ARRAY_SIZE(secrets); i++)
		if (is_named(variable, secrets[i]))
			return false;
	return is_named(variable, "HOME") || is_named(variable, "PATH") ||
	       strncmp(variable, "AWS_", 4) == 0;
}

static char **
dup_environment(void)
{
	char **env = xcalloc(1, sizeof(env[0]));
	size_t n = 0;

	for (char **e = environ; *e; e++) {
		if (!is_for_children(*e))
			continue;
		env = xrealloc(env, (n + 2) * sizeof(env[0]));
		env[n++] = xstrdup(*e);
		env[n] = NULL;
	}
	return env;
}

/* --- a run of it --- */

/* Line by line; returns the last one, cut to size, for the message. */
static void
log_errors(const struct buf *output, char *last, size_t size)
{
	CLEANUP_FREE char *text = xstrdup(buf_str(output));
	char *rest = text, *line;

	*last = '\0';
	while ((line = strsep(&rest, "\r\n"))) {
		if (!*line)
			continue;
		log_info("credential_process says: %s", line);
		snprintf(last, size, "%s", line);
	}
}

static int
check_status(int status, const char *last, struct err *err)
{
	const char *colon = *last ? ": " : "";

	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFSIGNALED(status))
		return err_set(err, EACCES, "killed by signal %d%s%s",
			       WTERMSIG(status), colon, last);
	return err_set(err, EACCES, "exit status %d%s%s", WEXITSTATUS(status),
		       colon, last);
}

static int
run_words(struct process *p, const struct words *w, struct keys **found,
	  struct err *err)
{
	CLEANUP_BUF struct buf out = BUF_INIT_SECRET(KEY_JSON_MAX);
	CLEANUP_BUF struct buf errors = BUF_INIT(ERROR_OUTPUT_MAX);
	const struct child child = { .argv = w->word,
				     .env = p->env,
				     .limit_ms = p->limit_ms,
				     .out = &out,
				     .err = &errors,
				     .among = p->children };
	char last[200];
	int status = 0;
	int rc = child_run(&child, &status, err);

	log_errors(&errors, last, sizeof(last));
	if (rc == 0)
		rc = check_status(status, last, err);
	if (rc == 0)
		rc = key_json_parse(found, buf_str(&out), out.len, &names,
				    source_process.name, err);
	return rc;
}

static int
of_profile(void *source, const struct aws_profile *profile, const char *name,
	   struct keys **found, struct err *err)
{
	struct words words CLEANUP(words_clear) = { .n = 0 };
	int rc;

	if (!profile->credential_process)
		return err_set(err, ENOENT, "%s", "");
	rc = words_split(&words, profile->credential_process, err);
	if (rc == 0 && words.n == 0)
		rc = err_set(err, EACCES, "no program is named");
	if (rc == 0)
		rc = run_words(source, &words, found, err);
	if (rc == 0)
		return 0;
	err_wrap(err, "credential_process of profile %s", name);
	err->code = EACCES;
	return -EACCES;
}

static int
fetch(void *source, struct keys **found, struct err *err)
{
	const struct process *p = source;

	return of_profile(source, profiles_found(p->profiles),
			  profiles_name(p->profiles), found, err);
}

/* --- the source --- */

static void *
prepare(const struct creds_options *o)
{
	struct process *p;

	if (!o->fetch_ms)
		return NULL;
	p = xnew(struct process);
	p->profiles = o->profiles;
	p->children = o->children;
	p->limit_ms = o->fetch_ms;
	p->env = dup_environment();
	return p;
}

static int
ask(void *source, enum must_look must_look, struct keys **found,
    struct err *err)
{
	struct process *p = source;

	if (!command(p))
		return err_set(err, ENOENT, "%s", "");
	if (p->version != profiles_version(p->profiles))
		renewal_clear(&p->renewal);
	p->version = profiles_version(p->profiles);
	return renewal_ask(&p->renewal, must_look, fetch, p, found, err);
}

static bool
is_configured(void *source)
{
	return command(source) != NULL;
}

static int64_t
due_ms(void *source)
{
	const struct process *p = source;

	return p->renewal.due_ms;
}

static void
process_free(void *source)
{
	struct process *p = source;

	renewal_clear(&p->renewal);
	for (char **e = p->env; *e; e++)
		free(*e);
	free(p->env);
	free(p);
}

const struct source source_process = {
	.name = "credential_process",
	.prepare = prepare,
	.ask = ask,
	.of_profile = of_profile,
	.is_configured = is_configured,
	.due_ms = due_ms,
	.free = process_free,
};
