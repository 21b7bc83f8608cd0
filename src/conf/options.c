/* SPDX-License-Identifier: MIT */
/*
 * The table of options: see options.h.  A new option is a new row; the
 * parser, the defaults and --help follow.  Main thread, before the fork.
 */
#include "config.h"

#include "conf/options.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <strings.h>
#include <unistd.h>

#include "util/bucket-name.h"
#include "util/date.h"

#define DURATION_MAX_MS (24 * DAY_MS) /* libcurl takes 31 bits */
#define ID_MAX (UINT32_MAX - 1LL) /* the last one is chown(2)'s "leave it" */

struct row;

/* Put `value` (NULL only where it may be left out) into the row's field. */
typedef int set_fn(struct conf *c, const struct row *row, const char *value,
		   struct err *err);

struct row {
	unsigned programs; /* enum conf_program */
	const char *name;
	set_fn *set;
	size_t offset; /* of the field in struct conf */
	const char *standard; /* the default, parsed like any value; or NULL */
	const char *argument; /* how --help calls the value; NULL: a switch */
	const char *help;
	int64_t min, max;
};

static set_fn set_text, set_url, set_path, set_switch, set_style, set_duration;
static set_fn set_number, set_octal, set_id;
static set_fn set_sse, set_key_id;
static set_fn set_cache, set_nonblock, set_log_level, set_buckets;

#define MOUNT CONF_DGSTATFS
#define BOTH (CONF_DGSTATFS | CONF_DGSTAT)

#define ROW(programs, name, kind, member, ...)                                 \
	{                                                                      \
		programs, name, set_##kind, offsetof(struct conf, member),     \
			__VA_ARGS__                                            \
	}

static const struct row table[] = {
	ROW(BOTH, "endpoint_url", url, store.endpoint_url, NULL, "URL",
	    "S3 endpoint other than AWS", 0, 0),
	ROW(BOTH, "region", text, store.region, NULL, "NAME",
	    "region (us-east-1 if nothing names one)", 0, 0),
	ROW(BOTH, "profile", text, store.profile, "default", "NAME",
	    "profile of the shared AWS files", 0, 0),
	ROW(BOTH, "bucket", buckets, store.buckets, NULL, "NAME[:NAME...]",
	    "show this bucket only (repeatable)", 0, 0),
	ROW(BOTH, "force_path_style", style, store.style, NULL, NULL,
	    "bucket in the path, not in the host name", 0, 0),
	ROW(BOTH, "ca_bundle", path, store.ca_bundle, NULL, "FILE",
	    "certificates to trust instead of the system's", 0, 0),
	ROW(BOTH, "no_sign_request", switch, store.no_sign_request, NULL, NULL,
	    "anonymous requests", 0, 0),
	ROW(MOUNT, "allow_other", switch, mount.allow_other, NULL, NULL,
	    "let other users in", 0, 0),
	ROW(MOUNT, "uid", id, mount.uid, NULL, "USER",
	    "owner of the files (you)", 0, ID_MAX),
	ROW(MOUNT, "gid", id, mount.gid, NULL, "GROUP",
	    "group of the files (yours)", 0, ID_MAX),
	ROW(MOUNT, "umask", octal, mount.umask, "022", "OCTAL",
	    "permissions that the files do not have", 0, 0777),
	ROW(BOTH, "bucket_ttl", duration, limits.bucket_ttl_ms, "60s", "TIME",
	    "how long to remember names of buckets", 0, DURATION_MAX_MS),
	ROW(BOTH, "linger", duration, limits.linger_ms, "10s", "TIME",
	    "how long to compute without a reader", 0, DURATION_MAX_MS),
	ROW(BOTH, "max_age", duration, limits.max_age_ms, "0", "TIME",
	    "show a result again that is not older", 0, DURATION_MAX_MS),
	ROW(BOTH, "max_wait", duration, limits.max_wait_ms, "0", "TIME",
	    "then show the last good result; 0 waits", 0, DURATION_MAX_MS),
	ROW(MOUNT, "nonblock", nonblock, mount.is_eagain_wanted, "block",
	    "block|eagain", "what an open with O_NONBLOCK does", 0, 0),
	ROW(BOTH, "connect_timeout", duration, limits.connect_timeout_ms, "5s",
	    "TIME", "limit for connecting", 1, DURATION_MAX_MS),
	ROW(BOTH, "request_timeout", duration, limits.request_timeout_ms, "30s",
	    "TIME", "limit for a request without a byte", 1, DURATION_MAX_MS),
	ROW(BOTH, "timeout", duration, limits.timeout_ms, "60s", "TIME",
	    "limit for an operation without progress", 1, DURATION_MAX_MS),
	ROW(BOTH, "deadline", duration, limits.deadline_ms, "0", "TIME",
	    "limit for an operation; 0 is none", 0, DURATION_MAX_MS),
	ROW(BOTH, "retries", number, limits.retries, "4", "N",
	    "tries after the first one", 0, 100),
	ROW(BOTH, "connections", number, limits.connections, "256", "N",
	    "most LIST and HEAD requests at a time", 1, 1024),
	ROW(BOTH, "cache", cache, store.cache, "rw", "rw|ro|off",
	    "use of the documents cached in the bucket", 0, 0),
	ROW(BOTH, "sse", sse, store.sse, NULL, "METHOD",
	    "encrypt them: AES256, aws:kms or aws:kms:dsse", 0, 0),
	ROW(BOTH, "sse_kms_key_id", key_id, store.sse_kms_key_id, NULL, "ID",
	    "key to encrypt them with, for aws:kms", 0, 0),
	ROW(BOTH, "log_level", log_level, log_level, "warn", "LEVEL",
	    "error, warn, info or debug", 0, 0),
	ROW(BOTH, "log_file", path, log_file, NULL, "FILE",
	    "log to it, not to stderr (-f) or syslog", 0, 0),
};

_Static_assert(ARRAY_SIZE(table) <= CONF_OPTIONS_MAX,
	       "struct conf has too few origins");

/* --- one kind of value each --- */

static void *
field_of(struct conf *c, const struct row *row)
{
	return (char *)c + row->offset;
}

static int
fail(const struct row *row, const char *value, const char *expected,
     struct err *err)
{
	return err_set(err, EINVAL, "option %s: \"%s\" is not %s", row->name,
		       value, expected);
}

static int
set_text(struct conf *c, const struct row *row, const char *value,
	 struct err *err)
{
	char **field = field_of(c, row);

	(void)err;
	free(*field);
	*field = xstrdup(value);
	return 0;
}

/* Looked at here, so that the message names who brought it. */
static int
set_url(struct conf *c, const struct row *row, const char *value,
	struct err *err)
{
	struct endpoint *e = NULL;
	int rc = endpoint_new(&e, value, NULL, ADDRESSING_AUTO, err);

	endpoint_free(e);
	return rc ? rc : set_text(c, row, value, err);
}

char *
conf_absolute_path(const char *path)
{
	CLEANUP_FREE char *cwd = NULL;

	if (path[0] == '/')
		return xstrdup(path);
	cwd = get_current_dir_name();
	return cwd ? xasprintf("%s/%s", cwd, path) : NULL;
}

static int
set_path(struct conf *c, const struct row *row, const char *value,
	 struct err *err)
{
	CLEANUP_FREE char *path = conf_absolute_path(value);

	if (!path)
		return err_set(err, errno, "option %s: working directory: %s",
			       row->name, strerror(errno));
	return set_text(c, row, path, err);
}

/* true, yes, on, 1 or the opposites; false if it is none of these words. */
static bool
parse_bool(const char *value, bool *out)
{
	static const char *const words[][2] = {
		{ "false", "true" },
		{ "no", "yes" },
		{ "off", "on" },
		{ "0", "1" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		*out = strcasecmp(value, words[i][1]) == 0;
		if (*out || strcasecmp(value, words[i][0]) == 0)
			return true;
	}
	return false;
}

static int
set_switch(struct conf *c, const struct row *row, const char *value,
	   struct err *err)
{
	bool is_on = true;

	if (value && !parse_bool(value, &is_on))
		return fail(row, value, "true or false", err);
	*(bool *)field_of(c, row) = is_on;
	return 0;
}

static int
set_style(struct conf *c, const struct row *row, const char *value,
	  struct err *err)
{
	bool is_on = true;

	if (value && !parse_bool(value, &is_on))
		return fail(row, value, "true or false", err);
	c->store.style = is_on ? ADDRESSING_PATH : ADDRESSING_VIRTUAL;
	return 0;
}

/* Digits of `base` and nothing else, from min to max. */
static bool
parse_number(const struct row *row, const char *s, int base, int64_t *out)
{
	*out = 0;
	if (*s == '\0')
		return false;
	for (; *s; s++) {
		if (*s < '0' || *s >= '0' + base || *out > row->max)
			return false;
		*out = *out * base + (*s - '0');
	}
	return *out >= row->min && *out <= row->max;
}

static int
set_number(struct conf *c, const struct row *row, const char *value,
	   struct err *err)
{
	char expected[64];

	if (parse_number(row, value, 10, field_of(c, row)))
		return 0;
	snprintf(expected, sizeof(expected), "a number from %lld to %lld",
		 (long long)row->min, (long long)row->max);
	return fail(row, value, expected, err);
}

static int
set_octal(struct conf *c, const struct row *row, const char *value,
	  struct err *err)
{
	if (parse_number(row, value, 8, field_of(c, row)))
		return 0;
	return fail(row, value, "an octal number up to 0777", err);
}

/* A user or a group, by name or number. */
static int
set_id(struct conf *c, const struct row *row, const char *value,
       struct err *err)
{
	bool is_user = row->offset == offsetof(struct conf, mount.uid);
	const struct passwd *pw = is_user ? getpwnam(value) : NULL;
	const struct group *gr = is_user ? NULL : getgrnam(value);
	int64_t *id = field_of(c, row);

	if (pw)
		*id = pw->pw_uid;
	else if (gr)
		*id = gr->gr_gid;
	else if (!parse_number(row, value, 10, id))
		return fail(row, value, is_user ? "a user" : "a group", err);
	return 0;
}

/* "1.5h" in milliseconds, by hand since strtod(3) asks the locale. */
static bool
parse_duration(const char *s, int64_t *out)
{
	static const struct {
		const char *suffix;
		int64_t ms;
	} units[] = {
		{ "ms", 1 },	    { "s", 1000 },    { "", 1000 },
		{ "m", MINUTE_MS }, { "h", HOUR_MS }, { "d", DAY_MS },
	};
	int64_t number = 0, scale = 1;
	size_t whole = strspn(s, "0123456789"), fraction = 0;

	if (s[whole] == '.')
		fraction = strspn(s + whole + 1, "0123456789");
	/* more digits would overflow, and say nothing */
	if (whole + fraction < 1 || whole + fraction > 10 ||
	    (s[whole] == '.' && fraction == 0))
		return false;
	for (; whole > 0; whole--)
		number = number * 10 + (*s++ - '0');
	if (fraction)
		s++;
	for (; fraction > 0; fraction--, scale *= 10)
		number = number * 10 + (*s++ - '0');
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		*out = number * units[i].ms / scale;
		if (strcmp(s, units[i].suffix) == 0)
			return true;
	}
	return false;
}

static int
set_duration(struct conf *c, const struct row *row, const char *value,
	     struct err *err)
{
	int64_t ms;

	if (!parse_duration(value, &ms))
		return fail(row, value, "a time like 500ms, 2.5s, 1m or 1h",
			    err);
	if (ms < row->min)
		return fail(row, value, "long enough", err);
	if (ms > row->max)
		return fail(row, value, "at most 24d", err);
	*(int64_t *)field_of(c, row) = ms;
	return 0;
}

static int
set_cache(struct conf *c, const struct row *row, const char *value,
	  struct err *err)
{
	static const char *const words[] = {
		[CACHE_RW] = "rw",
		[CACHE_RO] = "ro",
		[CACHE_OFF] = "off",
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(value, words[i]) == 0) {
			c->store.cache = (enum conf_cache)i;
			return 0;
		}
	}
	return fail(row, value, "rw, ro or off", err);
}

static int
set_sse(struct conf *c, const struct row *row, const char *value,
	struct err *err)
{
	static const char *const words[] = { "AES256", "aws:kms",
					     "aws:kms:dsse" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(value, words[i]) == 0)
			return set_text(c, row, value, err);
	return fail(row, value, "AES256, aws:kms or aws:kms:dsse", err);
}

/* An ARN, an alias or an ID: what can be the value of a header field. */
static int
set_key_id(struct conf *c, const struct row *row, const char *value,
	   struct err *err)
{
	for (const char *s = value; *s; s++)
		if (*s <= ' ' || *s > '~')
			return fail(row, value, "the name of a key", err);
	return set_text(c, row, value, err);
}

static int
set_nonblock(struct conf *c, const struct row *row, const char *value,
	     struct err *err)
{
	c->mount.is_eagain_wanted = strcmp(value, "eagain") == 0;
	if (c->mount.is_eagain_wanted || strcmp(value, "block") == 0)
		return 0;
	return fail(row, value, "block or eagain", err);
}

static int
set_log_level(struct conf *c, const struct row *row, const char *value,
	      struct err *err)
{
	if (log_level_parse(value, &c->log_level))
		return 0;
	return fail(row, value, "error, warn, info or debug", err);
}

/* One name; a second time it changes nothing. */
static int
add_bucket(struct conf *c, const struct row *row, const char *name, size_t len,
	   struct err *err)
{
	CLEANUP_FREE char *copy = xstrndup(name, len);

	if (!bucket_name_is_possible(copy))
		return fail(row, copy, "the name of a bucket", err);
	for (size_t i = 0; i < c->store.n_buckets; i++)
		if (strcmp(c->store.buckets[i], copy) == 0)
			return 0;
	c->store.buckets =
		xrealloc(c->store.buckets,
			 (c->store.n_buckets + 1) * sizeof(*c->store.buckets));
	c->store.buckets[c->store.n_buckets++] = steal(&copy);
	return 0;
}

static int
set_buckets(struct conf *c, const struct row *row, const char *value,
	    struct err *err)
{
	int rc;

	if (strncmp(value, "arn:", 4) == 0)
		return add_bucket(c, row, value, strlen(value), err);
	for (;;) {
		size_t len = strcspn(value, ":");

		rc = add_bucket(c, row, value, len, err);
		if (rc || value[len] == '\0')
			return rc;
		value += len + 1;
	}
}

/* --- options by name --- */

static bool
is_same_name(const char *a, const char *b)
{
	for (; *a && *b; a++, b++)
		if ((*a == '-' ? '_' : *a) != (*b == '-' ? '_' : *b))
			return false;
	return *a == *b;
}

/* A row of that program, or NULL. */
static const struct row *
find_row(enum conf_program program, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if ((table[i].programs & program) &&
		    is_same_name(table[i].name, name))
			return &table[i];
	return NULL;
}

static int
set_row(struct conf *c, const struct row *row, const char *value,
	enum conf_from from, const char *from_name, struct err *err)
{
	struct conf_origin *o = &c->origins[row - table];

	if (row->argument && (!value || *value == '\0'))
		return err_set(err, EINVAL, "option %s needs a value: %s=%s",
			       row->name, row->name, row->argument);
	free(o->name);
	o->name = from_name ? xstrdup(from_name) : NULL;
	o->from = from;
	return row->set(c, row, value, err);
}

int
conf_option_set(struct conf *c, enum conf_from from, const char *name,
		const char *value, struct err *err)
{
	const struct row *row = find_row(c->program, name);

	if (!row)
		return err_set(err, EINVAL, "unknown option %s", name);
	return set_row(c, row, value, from, NULL, err);
}

int
conf_option_offer(struct conf *c, const char *name, const char *value,
		  enum conf_from from, const char *from_name, struct err *err)
{
	const struct row *row = find_row(c->program, name);

	if (!value || *value == '\0' ||
	    c->origins[row - table].from != CONF_FROM_DEFAULT)
		return 0;
	if (set_row(c, row, value, from, from_name, err) == 0)
		return 0;
	return conf_blame_origin(c, name, err);
}

int
conf_option_offer_defaults(struct conf *c, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < ARRAY_SIZE(table) && rc == 0; i++)
		if (table[i].programs & c->program)
			rc = conf_option_offer(c, table[i].name,
					       table[i].standard,
					       CONF_FROM_DEFAULT, NULL, err);
	return rc;
}

/* --- origins --- */

static const struct conf_origin *
origin_of(const struct conf *c, const char *option)
{
	return &c->origins[find_row(c->program, option) - table];
}

const char *
conf_origin_text(const struct conf *c, const char *option)
{
	static const char *const words[] = {
		[CONF_FROM_DEFAULT] = "default",
		[CONF_FROM_COMMAND_LINE] = "command line",
		[CONF_FROM_LIST] = "-o",
	};
	const struct conf_origin *o = origin_of(c, option);

	return o->name ? o->name : words[o->from];
}

int
conf_blame_origin(const struct conf *c, const char *option, struct err *err)
{
	if (!origin_of(c, option)->name)
		return -err->code;
	return err_wrap(err, "%s", conf_origin_text(c, option));
}

void
conf_options_clear(struct conf *c)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		free(c->origins[i].name);
}

/* --- help --- */

void
conf_print_options(FILE *f, enum conf_program program)
{
	char left[64];

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const struct row *row = &table[i];

		if (!(row->programs & program))
			continue;
		snprintf(left, sizeof(left), "-o %s%s%s", row->name,
			 row->argument ? "=" : "",
			 row->argument ? row->argument : "");
		fprintf(f, "    %-26s %s", left, row->help);
		if (row->standard)
			fprintf(f, " (%s)", row->standard);
		fputc('\n', f);
	}
}
