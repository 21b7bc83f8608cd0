/* SPDX-License-Identifier: MIT */
/*
 * A login at IAM Identity Center, which `aws sso login` has cached: a source as source.h
 * has them.  The cache is only read: who logs in again writes it, and so does the AWS CLI
 * when it renews a login by itself.
 *
 * Source: AWS SDKs and Tools Reference Guide, "IAM Identity Center credential provider";
 * botocore for the name of the file.
 */
#include "config.h"

#include <errno.h>

#include "auth/key-json.h"
#include "auth/profiles.h"
#include "auth/renewal.h"
#include "auth/source.h"
#include "auth/token-file.h"
#include "auth/variables.h"
#include "net/fetch.h"
#include "util/aws-host.h"
#include "util/date.h"
#include "util/hash.h"
#include "util/uri.h"

#define TRIES 3

static const struct key_names names = {
	.parent = "roleCredentials",
	.access_key = "accessKeyId",
	.secret_key = "secretAccessKey",
	.session_token = "sessionToken",
	.expiration = "expiration",
	.has_expiry_in_ms = true,
};

struct sso {
	const struct profiles *profiles;
	char *cache; /* the folder; NULL: there is no home */
	char *url; /* of the environment; NULL: as the profile says */
	char *ca_bundle;
	struct aws_variant variant; /* of Amazon's host */
	bool ignores_profile; /* and its URL */
	int64_t limit_ms;
	unsigned version; /* of the files that had the profile */
	struct renewal renewal;
};

static bool
has_sso(const struct aws_profile *p)
{
	return p->sso_account_id || p->sso_role_name;
}

/* --- the profile --- */

/* All there is to know; of the profile. */
struct place {
	const char *session; /* NULL: the older form */
	const char *start_url, *region, *account_id, *role_name;
};

/* What the session says and what the profile says must not differ. */
static int
choose(const char **out, const char *of_session, const char *of_profile,
       const char *name, struct err *err)
{
	*out = of_session ? of_session : of_profile;
	if (!*out)
		return err_set(err, EACCES, "no %s", name);
	if (of_session && of_profile && strcmp(of_session, of_profile) != 0)
		return err_set(err, EACCES,
			       "%s is another one in the sso-session", name);
	return 0;
}

static int
place_init(struct place *out, const struct aws_profile *p, struct err *err)
{
	const struct {
		const char **out, *of_session, *of_profile, *name;
	} parts[] = {
		{ &out->start_url, p->sso_session_start_url, p->sso_start_url,
		  "sso_start_url" },
		{ &out->region, p->sso_session_region, p->sso_region,
		  "sso_region" },
		{ &out->account_id, NULL, p->sso_account_id, "sso_account_id" },
		{ &out->role_name, NULL, p->sso_role_name, "sso_role_name" },
	};

	*out = (struct place){ .session = p->sso_session };
	if (p->sso_session && !p->sso_session_start_url &&
	    !p->sso_session_region)
		return err_set(err, EACCES, "sso-session %s is not there",
			       p->sso_session);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (choose(parts[i].out, parts[i].of_session,
			   parts[i].of_profile, parts[i].name, err) != 0)
			return -err->code;
	return aws_region_is_name(out->region)
		       ? 0
		       : err_set(err, EACCES, "%s is not the name of a region",
				 out->region);
}

/* --- the login --- */

static char *
dup_path(const struct sso *s, const struct place *p)
{
	const char *name = p->session ? p->session : p->start_url;
	char hash[SHA1_HEX_LEN];

	return s->cache && sha1_hex(name, strlen(name), hash)
		       ? xasprintf("%s/%s.json", s->cache, hash)
		       : NULL;
}

static int
read_login(const struct sso *s, const struct place *p, struct login *out,
	   struct err *err)
{
	struct buf text CLEANUP_BUF = BUF_INIT_SECRET(KEY_JSON_MAX);
	CLEANUP_FREE char *path = dup_path(s, p);
	char when[DATE_ISO_LEN];

	*out = (struct login){ .token = NULL };
	if (!path)
		return err_set(err, EACCES, "no place for cached logins");
	if (token_file_read(&text, path, err) != 0) {
		err->code = EKEYEXPIRED;
		return -EKEYEXPIRED;
	}
	if (login_json_parse(out, buf_str(&text), text.len, err) != 0)
		return err_wrap(err, "%s", path);
	if (out->expires_at > date_now())
		return 0;
	date_print_iso(out->expires_at, when);
	return err_set(err, EKEYEXPIRED, "the login has expired at %s", when);
}

/* --- the keys --- */

/* Where the portal is, without "/" at the end. */
static int
portal_new(char **out, const struct sso *s, const struct place *p,
	   struct err *err)
{
	const struct aws_profile *f = profiles_found(s->profiles);
	const char *of_profile =
		f->sso_endpoint_url ? f->sso_endpoint_url : f->endpoint_url;
	const char *url = s->url || s->ignores_profile ? s->url : of_profile;
	struct aws_variant variant = s->variant;
	CLEANUP_FREE char *region = aws_region_new(p->region, &variant);
	CLEANUP_FREE char *host = NULL;
	size_t len = url ? strlen(url) : 0;

	if (f->lacks_services && !s->url && !s->ignores_profile)
		return err_set(err, EACCES, "there is no section [services %s]",
			       f->services);
	if (url)
		*out = xstrndup(url, url[len - 1] == '/' ? len - 1 : len);
	else if (aws_host_new(&host, AWS_SSO, region, variant, err) != 0)
		return -err->code;
	else
		*out = xasprintf("https://%s", host);
	return 0;
}

static int
url_new(char **out, const struct sso *s, const struct place *p, struct err *err)
{
	CLEANUP_FREE char *portal = NULL;
	const struct uri_param params[] = {
		{ "account_id", p->account_id },
		{ "role_name", p->role_name },
	};
	struct buf query CLEANUP_BUF = BUF_INIT(4096);
	int rc = portal_new(&portal, s, p, err);

	if (rc == 0 && uri_query(&query, params, ARRAY_SIZE(params)) != 0)
		rc = err_set(err, EACCES, "too long for a request");
	if (rc == 0)
		*out = xasprintf("%s/federation/credentials?%s", portal,
				 buf_str(&query));
	return rc;
}

static int
get(const struct sso *s, const char *url, const struct login *login,
    struct buf *body, struct err *err)
{
	struct buf field CLEANUP_BUF = BUF_INIT_SECRET(KEY_JSON_MAX);
	const char *headers[] = { "accept: application/json", NULL, NULL };
	const struct fetch f = { .method = "GET",
				 .url = url,
				 .headers = headers,
				 .connect_ms = s->limit_ms,
				 .total_ms = s->limit_ms,
				 .ca_bundle = s->ca_bundle };
	int rc = 0, status = 0;

	if (buf_printf(&field, "x-amz-sso_bearer_token: %s", login->token) != 0)
		return err_set(err, EACCES, "the login is too long");
	headers[1] = buf_str(&field);
	for (int i = 0; i < TRIES; i++) {
		status = 0;
		buf_clear(body);
		rc = fetch_now(&f, &status, body, err);
		if (rc == -ETIMEDOUT || rc == -EPROTO ||
		    (rc == 0 && status < 500 && status != 429))
			break;
	}
	if (rc || status == 200)
		return rc;
	if (status == 401)
		return err_set(
			err, EKEYEXPIRED,
			"HTTP status 401, the login is not valid any more");
	return err_set(err, EACCES, "HTTP status %d", status);
}

static int
get_keys(const struct sso *s, const struct place *p, const struct login *login,
	 struct keys **found, struct err *err)
{
	struct buf body CLEANUP_BUF = BUF_INIT_SECRET(KEY_JSON_MAX);
	CLEANUP_FREE char *url = NULL;
	int rc = url_new(&url, s, p, err);

	if (rc == 0)
		rc = get(s, url, login, &body, err);
	return rc ? rc
		  : key_json_parse(found, buf_str(&body), body.len, &names,
				   source_sso.name, err);
}

/* Where a login is what is missing, the message says what to type. */
static int
of_profile(void *source, const struct aws_profile *profile, const char *name,
	   struct keys **found, struct err *err)
{
	const struct sso *s = source;
	struct login login CLEANUP(login_clear) = { .token = NULL };
	struct place p;
	int rc;

	if (!has_sso(profile))
		return err_set(err, ENOENT, "%s", "");
	rc = place_init(&p, profile, err);
	if (rc == 0)
		rc = read_login(s, &p, &login, err);
	if (rc == 0)
		rc = get_keys(s, &p, &login, found, err);
	if (rc == 0)
		return 0;
	if (err->code == EKEYEXPIRED) {
		err_wrap(err, "aws sso login --profile %s", name);
		err_set_remote(err, err->status, SOURCE_WORD_LOGIN, "");
	}
	err->code = EACCES;
	return -EACCES;
}

/* --- the source --- */

static int
fetch(void *source, struct keys **found, struct err *err)
{
	const struct sso *s = source;
	const char *name = profiles_name(s->profiles);

	if (of_profile(source, profiles_found(s->profiles), name, found, err) ==
	    0)
		return 0;
	return err_wrap(err, "%s of profile %s", source_sso.name, name);
}

static void *
prepare(const struct creds_options *o)
{
	struct sso *s;

	if (!o->fetch_ms)
		return NULL;
	s = xnew(struct sso);
	s->profiles = o->profiles;
	s->cache = xstrdup_or_null(o->sso_cache_path);
	s->url = variable_dup_endpoint("SSO", o->ignores_endpoints);
	s->ca_bundle = xstrdup_or_null(o->ca_bundle);
	s->variant = o->variant;
	s->ignores_profile = o->ignores_endpoints;
	s->limit_ms = o->fetch_ms;
	return s;
}

static bool
is_configured(void *source)
{
	const struct sso *s = source;

	return has_sso(profiles_found(s->profiles));
}

static int
ask(void *source, enum must_look must_look, struct keys **found,
    struct err *err)
{
	struct sso *s = source;

	if (!is_configured(s))
		return err_set(err, ENOENT, "%s", "");
	if (s->version != profiles_version(s->profiles))
		renewal_clear(&s->renewal);
	s->version = profiles_version(s->profiles);
	return renewal_ask(&s->renewal, must_look, fetch, s, found, err);
}

static char *
dup_url(void *source)
{
	const struct sso *s = source;
	struct err err = ERR_INIT;
	struct place p;
	char *url = NULL;

	if (place_init(&p, profiles_found(s->profiles), &err) == 0)
		portal_new(&url, s, &p, &err);
	return url;
}

static int64_t
due_ms(void *source)
{
	const struct sso *s = source;

	return s->renewal.due_ms;
}

static void
sso_free(void *source)
{
	struct sso *s = source;

	renewal_clear(&s->renewal);
	free(s->cache);
	free(s->url);
	free(s->ca_bundle);
	free(s);
}

const struct source source_sso = {
	.name = "SSO",
	.prepare = prepare,
	.ask = ask,
	.of_profile = of_profile,
	.is_configured = is_configured,
	.dup_url = dup_url,
	.due_ms = due_ms,
	.free = sso_free,
};
