/* SPDX-License-Identifier: MIT */
/*
 * The credentials of a container, from a service beside it (ECS, EKS Pod Identity): a
 * source as source.h has them.  Through no proxy.
 *
 * Source: AWS SDKs and Tools Reference Guide, "Container credential provider".
 */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <strings.h>
#include <unistd.h>

#include "auth/key-json.h"
#include "auth/renewal.h"
#include "auth/source.h"
#include "auth/token-file.h"
#include "auth/variables.h"
#include "net/fetch.h"
#include "util/wipe.h"

#define ECS_HOST "http://169.254.170.2"
#define ATTEMPTS 3
#define TRY_MS 2000
#define SLEEP_S 1

static const struct key_names names = {
	.access_key = "AccessKeyId",
	.secret_key = "SecretAccessKey",
	.session_token = "Token",
	.expiration = "Expiration",
};

struct container {
	char *url;
	char *token, *token_file; /* NULL: none; the file wins */
	char *ca_bundle;
	struct renewal renewal;
};

/* --- where it is --- */

/* What is between "//" and the next part; "" if there are odd characters in it. */
static void
copy_host(const char *url, char *out, size_t size)
{
	static const char odd[] = "\\@ \t\r\n%#?";
	const char *authority = strstr(url, "://");
	size_t len = authority ? strcspn(authority + 3, "/?#") : 0;
	char *colon;

	*out = '\0';
	if (len == 0 || len >= size)
		return;
	snprintf(out, size, "%.*s", (int)len, authority + 3);
	if (strpbrk(out, odd))
		*out = '\0';
	colon = strrchr(out, ':');
	if (colon && !strchr(colon, ']'))
		*colon = '\0'; /* the port */
}

/* Addresses of this machine, and those of the services; names are not resolved. */
static bool
is_trusted_host(const char *host)
{
	static const char *const hosts[] = { "localhost", "[::1]",
					     "169.254.170.2", "169.254.170.23",
					     "[fd00:ec2::23]" };
	struct in_addr a;

	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++)
		if (strcasecmp(host, hosts[i]) == 0)
			return true;
	return inet_pton(AF_INET, host, &a) == 1 &&
	       ntohl(a.s_addr) >> 24 == 127;
}

/* Without TLS the token, and the keys, would go to whoever has that address. */
static int
check_url(const char *url, struct err *err)
{
	char host[256];

	copy_host(url, host, sizeof(host));
	if (*host && strncmp(url, "https://", 8) == 0)
		return 0;
	if (*host && strncmp(url, "http://", 7) == 0 && is_trusted_host(host))
		return 0;
	return err_set(err, EACCES,
		       "the URL of AWS_CONTAINER_CREDENTIALS_FULL_URI is "
		       "neither https:// nor at an address of the machine or "
		       "of the service");
}

/* --- the token --- */

/* The header field; none is added if there is no token. */
static int
add_authorization(const struct container *c, struct buf *field, struct err *err)
{
	struct buf file CLEANUP_BUF = BUF_INIT_SECRET(TOKEN_FILE_MAX);
	const char *token = c->token;

	if (c->token_file) {
		if (token_file_read(&file, c->token_file, err) != 0)
			return -err->code;
		token = buf_str(&file);
	}
	if (!token)
		return 0;
	if (strpbrk(token, "\r\n"))
		return err_set(err, EACCES, "the token has more than one line");
	buf_add_str(field, "Authorization: ");
	buf_add_str(field, token);
	return 0;
}

/* --- one fetch --- */

static bool
may_pass(int rc, int status)
{
	return (rc && rc != -EPROTO && rc != -EFBIG) || status == 429 ||
	       status >= 500;
}

static int
ask_service(const struct container *c, const char *authorization,
	    struct buf *body, struct err *err)
{
	const char *const headers[] = { "Accept: application/json",
					authorization, NULL };
	const struct fetch f = { .method = "GET",
				 .url = c->url,
				 .headers = headers,
				 .connect_ms = TRY_MS,
				 .total_ms = TRY_MS,
				 .is_direct = true,
				 .ca_bundle = c->ca_bundle };
	int rc = 0, status = 0;

	for (int i = 0; i < ATTEMPTS; i++) {
		if (i > 0)
			sleep(SLEEP_S);
		status = 0;
		rc = fetch_now(&f, &status, body, err);
		if (!may_pass(rc, status))
			break;
	}
	if (rc == 0 && status != 200)
		return err_set(err, EACCES, "HTTP status %d", status);
	return rc;
}

static int
get_keys(const struct container *c, struct keys **found, struct err *err)
{
	struct buf body CLEANUP_BUF = BUF_INIT_SECRET(KEY_JSON_MAX);
	struct buf field CLEANUP_BUF = BUF_INIT_SECRET(TOKEN_FILE_MAX + 32);
	int rc = check_url(c->url, err);

	if (rc == 0)
		rc = add_authorization(c, &field, err);
	if (rc == 0)
		rc = ask_service(c, field.len ? buf_str(&field) : NULL, &body,
				 err);
	if (rc == 0)
		rc = key_json_parse(found, buf_str(&body), body.len, &names,
				    source_container.name, err);
	return rc;
}

static int
fetch(void *source, struct keys **found, struct err *err)
{
	if (get_keys(source, found, err) == 0)
		return 0;
	err_wrap(err, "%s", source_container.name);
	err->code = EACCES;
	return -EACCES;
}

/* --- the source --- */

/* NULL: none is configured. */
static char *
dup_configured_url(void)
{
	CLEANUP_FREE char *relative =
		variable_dup("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");

	return relative ? xasprintf("%s%s", ECS_HOST, relative)
			: variable_dup("AWS_CONTAINER_CREDENTIALS_FULL_URI");
}

static void *
prepare(const struct creds_options *o)
{
	const char *token = o->variables->container_token;
	char *url = o->fetch_ms ? dup_configured_url() : NULL;
	struct container *c;

	if (!url)
		return NULL;
	c = xnew(struct container);
	c->url = url;
	c->token = xstrdup_or_null(token);
	c->token_file = variable_dup("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
	c->ca_bundle = xstrdup_or_null(o->ca_bundle);
	return c;
}

static int
ask(void *source, enum must_look must_look, struct keys **found,
    struct err *err)
{
	struct container *c = source;

	return renewal_ask(&c->renewal, must_look, fetch, c, found, err);
}

static bool
is_configured(void *source)
{
	(void)source;
	return true;
}

static char *
dup_url(void *source)
{
	const struct container *c = source;

	return xstrdup(c->url);
}

static int64_t
due_ms(void *source)
{
	const struct container *c = source;

	return c->renewal.due_ms;
}

static void
container_free(void *source)
{
	struct container *c = source;

	renewal_clear(&c->renewal);
	wipe_free(c->token);
	free(c->token_file);
	free(c->ca_bundle);
	free(c->url);
	free(c);
}

const struct source source_container = {
	.name = "container credentials",
	.prepare = prepare,
	.ask = ask,
	.is_configured = is_configured,
	.dup_url = dup_url,
	.due_ms = due_ms,
	.free = container_free,
};
