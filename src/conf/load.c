/* SPDX-License-Identifier: MIT */
/*
 * Reading the configuration: see load.h.  Main thread, before the fork.  The command
 * line is read here; the table of options is in options.c, the list of -o
 * in option-list.c, environment and profile in env.c; verify.c knows what does not go
 * together.
 */
#include "config.h"

#include "conf/load.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/env.h"
#include "conf/option-list.h"
#include "conf/options.h"
#include "conf/values.h"
#include "conf/verify.h"

#define LISTEN_INTERVAL "5m"

/* The command line while it is read. */
struct command_line {
	struct conf *conf;
	char *const *argv;
	int argc;
	int next; /* index of the argument to be read */
	const char **operands; /* has room for all arguments */
	int n_operands;
	bool is_operands_only; /* after "--" */
};

#define ALL (CONF_DGSTATFS | CONF_DGSTAT | CONF_CHECK)

/* Switches that are no options: they have no "-o name". */
static const struct {
	unsigned programs; /* that have it: enum conf_program */
	const char *name; /* --name; NULL: only a letter */
	char letter; /* 0: only a name */
	size_t offset; /* in struct conf, of a bool */
} switches[] = {
	{ ALL, "help", 'h', offsetof(struct conf, show_help) },
	{ ALL, "version", 'V', offsetof(struct conf, show_version) },
	{ ALL, "verbose", 'v', offsetof(struct conf, cli.verbose) },
	{ CONF_DGSTATFS | CONF_DGSTAT, "explain", 0,
	  offsetof(struct conf, show_explanation) },
	{ CONF_DGSTATFS | CONF_DGSTAT, "json", 0,
	  offsetof(struct conf, wants_json) },
	/* with a value, it is an option of everybody */
	{ CONF_DGSTAT, "cache", 0, offsetof(struct conf, cli.shows_cache) },
	{ CONF_DGSTAT, "quiet", 'q', offsetof(struct conf, cli.quiet) },
};

/* Letters with a value. */
static const struct {
	unsigned programs;
	char letter;
	const char *option; /* NULL: see read_valued() */
} valued[] = {
	{ ALL, 'o', NULL },
	{ CONF_DGSTATFS, 't', NULL },
	{ CONF_CHECK, 'H', "endpoint_url" },
	{ CONF_CHECK, 'B', NULL },
	{ CONF_CHECK, 'm', "metric" },
	{ CONF_CHECK, 'w', "warning" },
	{ CONF_CHECK, 'c', "critical" },
	{ CONF_CHECK, 't', "timeout" },
};

static void
turn_on(struct conf *c, size_t i)
{
	*(bool *)((char *)c + switches[i].offset) = true;
}

/* --name, --name=value */
static int
read_long(struct command_line *l, const char *arg, struct err *err)
{
	struct conf *c = l->conf;
	size_t n = strcspn(arg, "=");
	CLEANUP_FREE char *name = xstrndup(arg, n);

	for (size_t i = 0; i < ARRAY_SIZE(switches); i++) {
		if ((switches[i].programs & c->program) &&
		    strcmp(arg, switches[i].name) == 0) {
			turn_on(c, i);
			return 0;
		}
	}
	return conf_option_set(c, CONF_FROM_COMMAND_LINE, name,
			       arg[n] ? arg + n + 1 : NULL, err);
}

/* The value of a letter: the rest of its argument, or the next one. */
static const char *
letter_value(struct command_line *l, const char *rest)
{
	if (*rest)
		return rest;
	return l->next < l->argc ? l->argv[l->next++] : NULL;
}

/* A letter of whoever mounts; those of mount(8)'s helpers have no effect. */
static bool
read_mount_letter(struct conf_mount *m, char letter)
{
	switch (letter) {
	case 'd':
		m->debug = true;
		m->foreground = true;
		return true;
	case 'f':
		m->foreground = true;
		return true;
	case 'r':
	case 'w':
		m->is_read_only = letter == 'r';
		return true;
	case 's':
	case 'n':
		return true;
	default:
		return false;
	}
}

/* A letter that takes no value. */
static int
read_letter(struct conf *c, char letter, struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(switches); i++) {
		if ((switches[i].programs & c->program) &&
		    switches[i].letter == letter) {
			turn_on(c, i);
			return 0;
		}
	}
	if (c->program == CONF_DGSTATFS && read_mount_letter(&c->mount, letter))
		return 0;
	return err_set(err, EINVAL, "unknown option -%c", letter);
}

static bool
is_valued(const struct conf *c, char letter, const char **option)
{
	for (size_t i = 0; i < ARRAY_SIZE(valued); i++) {
		*option = valued[i].option;
		if ((valued[i].programs & c->program) &&
		    valued[i].letter == letter)
			return true;
	}
	return false;
}

/*
 * A bucket's name, or its URI, which may end with a slash.  s3:// are all buckets to a
 * mount; to others an empty name, which is that of a variable that is not set.
 */
static int
set_bucket(struct conf *c, const char *text, struct err *err)
{
	bool is_uri = strncmp(text, "s3://", 5) == 0;
	CLEANUP_FREE char *name = xstrdup(is_uri ? text + 5 : text);
	size_t len = strlen(name);
	bool is_arn = strncmp(name, "arn:", 4) == 0;

	if (len > 0 && name[len - 1] == '/')
		name[len - 1] = '\0';
	if (is_uri && *name == '\0' && c->program == CONF_DGSTATFS)
		return 0;
	if (strcspn(name, "/") == 0)
		return err_set(err, EINVAL, "\"%s\" names no bucket", text);
	if (strchr(name, ':') && !is_arn)
		/* several, were it bucket= */
		return err_set(err, EINVAL, "%s is not one bucket", text);
	if (strchr(name, '/') && !is_arn)
		return err_set(err, EINVAL,
			       "%s is no whole bucket: figures are of all of "
			       "%s%.*s",
			       text, is_uri ? "s3://" : "",
			       (int)strcspn(name, "/"), name);
	return conf_option_set(c, CONF_FROM_COMMAND_LINE, "bucket", name, err);
}

/* A letter whose value is more than that of an option. */
static int
read_valued(struct conf *c, char letter, const char *value, struct err *err)
{
	if (letter == 'o')
		return conf_list_set(c, value, err);
	if (letter == 'B')
		return set_bucket(c, value, err);
	return 0; /* -t: the type, which mount(8) tells its helpers */
}

/* "-f", "-sfnv", "-o list", "-olist" */
static int
read_letters(struct command_line *l, const char *arg, struct err *err)
{
	int rc = 0;

	for (; *arg && rc == 0; arg++) {
		const char *option, *value;

		if (!is_valued(l->conf, *arg, &option)) {
			rc = read_letter(l->conf, *arg, err);
			continue;
		}
		value = letter_value(l, arg + 1);
		if (!value)
			return err_set(err, EINVAL, "-%c needs a value", *arg);
		if (!option)
			return read_valued(l->conf, *arg, value, err);
		return conf_option_set(l->conf, CONF_FROM_COMMAND_LINE, option,
				       value, err);
	}
	return rc;
}

static int
read_argument(struct command_line *l, const char *arg, struct err *err)
{
	if (!l->is_operands_only && strcmp(arg, "--") == 0) {
		l->is_operands_only = true;
		return 0;
	}
	if (!l->is_operands_only && strncmp(arg, "--", 2) == 0)
		return read_long(l, arg + 2, err);
	if (!l->is_operands_only && arg[0] == '-' && arg[1] != '\0')
		return read_letters(l, arg + 1, err);
	l->operands[l->n_operands++] = arg;
	return 0;
}

static int
read_line(struct command_line *l, struct err *err)
{
	struct conf *c = l->conf;
	int rc = 0;

	while (l->next < l->argc && rc == 0 && !c->show_help &&
	       !c->show_version)
		rc = read_argument(l, l->argv[l->next++], err);
	return rc;
}

/* s3://, s3://NAME or the URL of an endpoint. */
static int
set_source(struct command_line *l, const char *source, struct err *err)
{
	struct conf *c = l->conf;
	CLEANUP_FREE char *shown = endpoint_dup_shown(source);

	c->mount.source = xstrdup(source);
	if (strncmp(source, "http://", 7) == 0 ||
	    strncmp(source, "https://", 8) == 0) {
		if (c->store.endpoint_url &&
		    strcmp(c->store.endpoint_url, source) != 0)
			return err_set(err, EINVAL,
				       "two endpoints: %s and endpoint_url=%s",
				       shown, c->store.endpoint_url);
		return conf_option_offer(c, "endpoint_url", source,
					 CONF_FROM_COMMAND_LINE, "source", err);
	}
	if (strncmp(source, "s3://", 5) != 0)
		return err_set(
			err, EINVAL,
			"source %s is neither s3://, s3://BUCKET nor the "
			"URL of an endpoint",
			shown);
	return set_bucket(c, source, err);
}

/*
 * The mount point as mount(8) would have it.  Absolute, since the daemon will
 * go to "/".  A dead mount may be there: it is the mount's to remove.
 */
static int
set_mountpoint(struct conf *c, const char *path, struct err *err)
{
	CLEANUP_FREE char *plain = xstrdup(path);
	size_t len = strlen(plain);
	struct stat st;
	int rc = stat(path, &st) == 0 ? 0 : -errno;

	while (len > 1 && plain[len - 1] == '/')
		plain[--len] = '\0'; /* realpath(3) would go into the mount */
	if (rc == 0 && !S_ISDIR(st.st_mode))
		rc = -ENOTDIR;
	if (rc == 0 || rc == -ENOTCONN) {
		c->mount.mountpoint = realpath(plain, NULL);
		rc = c->mount.mountpoint ? 0 : -errno;
	}
	if (rc)
		return err_set(err, -rc, "mount point %s: %s", path,
			       strerror(-rc));
	return 0;
}

/* No mount point is needed, but what is typed to mount may be typed here, too. */
static int
set_explained(struct command_line *l, struct err *err)
{
	bool has_source = l->n_operands == 2 ||
			  (l->n_operands == 1 && strstr(l->operands[0], "://"));

	return set_source(l, has_source ? l->operands[0] : "s3://", err);
}

/* [SOURCE] MOUNTPOINT */
static int
set_mount_operands(struct command_line *l, struct err *err)
{
	bool has_source = l->n_operands == 2;
	int rc;

	if (l->n_operands > 2)
		return err_set(err, EINVAL,
			       "%s: more than SOURCE and MOUNTPOINT",
			       l->operands[2]);
	if (l->conf->show_explanation)
		return set_explained(l, err);
	if (l->n_operands == 0)
		return err_set(err, EINVAL, "no mount point given");
	rc = set_source(l, has_source ? l->operands[0] : "s3://", err);
	if (rc)
		return rc;
	return set_mountpoint(l->conf, l->operands[l->n_operands - 1], err);
}

/*
 * [BUCKET | s3://BUCKET]...  With --cache-clear, the name of a mode is one: else all of
 * a bucket would be cleared by who wanted less.
 */
static int
set_bucket_operands(struct command_line *l, struct err *err)
{
	struct conf *c = l->conf;
	int rc = 0;

	for (int i = 0; i < l->n_operands && rc == 0; i++) {
		const char *text = l->operands[i];

		if (c->cli.clears_cache && conf_mode_of(text, strlen(text)))
			rc = conf_option_set(c, CONF_FROM_COMMAND_LINE,
					     "cache_clear", text, err);
		else
			rc = set_bucket(c, text, err);
	}
	return rc;
}

/* Who serves has to have something to tell, of the mode that would be printed. */
static int
complete_listen(struct conf *c, struct err *err)
{
	struct conf_cli *cli = &c->cli;

	if (!cli->listen.host)
		return 0;
	if (cli->sampled)
		c->interval_modes = CONF_SAMPLED;
	if (cli->detailed)
		c->interval_modes = CONF_DETAILED;
	return conf_option_offer(c, "interval", LISTEN_INTERVAL,
				 CONF_FROM_DEFAULT, NULL, err);
}

/* In order of precedence: whoever comes first is heard. */
static int
merge(struct command_line *l, char *const env[], struct err *err)
{
	struct conf *c = l->conf;
	int rc;

	c->store.is_profile_explicit = c->store.profile != NULL;
	rc = c->program == CONF_DGSTATFS ? set_mount_operands(l, err)
					 : set_bucket_operands(l, err);
	if (rc == 0 && c->mount.debug)
		rc = conf_option_offer(c, "log_level", "debug",
				       CONF_FROM_COMMAND_LINE, NULL, err);
	if (rc == 0)
		rc = conf_option_offer(c, "prefix_depth", c->cli.prefix_depth,
				       CONF_FROM_COMMAND_LINE, "--prefixes",
				       err);
	if (rc == 0)
		rc = conf_env_offer(c, env, err);
	if (rc == 0)
		rc = conf_option_offer_defaults(c, err);
	if (rc == 0 && c->program == CONF_DGSTAT)
		rc = complete_listen(c, err);
	if (rc == 0)
		rc = conf_verify(c, err);
	if (rc == 0 && c->mount.is_read_only)
		conf_list_add_mount_option(c, "ro");
	return rc;
}

int
conf_load(struct conf *c, enum conf_program program, int argc,
	  char *const argv[], char *const env[], struct err *err)
{
	CLEANUP_FREE const char **operands =
		xcalloc((size_t)argc + 1, sizeof(*operands));
	struct command_line l = { .conf = c,
				  .argv = argv,
				  .argc = argc,
				  .next = 1,
				  .operands = operands };
	int rc;

	*c = (struct conf){ .program = program,
			    .mount = { .uid = -1, .gid = -1 } };
	rc = read_line(&l, err);
	if (rc || c->show_help || c->show_version)
		return rc;
	if (program == CONF_DGSTATFS && c->wants_json && !c->show_explanation)
		return err_set(err, EINVAL, "--json is for --explain");
	return merge(&l, env, err);
}

void
conf_clear(struct conf *c)
{
	for (size_t i = 0; i < c->store.n_buckets; i++)
		free(c->store.buckets[i]);
	free(c->store.buckets);
	free(c->cli.prefix_depth);
	free(c->mount.source);
	free(c->mount.mountpoint);
	free(c->store.endpoint_url);
	free(c->store.region);
	free(c->store.ca_bundle);
	free(c->store.client_cert);
	free(c->store.expected_bucket_owner);
	free(c->store.client_key);
	free(c->store.sse);
	free(c->store.sse_kms_key_id);
	free(c->store.profile);
	free(c->store.config_path);
	free(c->store.credentials_path);
	free(c->store.sso_cache_path);
	free(c->store.home);
	free(c->mount.mount_options);
	free(c->log_file);
	free(c->cli.listen.host);
	free(c->cli.listen.port);
	free(c->cli.cleared);
	free(c->check.metrics);
	free(c->check.warning);
	free(c->check.critical);
	free(c->check.late_state);
	conf_options_clear(c);
	*c = (struct conf){ 0 };
}

static void
print_mount_usage(FILE *f)
{
	fputs("usage: dgstatfs [options] [SOURCE] MOUNTPOINT\n"
	      "\n"
	      "SOURCE is s3:// (AWS, all buckets: the default), s3://BUCKET "
	      "or the URL of an\n"
	      "endpoint.\n"
	      "\n"
	      "general options:\n"
	      "    -o opt,[opt...]        mount options\n"
	      "    -h   --help            print help\n"
	      "    -V   --version         print version\n"
	      "    --explain              do not mount: say what is configured, "
	      "and try it\n"
	      "    --json                 with --explain: for programs\n"
	      "    -d                     debug output (implies -f)\n"
	      "    -f                     foreground operation\n"
	      "    -s                     for other programs' sake: no "
	      "effect\n"
	      "\n"
	      "dgstatfs options (also as --name=value), with their "
	      "defaults:\n",
	      f);
}

static void
print_cli_usage(FILE *f)
{
	fputs("usage: dgstat [options] [BUCKET | s3://BUCKET]...\n"
	      "\n"
	      "Without a bucket: all that the store lists.\n"
	      "\n"
	      "general options:\n"
	      "    -h   --help            print help\n"
	      "    -V   --version         print version\n"
	      "    -q   --quiet           no progress on the terminal\n"
	      "    -v   --verbose         say what each answer has cost\n"
	      "    --json                 print the statistics as JSON\n"
	      "    --cache                show what is cached in the bucket\n"
	      "    --explain              say what is configured, and try it\n"
	      "\n"
	      "dgstat options (also as -o name=value), with their defaults:\n",
	      f);
}

static void
print_check_usage(FILE *f)
{
	fputs("usage: check_dgstat [-H ENDPOINT] -B BUCKET [-w RANGES] "
	      "[-c RANGES] [options]\n"
	      "\n"
	      "A plugin for Nagios and Icinga: are the statistics of a bucket "
	      "as they should be?\n"
	      "\n"
	      "    -H ENDPOINT            URL, or host with https (AWS, or as "
	      "configured)\n"
	      "    -B BUCKET              which bucket\n"
	      "    -w RANGES              WARNING outside of them\n"
	      "    -c RANGES              CRITICAL outside of them\n"
	      "    -m METRIC[,METRIC...]  what ranges without a name are for "
	      "(ratio)\n"
	      "    -t TIME[:STATE]        then end, with UNKNOWN or STATE "
	      "(10s)\n"
	      "    -v   --verbose         lines that say what it has cost\n"
	      "    -h   --help            print help\n"
	      "    -V   --version         print version\n"
	      "\n"
	      "RANGES are [METRIC=]RANGE[,[METRIC=]RANGE...], as "
	      "ratio=50%:,age=2h; a RANGE is 10 (0 to\n"
	      "10), 10:, ~:10, 10:20, or with @ what it should not be.  "
	      "Metrics: ratio (50% or 0.5),\n"
	      "age (90, 5m, 2h, 1d), stored, original, saved (500, 10K, 10GiB, "
	      "10GB), unrestorable,\n"
	      "objects, deltas.\n"
	      "\n"
	      "options (also as -o name=value), with their defaults:\n",
	      f);
}

void
conf_print_help(FILE *f, enum conf_program program)
{
	if (program == CONF_DGSTATFS)
		print_mount_usage(f);
	else if (program == CONF_DGSTAT)
		print_cli_usage(f);
	else
		print_check_usage(f);
	conf_print_options(f, program);
	fputs("\n"
	      "Times are 500ms, 2.5s, 1m, 1h, 1d; a bare number is "
	      "seconds.\n"
	      "\n"
	      "environment:\n",
	      f);
	conf_env_print_help(f);
}
