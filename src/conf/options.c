/* SPDX-License-Identifier: MIT */
/*
 * The table of options: see options.h.  A new option is a new row; the
 * parser, the defaults and --help follow.  Main thread, before the fork.
 */
#include "config.h"

#include "conf/options.h"

#include <errno.h>

#include "conf/values.h"
#include "util/date.h"

#define DURATION_MAX_MS (24 * DAY_MS) /* libcurl takes 31 bits */
#define ID_MAX (UINT32_MAX - 1LL) /* the last one is chown(2)'s "leave it" */

#define MOUNT CONF_DGSTATFS
#define CLI CONF_DGSTAT
#define CHECK CONF_CHECK
#define ASKING (CONF_DGSTAT | CONF_CHECK)
#define BOTH (MOUNT | ASKING) /* with a mount, and without one */

#define ROW(programs, name, kind, member, ...)                                 \
	{                                                                      \
		programs, name, conf_set_##kind,                               \
			offsetof(struct conf, member), __VA_ARGS__             \
	}

static const struct conf_option table[] = {
	ROW(ASKING, "quick", switch, cli.quick, NULL, NULL,
	    "from the listing alone (this is the default)", 0, 0),
	ROW(ASKING, "sampled", switch, cli.sampled, NULL, NULL,
	    "ask for one delta of each deltaspace", 0, 0),
	ROW(ASKING, "detailed", switch, cli.detailed, NULL, NULL,
	    "ask for each delta: exact, and slow the first time", 0, 0),
	ROW(CLI, "refresh", switch, cli.refresh, NULL, NULL,
	    "compute anew, and cache that", 0, 0),
	ROW(CLI, "no_cache", switch, cli.no_cache, NULL, NULL,
	    "compute anew, and leave the cache alone", 0, 0),
	ROW(CLI, "cache_clear", clear, cli.cleared, NULL, NULL,
	    "delete what is cached, or =MODE[,MODE...]", 0, 0),
	ROW(CLI, "json_lines", switch, cli.json_lines, NULL, NULL,
	    "print a line of JSON for each bucket", 0, 0),
	ROW(CLI, "document", switch, cli.document, NULL, NULL,
	    "print the document that a mount shows", 0, 0),
	ROW(CLI, "integrity", switch, cli.integrity, NULL, NULL,
	    "print the deltas that something is wrong with", 0, 0),
	ROW(CLI, "prefixes", prefixes, cli.prefix_depth, NULL, NULL,
	    "where the bytes are; =N: in N levels", 0, 0),
	ROW(CLI, "ncdu", switch, cli.ncdu, NULL, NULL, "the same, for ncdu -f-",
	    0, 0),
	ROW(CLI, "bytes", switch, cli.bytes, NULL, NULL,
	    "print exact bytes alone", 0, 0),
	ROW(CLI, "sort", sort, cli.sort, NULL, "COLUMN",
	    "name, objects, original, stored, saved or ratio", 0, 0),
	ROW(CLI, "listen", address, cli.listen, NULL, "[HOST]:PORT",
	    "serve metrics over HTTP (127.0.0.1)", 0, 0),
	ROW(CHECK, "metric", list, check.metrics, NULL, "METRIC[,METRIC...]",
	    "what ranges without a name are for (-m; ratio)", 0, 0),
	ROW(CHECK, "warning", list, check.warning, NULL, "[METRIC=]RANGE[,...]",
	    "WARNING outside of it (-w)", 0, 0),
	ROW(CHECK, "critical", list, check.critical, NULL,
	    "[METRIC=]RANGE[,...]", "CRITICAL outside of it (-c)", 0, 0),
	ROW(CHECK, "timeout", limit, check.limit_ms, "10s", "TIME[:STATE]",
	    "then end, with UNKNOWN or STATE (-t)", 1, DURATION_MAX_MS),
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
	ROW(BOTH, "use_dualstack_endpoint", switch, store.variant.is_dualstack,
	    NULL, NULL, "AWS's hosts with IPv6, too", 0, 0),
	ROW(BOTH, "use_fips_endpoint", switch, store.variant.is_fips, NULL,
	    NULL, "AWS's hosts for FIPS 140", 0, 0),
	ROW(BOTH, "us_east_1_regional_endpoint", regional, store.is_regional,
	    "legacy", "WORD", "legacy or regional host of AWS", 0, 0),
	ROW(BOTH, "ignore_configured_endpoint_urls", switch,
	    store.ignores_endpoints, NULL, NULL,
	    "but an endpoint_url typed here", 0, 0),
	ROW(BOTH, "ca_bundle", path, store.ca_bundle, NULL, "FILE",
	    "certificates to trust instead of the system's", 0, 0),
	ROW(BOTH, "client_cert", path, store.client_cert, NULL, "FILE",
	    "certificate to show to the store", 0, 0),
	ROW(BOTH, "client_key", path, store.client_key, NULL, "FILE",
	    "its key, if that is in another file", 0, 0),
	ROW(BOTH, "no_sign_request", switch, store.no_sign_request, NULL, NULL,
	    "anonymous requests", 0, 0),
	ROW(BOTH, "requester_pays", switch, store.is_requester_paying, NULL,
	    NULL, "pay for requests and traffic", 0, 0),
	ROW(BOTH, "expected_bucket_owner", account, store.expected_bucket_owner,
	    NULL, "ID", "buckets of this account alone", 0, 0),
	ROW(MOUNT, "allow_other", switch, mount.allow_other, NULL, NULL,
	    "let other users in", 0, 0),
	ROW(MOUNT, "uid", id, mount.uid, NULL, "USER",
	    "owner of the files (you)", 0, ID_MAX),
	ROW(MOUNT, "gid", id, mount.gid, NULL, "GROUP",
	    "group of the files (yours)", 0, ID_MAX),
	ROW(MOUNT, "df", df, mount.is_df_by_bucket, "none", "none|bucket",
	    "what df shows of a bucket's directory", 0, 0),
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
	ROW(BOTH, "ttl", duration, limits.ttl_ms, "0", "TIME",
	    "compute anew what is older, though valid", 0, DURATION_MAX_MS),
	ROW(MOUNT | CLI, "interval", duration, limits.interval_ms, "0", "TIME",
	    "read all buckets so often; 0 is never", 0, DURATION_MAX_MS),
	ROW(MOUNT | CLI, "interval_modes", modes, interval_modes, "quick",
	    "MODE[,MODE...]", "which files interval reads", 0, 0),
	ROW(MOUNT, "detailed", detailed, mount.is_detailed_on_refresh,
	    "on_open", "on_open|on_refresh", "when those are computed", 0, 0),
	ROW(MOUNT, "nonblock", nonblock, mount.is_eagain_wanted, "block",
	    "block|eagain", "what an open with O_NONBLOCK does", 0, 0),
	ROW(BOTH, "connect_timeout", duration, limits.connect_timeout_ms, "5s",
	    "TIME", "limit for connecting", 1, DURATION_MAX_MS),
	ROW(BOTH, "request_timeout", duration, limits.request_timeout_ms, "30s",
	    "TIME", "limit for a request without a byte", 1, DURATION_MAX_MS),
	ROW(MOUNT | CLI, "timeout", duration, limits.timeout_ms, "60s", "TIME",
	    "limit for an operation without progress", 1, DURATION_MAX_MS),
	ROW(BOTH, "deadline", duration, limits.deadline_ms, "0", "TIME",
	    "limit for an operation; 0 is none", 0, DURATION_MAX_MS),
	ROW(BOTH, "retries", number, limits.retries, "4", "N",
	    "tries after the first one", 0, 100),
	ROW(BOTH, "connections", number, limits.connections, "256", "N",
	    "most LIST and HEAD requests at a time", 1, 1024),
	ROW(BOTH, "cache", cache, store.cache, "rw", "rw|ro|off",
	    "use of the documents cached in the bucket", 0, 0),
	ROW(BOTH, "memo", memo, store.memo, "auto", "auto|bucket|memory|off",
	    "where to remember what HEADs tell", 0, 0),
	ROW(BOTH, "sse", sse, store.sse, NULL, "METHOD",
	    "encrypt them: AES256, aws:kms or aws:kms:dsse", 0, 0),
	ROW(BOTH, "sse_kms_key_id", key_id, store.sse_kms_key_id, NULL, "ID",
	    "key to encrypt them with, for aws:kms", 0, 0),
	ROW(BOTH, "price_list", price, store.prices.list, "0", "PRICE",
	    "what 1,000 LISTs or PUTs cost", 0, 0),
	ROW(BOTH, "price_head", price, store.prices.head, "0", "PRICE",
	    "what 1,000 HEADs or GETs cost", 0, 0),
	ROW(BOTH, "prefix_depth", number, limits.prefix_depth, "2", "N",
	    "levels of prefixes.json, at most", 0, 100),
	ROW(BOTH, "prefix_nodes", number, limits.prefix_nodes, "10000", "N",
	    "prefixes in it, at most: whole levels", 1, 100000),
	ROW(BOTH, "log_level", log_level, log_level, "warn", "LEVEL",
	    "error, warn, info or debug", 0, 0),
	ROW(BOTH, "log_file", path, log_file, NULL, "FILE",
	    "log to it, not to stderr (-f) or syslog", 0, 0),
};

_Static_assert(ARRAY_SIZE(table) <= CONF_OPTIONS_MAX,
	       "struct conf has too few origins");

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
static const struct conf_option *
find_row(enum conf_program program, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if ((table[i].programs & program) &&
		    is_same_name(table[i].name, name))
			return &table[i];
	return NULL;
}

static int
set_row(struct conf *c, const struct conf_option *row, const char *value,
	enum conf_from from, const char *from_name, struct err *err)
{
	struct conf_origin *o = &c->origins[row - table];

	if (row->argument && (!value || *value == '\0'))
		return err_set(err, EINVAL, "option %s needs a value: %s=%s",
			       row->name, row->name, row->argument);
	free(o->name);
	free(o->value);
	o->name = xstrdup_or_null(from_name);
	o->value = xstrdup(value ? value : "true");
	o->from = from;
	return row->set(c, row, value, err);
}

int
conf_option_set(struct conf *c, enum conf_from from, const char *name,
		const char *value, struct err *err)
{
	const struct conf_option *row = find_row(c->program, name);

	if (!row)
		return err_set(err, EINVAL, "unknown option %s", name);
	return set_row(c, row, value, from, NULL, err);
}

int
conf_option_offer(struct conf *c, const char *name, const char *value,
		  enum conf_from from, const char *from_name, struct err *err)
{
	const struct conf_option *row = find_row(c->program, name);

	if (!value || *value == '\0' ||
	    c->origins[row - table].from != CONF_FROM_DEFAULT)
		return 0;
	if (set_row(c, row, value, from, from_name, err) == 0)
		return 0;
	return conf_add_origin(c, name, err);
}

int
conf_option_offer_defaults(struct conf *c, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < ARRAY_SIZE(table) && rc == 0; i++)
		if (table[i].programs & c->program)
			rc = conf_option_offer(c, table[i].name,
					       table[i].default_value,
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

enum conf_from
conf_option_from(const struct conf *c, const char *option)
{
	return origin_of(c, option)->from;
}

bool
conf_option_is_given(const struct conf *c, const char *option)
{
	return origin_of(c, option)->from != CONF_FROM_DEFAULT;
}

int
conf_add_origin(const struct conf *c, const char *option, struct err *err)
{
	if (!origin_of(c, option)->name)
		return -err->code;
	return err_wrap(err, "%s", conf_origin_text(c, option));
}

/* What is asked for this time, rather than how things are set up. */
static bool
is_request(const struct conf_option *row)
{
	return row->offset >= offsetof(struct conf, cli) &&
	       row->offset < offsetof(struct conf, cli) +
				     sizeof(((struct conf *)NULL)->cli);
}

void
conf_for_each_option(const struct conf *c, conf_option_fn *fn, void *arg)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if ((table[i].programs & c->program) && !is_request(&table[i]))
			fn(arg, table[i].name, c->origins[i].value,
			   conf_origin_text(c, table[i].name));
}

void
conf_options_clear(struct conf *c)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		free(c->origins[i].name);
		free(c->origins[i].value);
	}
}

/* --- help --- */

static void
dash(char *name, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (name[i] == '_')
			name[i] = '-';
}

void
conf_print_options(FILE *f, enum conf_program program)
{
	const char *lead = program == CONF_DGSTATFS ? "-o " : "--";
	char left[64];

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const struct conf_option *row = &table[i];

		if (!(row->programs & program))
			continue;
		snprintf(left, sizeof(left), "%s%s%s%s", lead, row->name,
			 row->argument ? "=" : "",
			 row->argument ? row->argument : "");
		if (program != CONF_DGSTATFS) /* as one types it */
			dash(left + strlen(lead), strlen(row->name));
		fprintf(f, "    %-26s %s", left, row->help);
		if (row->default_value)
			fprintf(f, " (%s)", row->default_value);
		fputc('\n', f);
	}
}
