/* SPDX-License-Identifier: MIT */
/*
 * Calls of STS: see sts.h.  Auth thread.
 */
#include "config.h"

#include "auth/sts.h"

#include <errno.h>

#include "auth/sigv4.h"
#include "auth/sts-answer.h"
#include "net/fetch.h"
#include "util/ascii.h"
#include "util/date.h"
#include "util/uri.h"

#define BODY_MAX (64 * 1024) /* a token may be some KB, and is encoded */
#define CONTENT_TYPE "application/x-www-form-urlencoded; charset=utf-8"
#define TRIES 3
#define HOME_REGION "us-east-1"
#define GLOBAL_HOST "sts.amazonaws.com"

/* --- where --- */

struct place {
	char *url;
	char *region; /* that requests are signed for */
	char host[256];
	const char *path; /* into url */
};

static void
place_clear(struct place *p)
{
	free(p->url);
	free(p->region);
}

/* Those that there were before STS had hosts in regions. */
static bool
is_old_region(const char *region)
{
	static const char *const old[] = {
		"ap-northeast-1", "ap-south-1",	  "ap-southeast-1",
		"ap-southeast-2", "ca-central-1", "eu-central-1",
		"eu-north-1",	  "eu-west-1",	  "eu-west-2",
		"eu-west-3",	  "sa-east-1",	  "us-east-1",
		"us-east-2",	  "us-west-1",	  "us-west-2",
	};

	for (size_t i = 0; i < ARRAY_SIZE(old); i++)
		if (strcmp(region, old[i]) == 0)
			return true;
	return false;
}

/* Whether it is the host for all regions, whose own region is a real one. */
static int
choose_global(struct place *p, const char *regional, bool *is_global,
	      struct err *err)
{
	bool is_legacy = regional && strcmp(regional, "legacy") == 0;

	if (regional && !is_legacy && strcmp(regional, "regional") != 0)
		return err_set(err, EACCES,
			       "sts_regional_endpoints \"%s\" is not legacy or "
			       "regional",
			       regional);
	*is_global = !p->region || (is_legacy && is_old_region(p->region));
	return 0;
}

/* AWS's own. */
static int
set_url(struct place *p, const struct sts *sts, struct aws_variant variant,
	struct err *err)
{
	CLEANUP_FREE char *host = NULL;
	bool is_global = false;

	if (choose_global(p, sts->regional, &is_global, err) != 0)
		return -err->code;
	if (is_global && !variant.is_dualstack && !variant.is_fips) {
		free(p->region);
		p->region = xstrdup(HOME_REGION);
		host = xstrdup(GLOBAL_HOST);
	} else if (aws_host_new(&host, AWS_STS,
				p->region ? p->region : HOME_REGION, variant,
				err) != 0) {
		return -err->code;
	}
	p->url = xasprintf("https://%s/", host);
	return 0;
}

static int
set_place(struct place *p, const struct sts *sts, struct err *err)
{
	struct aws_variant variant = sts->variant;
	int rc = 0;

	/* AWS is not what was meant: a token that is good there must not go to it */
	if (sts->lacks_services)
		return err_set(err, EACCES,
			       "the section [services ...] that the profile "
			       "names is not there");
	if (sts->region && strcmp(sts->region, "aws-global") != 0)
		p->region = aws_region_new(sts->region, &variant);
	if (p->region && !aws_region_is_name(p->region))
		return err_set(err, EACCES, "%s is not the name of a region",
			       p->region);
	if (sts->url)
		p->url = xstrdup(sts->url);
	else
		rc = set_url(p, sts, variant, err);
	if (!p->region)
		p->region = xstrdup(HOME_REGION);
	return rc;
}

/* "http[s]://host[:port][/path]", with nothing that ends a header or a host early. */
static int
place_init(struct place *p, const struct sts *sts, struct err *err)
{
	const char *authority;
	size_t len;

	if (set_place(p, sts, err) != 0)
		return -err->code;
	authority = strncmp(p->url, "http://", 7) == 0	  ? p->url + 7
		    : strncmp(p->url, "https://", 8) == 0 ? p->url + 8
							  : "";
	len = strcspn(authority, "/");
	snprintf(p->host, sizeof(p->host), "%.*s", (int)len, authority);
	p->path = authority[len] ? authority + len : "/";
	if (len == 0 || len >= sizeof(p->host))
		return err_set(err, EACCES, "the URL of STS is not one");
	for (const char *s = authority; *s; s++)
		if (!ascii_is_alnum(*s) && !strchr("-._~:[]/", *s))
			return err_set(err, EACCES,
				       "the URL of STS has odd characters");
	return 0;
}

char *
sts_dup_url(const struct sts *sts)
{
	struct err err = ERR_INIT;
	struct place p CLEANUP(place_clear) = { .url = NULL };

	return place_init(&p, sts, &err) == 0 ? steal(&p.url) : NULL;
}

/* --- what --- */

static int
add_param(struct buf *body, const char *name, const char *value)
{
	int rc = 0;

	if (!value)
		return 0;
	rc = buf_printf(body, "%s%s=", body->len ? "&" : "", name);
	return rc ? rc : uri_encode(body, value, strlen(value), false);
}

/* Blanks are %20: Ceph RGW does not know "+". */
static int
make_body(struct buf *body, const struct sts_role *role, struct err *err)
{
	CLEANUP_FREE char *session =
		xasprintf("dgstatfs-session-%lld", (long long)date_now());
	CLEANUP_FREE char *duration =
		role->duration_s
			? xasprintf("%lld", (long long)role->duration_s)
			: NULL;
	const struct uri_param params[] = {
		{ "Action", role->web_token ? "AssumeRoleWithWebIdentity"
					    : "AssumeRole" },
		{ "Version", "2011-06-15" },
		{ "RoleArn", role->arn },
		{ "RoleSessionName",
		  role->session_name ? role->session_name : session },
		{ "ExternalId", role->external_id },
		{ "DurationSeconds", duration },
		{ "WebIdentityToken", role->web_token },
	};
	int rc = 0;

	for (size_t i = 0; i < ARRAY_SIZE(params) && rc == 0; i++)
		rc = add_param(body, params[i].name, params[i].value);
	return rc ? err_set(err, EACCES, "too long for a request to STS") : 0;
}

/* --- one call --- */

/* Lines of the head, and what they are made of. */
struct head {
	struct buf authorization, host, date, token;
	const char *lines[6];
};

static int
sign(struct head *h, const struct place *p, const struct keys *k,
     const struct buf *body)
{
	char hash[SHA256_HEX_LEN], amz_date[DATE_AMZ_LEN];
	const struct sigv4_header headers[] = {
		{ "content-type", CONTENT_TYPE },
		{ "host", p->host },
		{ "x-amz-date", amz_date },
		{ "x-amz-security-token", k->session_token },
	};
	int rc;

	sha256_hex(buf_str(body), body->len, hash);
	date_print_amz(date_now(), amz_date);
	buf_printf(&h->date, "x-amz-date: %s", amz_date);
	if (k->session_token)
		buf_printf(&h->token, "x-amz-security-token: %s",
			   k->session_token);
	rc = buf_add_str(&h->authorization, "authorization: ");
	return rc ? rc
		  : sigv4_authorization(
			    &h->authorization,
			    &(struct sigv4_request){
				    .method = "POST",
				    .path = p->path,
				    .query = "",
				    .headers = headers,
				    .n_headers = k->session_token ? 4 : 3,
				    .payload_hash = hash },
			    &(struct sigv4_scope){ amz_date, p->region, "sts" },
			    k->access_key, k->secret_key);
}

static void
set_lines(struct head *h, const struct place *p)
{
	size_t n = 0;

	buf_printf(&h->host, "host: %s", p->host);
	h->lines[n++] = "content-type: " CONTENT_TYPE;
	h->lines[n++] = buf_str(&h->host);
	if (h->date.len)
		h->lines[n++] = buf_str(&h->date);
	if (h->token.len)
		h->lines[n++] = buf_str(&h->token);
	if (h->authorization.len)
		h->lines[n++] = buf_str(&h->authorization);
	h->lines[n] = NULL;
}

static void
head_clear(struct head *h)
{
	buf_clear(&h->authorization);
	buf_clear(&h->host);
	buf_clear(&h->date);
	buf_clear(&h->token);
}

static int
post(const struct sts *sts, const struct place *p, const struct head *h,
     const struct buf *body, struct buf *answer, int *status, struct err *err)
{
	const struct fetch f = { .method = "POST",
				 .url = p->url,
				 .headers = h->lines,
				 .body = buf_str(body),
				 .connect_ms = sts->limit_ms,
				 .total_ms = sts->limit_ms,
				 .ca_bundle = sts->ca_bundle,
				 .client_cert =
					 sts->url ? sts->client_cert : NULL,
				 .client_key = sts->client_key };
	int rc = 0;

	for (int i = 0; i < TRIES; i++) {
		*status = 0;
		buf_clear(answer);
		rc = fetch_now(&f, status, answer, err);
		if (rc == -ETIMEDOUT || rc == -EPROTO ||
		    (rc == 0 && *status < 500))
			break;
	}
	return rc;
}

static int
call(const struct sts *sts, const struct place *p, const struct sts_role *role,
     struct buf *answer, int *status, struct err *err)
{
	struct buf body CLEANUP_BUF = BUF_INIT_SECRET(BODY_MAX);
	struct head h CLEANUP(
		head_clear) = { .authorization = BUF_INIT_SECRET(4096),
				.host = BUF_INIT(512),
				.date = BUF_INIT(64),
				.token = BUF_INIT_SECRET(BODY_MAX) };

	if (make_body(&body, role, err) != 0)
		return -err->code;
	if (!role->web_token && sign(&h, p, role->keys, &body) != 0)
		return err_set(err, EACCES, "too long for a request to STS");
	set_lines(&h, p);
	return post(sts, p, &h, &body, answer, status, err);
}

int
sts_assume(const struct sts *sts, const struct sts_role *role,
	   const char *source, struct keys **out, struct err *err)
{
	struct buf answer CLEANUP_BUF = BUF_INIT_SECRET(STS_ANSWER_MAX);
	struct place p CLEANUP(place_clear) = { .url = NULL };
	int status = 0;
	int rc = place_init(&p, sts, err);

	if (rc == 0)
		rc = call(sts, &p, role, &answer, &status, err);
	if (rc == 0)
		rc = sts_answer_parse(out, buf_str(&answer), answer.len, source,
				      err);
	if (rc == 0 && status != 200) {
		keys_unref(steal(out));
		rc = err_set(err, EACCES, "HTTP status %d", status);
	}
	if (rc)
		err_wrap(err, "role %s", role->arn);
	if (rc)
		err->code = EACCES;
	return rc ? -EACCES : 0;
}
