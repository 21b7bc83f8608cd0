/* SPDX-License-Identifier: MIT */
/*
 * Values of options, one kind each: see values.h.  Main thread, before the fork.
 */
#include "config.h"

#include "conf/values.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <strings.h>
#include <unistd.h>

#include "util/bucket-name.h"
#include "util/date.h"
#include "util/number.h"

static void *
field_of(struct conf *c, const struct conf_option *o)
{
	return (char *)c + o->offset;
}

static int
fail(const struct conf_option *o, const char *value, const char *expected,
     struct err *err)
{
	return err_set(err, EINVAL, "option %s: \"%s\" is not %s", o->name,
		       value, expected);
}

int
conf_set_text(struct conf *c, const struct conf_option *o, const char *value,
	      struct err *err)
{
	char **field = field_of(c, o);

	(void)err;
	free(*field);
	*field = xstrdup(value);
	return 0;
}

/* What is given again is added to it, with a comma. */
int
conf_set_list(struct conf *c, const struct conf_option *o, const char *value,
	      struct err *err)
{
	char **field = field_of(c, o);
	CLEANUP_FREE char *both =
		*field ? xasprintf("%s,%s", *field, value) : xstrdup(value);

	return conf_set_text(c, o, both, err);
}

/*
 * Looked at here, so that the message names who brought it.  Schedulers give a plugin
 * the name of a host.
 */
int
conf_set_url(struct conf *c, const struct conf_option *o, const char *value,
	     struct err *err)
{
	bool is_host = c->program == CONF_CHECK && !strstr(value, "://");
	CLEANUP_FREE char *url =
		xasprintf("%s%s", is_host ? "https://" : "", value);
	struct endpoint *e = NULL;
	int rc =
		endpoint_new(&e, &(struct endpoint_options){ .url = url }, err);

	endpoint_free(e);
	return rc ? rc : conf_set_text(c, o, url, err);
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

int
conf_set_path(struct conf *c, const struct conf_option *o, const char *value,
	      struct err *err)
{
	CLEANUP_FREE char *path = conf_absolute_path(value);

	if (!path)
		return err_set(err, errno, "option %s: working directory: %s",
			       o->name, strerror(errno));
	return conf_set_text(c, o, path, err);
}

/* true, yes, on, 1 or the opposites; without a value it is on. */
static int
parse_switch(const struct conf_option *o, const char *value, bool *out,
	     struct err *err)
{
	static const char *const words[][2] = {
		{ "false", "true" },
		{ "no", "yes" },
		{ "off", "on" },
		{ "0", "1" },
	};

	*out = !value;
	if (!value)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		*out = strcasecmp(value, words[i][1]) == 0;
		if (*out || strcasecmp(value, words[i][0]) == 0)
			return 0;
	}
	return fail(o, value, "true or false", err);
}

int
conf_set_switch(struct conf *c, const struct conf_option *o, const char *value,
		struct err *err)
{
	return parse_switch(o, value, field_of(c, o), err);
}

/* A switch, which may have a value for another option. */
int
conf_set_prefixes(struct conf *c, const struct conf_option *o,
		  const char *value, struct err *err)
{
	c->cli.prefixes = true;
	return value ? conf_set_text(c, o, value, err) : 0;
}

int
conf_set_style(struct conf *c, const struct conf_option *o, const char *value,
	       struct err *err)
{
	bool is_on;
	int rc = parse_switch(o, value, &is_on, err);

	if (rc)
		return rc;
	c->store.style = is_on ? ADDRESSING_PATH : ADDRESSING_VIRTUAL;
	return 0;
}

/* Digits of `base` and nothing else, from min to max. */
static bool
parse_number(const struct conf_option *o, const char *s, int base, int64_t *out)
{
	*out = 0;
	if (*s == '\0')
		return false;
	for (; *s; s++) {
		if (*s < '0' || *s >= '0' + base || *out > o->max)
			return false;
		*out = *out * base + (*s - '0');
	}
	return *out >= o->min && *out <= o->max;
}

int
conf_set_number(struct conf *c, const struct conf_option *o, const char *value,
		struct err *err)
{
	char expected[64];

	if (parse_number(o, value, 10, field_of(c, o)))
		return 0;
	snprintf(expected, sizeof(expected), "a number from %lld to %lld",
		 (long long)o->min, (long long)o->max);
	return fail(o, value, expected, err);
}

int
conf_set_octal(struct conf *c, const struct conf_option *o, const char *value,
	       struct err *err)
{
	if (parse_number(o, value, 8, field_of(c, o)))
		return 0;
	return fail(o, value, "an octal number up to 0777", err);
}

/* A user or a group, by name or number. */
int
conf_set_id(struct conf *c, const struct conf_option *o, const char *value,
	    struct err *err)
{
	bool is_user = o->offset == offsetof(struct conf, mount.uid);
	const struct passwd *pw = is_user ? getpwnam(value) : NULL;
	const struct group *gr = is_user ? NULL : getgrnam(value);
	int64_t *id = field_of(c, o);

	if (pw)
		*id = pw->pw_uid;
	else if (gr)
		*id = gr->gr_gid;
	else if (!parse_number(o, value, 10, id))
		return fail(o, value, is_user ? "a user" : "a group", err);
	return 0;
}

/*
 * "1.5", by hand since strtod(3) asks the locale: 15 and 10.  Returns what follows, or
 * NULL if it does not begin so.
 */
static const char *
parse_decimal(const char *s, int64_t *number, int64_t *scale)
{
	size_t whole = strspn(s, "0123456789"), fraction = 0;

	*number = 0;
	*scale = 1;
	if (s[whole] == '.')
		fraction = strspn(s + whole + 1, "0123456789");
	/* more digits would overflow, and say nothing */
	if (whole + fraction < 1 || whole + fraction > 10 ||
	    (s[whole] == '.' && fraction == 0))
		return NULL;
	for (; whole > 0; whole--)
		*number = *number * 10 + (*s++ - '0');
	if (fraction)
		s++;
	for (; fraction > 0; fraction--, *scale *= 10)
		*number = *number * 10 + (*s++ - '0');
	return s;
}

/* "1.5h" in milliseconds. */
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
	int64_t number, scale;

	s = parse_decimal(s, &number, &scale);
	for (size_t i = 0; s && i < ARRAY_SIZE(units); i++) {
		*out = number * units[i].ms / scale;
		if (strcmp(s, units[i].suffix) == 0)
			return true;
	}
	return false;
}

int
conf_set_duration(struct conf *c, const struct conf_option *o,
		  const char *value, struct err *err)
{
	int64_t ms;

	if (!parse_duration(value, &ms))
		return fail(o, value, "a time like 500ms, 2.5s, 1m or 1h", err);
	if (ms < o->min)
		return fail(o, value, "long enough", err);
	if (ms > o->max)
		return fail(o, value, "at most 24d", err);
	*(int64_t *)field_of(c, o) = ms;
	return 0;
}

/* Of 1,000 requests, to the millionth: of one, in 10^-9. */
int
conf_set_price(struct conf *c, const struct conf_option *o, const char *value,
	       struct err *err)
{
	const int64_t millionths = 1000000;
	int64_t number, scale;
	const char *rest = parse_decimal(value, &number, &scale);

	if (!rest || *rest || scale > millionths || number / scale > 1000)
		return fail(o, value,
			    "a price like 0.005, at most 1000, with up to six "
			    "decimals",
			    err);
	*(int64_t *)field_of(c, o) = number * millionths / scale;
	return 0;
}

/* Without a value, all of it. */
int
conf_set_clear(struct conf *c, const struct conf_option *o, const char *value,
	       struct err *err)
{
	c->cli.clears_cache = true;
	return value ? conf_set_list(c, o, value, err) : 0;
}

/* TIME[:STATE] of a plugin: it ends at that time, so nothing else has to before. */
int
conf_set_limit(struct conf *c, const struct conf_option *o, const char *value,
	       struct err *err)
{
	size_t len = strcspn(value, ":");
	CLEANUP_FREE char *time = xstrndup(value, len);
	int rc = conf_set_duration(c, o, time, err);

	free(c->check.late_state);
	c->check.late_state = value[len] ? xstrdup(value + len + 1) : NULL;
	c->limits.timeout_ms = c->check.limit_ms + MINUTE_MS;
	return rc;
}

int
conf_set_cache(struct conf *c, const struct conf_option *o, const char *value,
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
	return fail(o, value, "rw, ro or off", err);
}

int
conf_set_memo(struct conf *c, const struct conf_option *o, const char *value,
	      struct err *err)
{
	static const char *const words[] = {
		[CONF_MEMO_AUTO] = "auto",
		[CONF_MEMO_BUCKET] = "bucket",
		[CONF_MEMO_MEMORY] = "memory",
		[CONF_MEMO_OFF] = "off",
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(value, words[i]) == 0) {
			c->store.memo = (enum conf_memo)i;
			return 0;
		}
	}
	return fail(o, value, "auto, bucket, memory or off", err);
}

int
conf_set_sort(struct conf *c, const struct conf_option *o, const char *value,
	      struct err *err)
{
	static const char *const words[] = {
		[SORT_NAME] = "name",	      [SORT_OBJECTS] = "objects",
		[SORT_ORIGINAL] = "original", [SORT_STORED] = "stored",
		[SORT_SAVED] = "saved",	      [SORT_RATIO] = "ratio",
	};

	for (size_t i = SORT_NAME; i < ARRAY_SIZE(words); i++) {
		if (strcmp(value, words[i]) == 0) {
			c->cli.sort = (enum conf_sort)i;
			return 0;
		}
	}
	return fail(o, value, "name, objects, original, stored, saved or ratio",
		    err);
}

int
conf_set_sse(struct conf *c, const struct conf_option *o, const char *value,
	     struct err *err)
{
	static const char *const words[] = { "AES256", "aws:kms",
					     "aws:kms:dsse" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(value, words[i]) == 0)
			return conf_set_text(c, o, value, err);
	return fail(o, value, "AES256, aws:kms or aws:kms:dsse", err);
}

/* An ARN, an alias or an ID: what can be the value of a header field. */
int
conf_set_key_id(struct conf *c, const struct conf_option *o, const char *value,
		struct err *err)
{
	for (const char *s = value; *s; s++)
		if (*s <= ' ' || *s > '~')
			return fail(o, value, "the name of a key", err);
	return conf_set_text(c, o, value, err);
}

int
conf_set_nonblock(struct conf *c, const struct conf_option *o,
		  const char *value, struct err *err)
{
	c->mount.is_eagain_wanted = strcmp(value, "eagain") == 0;
	if (c->mount.is_eagain_wanted || strcmp(value, "block") == 0)
		return 0;
	return fail(o, value, "block or eagain", err);
}

/* As AWS has them. */
int
conf_set_account(struct conf *c, const struct conf_option *o, const char *value,
		 struct err *err)
{
	if (strlen(value) == 12 && strspn(value, "0123456789") == 12)
		return conf_set_text(c, o, value, err);
	return fail(o, value, "an account of 12 digits", err);
}

int
conf_set_regional(struct conf *c, const struct conf_option *o,
		  const char *value, struct err *err)
{
	c->store.is_regional = strcmp(value, "regional") == 0;
	if (c->store.is_regional || strcmp(value, "legacy") == 0)
		return 0;
	return fail(o, value, "legacy or regional", err);
}

int
conf_set_df(struct conf *c, const struct conf_option *o, const char *value,
	    struct err *err)
{
	c->mount.is_df_by_bucket = strcmp(value, "bucket") == 0;
	if (c->mount.is_df_by_bucket || strcmp(value, "none") == 0)
		return 0;
	return fail(o, value, "none or bucket", err);
}

int
conf_set_detailed(struct conf *c, const struct conf_option *o,
		  const char *value, struct err *err)
{
	c->mount.is_detailed_on_refresh = strcmp(value, "on_refresh") == 0;
	if (c->mount.is_detailed_on_refresh || strcmp(value, "on_open") == 0)
		return 0;
	return fail(o, value, "on_open or on_refresh", err);
}

unsigned
conf_mode_of(const char *name, size_t len)
{
	static const struct {
		const char *name;
		unsigned mode;
	} modes[] = {
		{ "quick", CONF_QUICK },
		{ "sampled", CONF_SAMPLED },
		{ "detailed", CONF_DETAILED },
	};

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		if (strlen(modes[i].name) == len &&
		    memcmp(modes[i].name, name, len) == 0)
			return modes[i].mode;
	return 0;
}

/* One or more, with a comma or, where that is awkward, a colon between them. */
int
conf_set_modes(struct conf *c, const struct conf_option *o, const char *value,
	       struct err *err)
{
	unsigned *modes = field_of(c, o);
	const char *s = value;

	*modes = 0;
	for (;;) {
		size_t len = strcspn(s, ",:");
		unsigned mode = conf_mode_of(s, len);

		if (!mode)
			return fail(o, value,
				    "a list of quick, sampled, detailed", err);
		*modes |= mode;
		if (s[len] == '\0')
			return 0;
		s += len + 1;
	}
}

int
conf_set_log_level(struct conf *c, const struct conf_option *o,
		   const char *value, struct err *err)
{
	if (log_level_parse(value, &c->log_level))
		return 0;
	return fail(o, value, "error, warn, info or debug", err);
}

static bool
is_port(const char *s)
{
	int64_t n;

	return number_parse(s, &n) && n <= UINT16_MAX;
}

/* The colons of an address of IPv6 are between brackets.  Who names no host, and may
 * not mean the whole world, means his own. */
int
conf_set_address(struct conf *c, const struct conf_option *o, const char *value,
		 struct err *err)
{
	struct conf_address *field = field_of(c, o);
	const char *colon = strrchr(value, ':'), *host = value;
	size_t len = colon ? (size_t)(colon - value) : 0;
	bool has_brackets = len > 2 && host[0] == '[' && host[len - 1] == ']';

	if (!colon || !is_port(colon + 1) ||
	    strcspn(host, ":[]") < (has_brackets ? 0 : len))
		return fail(o, value, "HOST:PORT, [IPV6]:PORT or :PORT", err);
	if (has_brackets) {
		host++;
		len -= 2;
	}
	free(field->host);
	free(field->port);
	field->host = len ? xstrndup(host, len) : xstrdup("127.0.0.1");
	field->port = xstrdup(colon + 1);
	return 0;
}

/* One name; a second time it changes nothing. */
static int
add_bucket(struct conf *c, const struct conf_option *o, const char *name,
	   size_t len, struct err *err)
{
	CLEANUP_FREE char *copy = xstrndup(name, len);

	if (!bucket_name_is_possible(copy))
		return fail(o, copy, "the name of a bucket", err);
	for (size_t i = 0; i < c->store.n_buckets; i++)
		if (strcmp(c->store.buckets[i], copy) == 0)
			return 0;
	c->store.buckets =
		xrealloc(c->store.buckets,
			 (c->store.n_buckets + 1) * sizeof(*c->store.buckets));
	c->store.buckets[c->store.n_buckets++] = steal(&copy);
	return 0;
}

/* What else AWS lets one say in the place of a bucket. */
static int
refuse_arn(const struct conf_option *o, const char *arn, struct err *err)
{
	static const struct {
		const char *part, *what;
	} kinds[] = {
		{ ".mrap", "multi-region access points are" },
		{ ":s3-outposts:", "buckets on Outposts are" },
		{ ":s3-object-lambda:", "Object Lambda access points are" },
		{ ":s3express:", "S3 Express directory buckets are" },
		{ ":accesspoint", "access points are" },
		{ "", "ARNs are" },
	};
	size_t i = 0;

	while (!strstr(arn, kinds[i].part))
		i++; /* the last part is in all */
	return err_set(err, EINVAL,
		       "option %s: %s not supported: name a bucket, not %s",
		       o->name, kinds[i].what, arn);
}

int
conf_set_buckets(struct conf *c, const struct conf_option *o, const char *value,
		 struct err *err)
{
	int rc;

	if (strncmp(value, "arn:", 4) == 0)
		return refuse_arn(o, value, err);
	for (;;) {
		size_t len = strcspn(value, ":");

		rc = add_bucket(c, o, value, len, err);
		if (rc || value[len] == '\0')
			return rc;
		value += len + 1;
	}
}
