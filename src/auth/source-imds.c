/* SPDX-License-Identifier: MIT */
/*
 * The role of an EC2 instance, from its metadata service: a source as source.h has them,
 * the last one.  What goes wrong there means that there are none: where there is no
 * such service, something else may answer.  Through no proxy.
 *
 * Source: Amazon EC2 User Guide, "Use the Instance Metadata Service".
 */
#include "config.h"

#include <errno.h>
#include <strings.h>

#include "auth/imds.h"
#include "auth/key-json.h"
#include "auth/profiles.h"
#include "auth/renewal.h"
#include "auth/source.h"
#include "auth/variables.h"
#include "net/fetch.h"
#include "util/aws-host.h"
#include "util/date.h"
#include "util/number.h"
#include "util/uri.h"
#include "util/wipe.h"

#define FOUR "http://169.254.169.254"
#define SIX "http://[fd00:ec2::254]"
#define ROLES "/latest/meta-data/iam/security-credentials/"
#define REGION "/latest/meta-data/placement/region"
#define REGION_MAX 64
#define TOKEN_MAX 4096
#define ROLE_MAX 256
/* Keys that it gives although they have expired: AWS takes them while it has trouble. */
#define EXTENSION_S (10 * 60)

static const struct key_names names = {
	.access_key = "AccessKeyId",
	.secret_key = "SecretAccessKey",
	.session_token = "Token",
	.expiration = "Expiration",
	.has_code = true,
};

/* Variables, each with a word of the profile that counts where it is not set. */
enum { ENDPOINT, MODE, TIMEOUT, ATTEMPTS, V1_DISABLED, N_SETTINGS };

static const struct {
	const char *variable;
	size_t offset; /* of the word in struct aws_profile */
} settings[N_SETTINGS] = {
#define WORD(member) offsetof(struct aws_profile, member)
	[ENDPOINT] = { "AWS_EC2_METADATA_SERVICE_ENDPOINT",
		       WORD(imds_endpoint) },
	[MODE] = { "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
		   WORD(imds_endpoint_mode) },
	[TIMEOUT] = { "AWS_METADATA_SERVICE_TIMEOUT", WORD(imds_timeout) },
	[ATTEMPTS] = { "AWS_METADATA_SERVICE_NUM_ATTEMPTS",
		       WORD(imds_attempts) },
	[V1_DISABLED] = { "AWS_EC2_METADATA_V1_DISABLED",
			  WORD(imds_v1_disabled) },
};

struct imds {
	const struct profiles *profiles; /* NULL: variables alone count */
	char *variables[N_SETTINGS]; /* NULL: not set */
	bool is_ec2; /* there is such a service, as it seems */
	struct renewal renewal;
};

/* NULL: nobody says. */
static const char *
setting(const struct imds *m, int i)
{
	const struct aws_profile *p;

	if (m->variables[i] || !m->profiles)
		return m->variables[i];
	p = profiles_found(m->profiles);
	return *(char *const *)(const void *)((const char *)p +
					      settings[i].offset);
}

/* From 1 to 100, else what is usual. */
static int64_t
number_of(const struct imds *m, int i)
{
	const char *text = setting(m, i);
	int64_t n;

	return text && number_parse(text, &n) && n >= 1 && n <= 100 ? n : 1;
}

static char *
dup_url(const struct imds *m, const char *path)
{
	const char *endpoint = setting(m, ENDPOINT), *mode = setting(m, MODE);
	size_t len;

	if (!endpoint)
		endpoint = mode && strcasecmp(mode, "ipv6") == 0 ? SIX : FOUR;
	len = strlen(endpoint);
	return xasprintf("%.*s%s",
			 (int)(endpoint[len - 1] == '/' ? len - 1 : len),
			 endpoint, path);
}

/* --- requests --- */

static int
try_it(const struct imds *m, const char *method, const char *path,
       const char *field, struct buf *body, int *status, struct err *err)
{
	CLEANUP_FREE char *url = dup_url(m, path);
	int64_t try_ms = number_of(m, TIMEOUT) * 1000;
	int64_t attempts = number_of(m, ATTEMPTS);
	const char *const headers[] = { field, NULL };
	const struct fetch f = { .method = method,
				 .url = url,
				 .headers = headers,
				 .connect_ms = try_ms,
				 .total_ms = try_ms,
				 .is_direct = true };
	int rc = 0;

	for (int64_t i = 0; i < attempts; i++) {
		*status = 0;
		rc = fetch_now(&f, status, body, err);
		if (rc == 0 && *status < 500)
			break;
	}
	return rc;
}

/* A token, or none where the service knows of none: then `field` stays empty. */
static int
get_token(const struct imds *m, struct buf *field, struct err *err)
{
	struct buf token CLEANUP_BUF = BUF_INIT_SECRET(TOKEN_MAX);
	struct err late = ERR_INIT;
	int status;
	int rc = try_it(m, "PUT", "/latest/api/token",
			"x-aws-ec2-metadata-token-ttl-seconds: 21600", &token,
			&status, &late);
	const char *disabled = setting(m, V1_DISABLED);
	bool needs_token = disabled && strcasecmp(disabled, "true") == 0;
	bool is_unknown = rc == -ETIMEDOUT || status == 403 || status == 404 ||
			  status == 405;

	if (is_unknown && !needs_token)
		return 0;
	if (rc)
		return err_copy(err, &late);
	if (status != 200 || !token.len || strpbrk(buf_str(&token), "\r\n"))
		return err_set(err, EACCES, "no token: HTTP status %d", status);
	buf_add_str(field, "x-aws-ec2-metadata-token: ");
	buf_add_str(field, buf_str(&token));
	return 0;
}

static int
get(const struct imds *m, const char *path, const struct buf *field,
    struct buf *body, struct err *err)
{
	int status;
	int rc = try_it(m, "GET", path, field->len ? buf_str(field) : NULL,
			body, &status, err);

	if (rc == 0 && status != 200)
		rc = err_set(err, EACCES, "HTTP status %d", status);
	return rc;
}

/* The first line: an instance has one role. */
static int
get_role_path(const struct imds *m, const struct buf *field, struct buf *path,
	      struct err *err)
{
	struct buf role CLEANUP_BUF = BUF_INIT(ROLE_MAX);
	size_t len;

	if (get(m, ROLES, field, &role, err) != 0)
		return err_wrap(err, "the instance's role");
	len = strcspn(buf_str(&role), "\r\n");
	if (len == 0)
		return err_set(err, EACCES, "the instance has no role");
	buf_add_str(path, ROLES);
	uri_encode(path, buf_str(&role), len, false);
	return 0;
}

static int
extend(struct keys **found, struct err *err)
{
	struct keys *old = *found, longer = { .source = source_imds.name };
	int rc;

	if (!keys_have_expired(old))
		return 0;
	longer.access_key = old->access_key;
	longer.secret_key = old->secret_key;
	longer.session_token = old->session_token;
	longer.expires_at = date_now() + EXTENSION_S;
	*found = NULL;
	rc = keys_new(found, &longer, err);
	keys_unref(old);
	return rc;
}

static int
get_keys(const struct imds *m, struct keys **found, struct err *err)
{
	struct buf field CLEANUP_BUF = BUF_INIT_SECRET(TOKEN_MAX + 64);
	struct buf path CLEANUP_BUF = BUF_INIT(4 * ROLE_MAX);
	struct buf body CLEANUP_BUF = BUF_INIT_SECRET(KEY_JSON_MAX);
	int rc = get_token(m, &field, err);

	if (rc == 0)
		rc = get_role_path(m, &field, &path, err);
	if (rc == 0)
		rc = get(m, buf_str(&path), &field, &body, err);
	if (rc == 0)
		rc = key_json_parse(found, buf_str(&body), body.len, &names,
				    source_imds.name, err);
	return rc ? rc : extend(found, err);
}

static int
fetch(void *source, struct keys **found, struct err *err)
{
	if (get_keys(source, found, err) == 0)
		return 0;
	err_wrap(err, "%s", source_imds.name);
	err->code = ENOENT;
	return -ENOENT;
}

/* --- the source --- */

/* As the machine says of itself: it keeps the start from complaining, no more. */
static bool
is_ec2(void)
{
	FILE *f = fopen("/sys/class/dmi/id/sys_vendor", "re");
	char vendor[32] = "";
	bool is_there = f && fgets(vendor, sizeof(vendor), f);

	if (f)
		fclose(f);
	return is_there && strncmp(vendor, "Amazon EC2", 10) == 0;
}

/* NULL if it is not to be asked. */
static struct imds *
imds_new(const struct profiles *profiles)
{
	struct imds *m;

	if (variable_is_true("AWS_EC2_METADATA_DISABLED"))
		return NULL;
	m = xnew(struct imds);
	m->profiles = profiles;
	for (size_t i = 0; i < N_SETTINGS; i++)
		m->variables[i] = variable_dup(settings[i].variable);
	m->is_ec2 = is_ec2();
	return m;
}

static void *
prepare(const struct creds_options *o)
{
	return o->fetch_ms ? imds_new(o->profiles) : NULL;
}

static int
ask(void *source, enum must_look must_look, struct keys **found,
    struct err *err)
{
	struct imds *m = source;

	return renewal_ask(&m->renewal, must_look, fetch, m, found, err);
}

static bool
is_configured(void *source)
{
	const struct imds *m = source;

	return setting(m, ENDPOINT) || m->is_ec2;
}

static char *
dup_service_url(void *source)
{
	return dup_url(source, "/");
}

static int64_t
due_ms(void *source)
{
	const struct imds *m = source;

	return m->renewal.due_ms;
}

static void
imds_free(void *source)
{
	struct imds *m = source;

	renewal_clear(&m->renewal);
	for (size_t i = 0; i < N_SETTINGS; i++)
		free(m->variables[i]);
	free(m);
}

/* --- the region --- */

static void
free_imds(struct imds **m)
{
	if (*m)
		imds_free(*m);
}

static int
get_region(const struct imds *m, struct buf *region, struct err *err)
{
	struct buf field CLEANUP_BUF = BUF_INIT_SECRET(TOKEN_MAX + 64);
	int rc = get_token(m, &field, err);

	return rc ? rc : get(m, REGION, &field, region, err);
}

int
imds_region(char **out, struct err *err)
{
	struct imds *m CLEANUP(free_imds) = imds_new(NULL);
	struct buf region CLEANUP_BUF = BUF_INIT(REGION_MAX);

	if (!m || !is_configured(m))
		return err_set(err, ENOENT, "no %s", source_imds.name);
	if (get_region(m, &region, err) != 0)
		return err_wrap(err, "%s: the region", source_imds.name);
	if (!aws_region_is_name(buf_str(&region)))
		return err_set(err, EINVAL, "%s: that is no region",
			       source_imds.name);
	*out = xstrdup(buf_str(&region));
	return 0;
}

const struct source source_imds = {
	.name = "EC2 metadata service",
	.prepare = prepare,
	.ask = ask,
	.is_configured = is_configured,
	.dup_url = dup_service_url,
	.due_ms = due_ms,
	.free = imds_free,
};
