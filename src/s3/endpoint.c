/* SPDX-License-Identifier: MIT */
/*
 * Hosts and paths of buckets: see endpoint.h.  Pure; any thread.  Everything
 * that goes into a Host header or a request line is checked or encoded here:
 * a configured name can't bring a second host, header or request with it.
 */
#include "config.h"

#include "s3/endpoint.h"

#include <arpa/inet.h>
#include <errno.h>
#include <strings.h>

#include "util/ascii.h"
#include "util/bucket-name.h"
#include "util/uri.h"

#define LABEL_MAX 63 /* RFC 1035 */
#define HOST_MAX 253
#define REGION_MAX 32
#define HOME_REGION "us-east-1"
#define GLOBAL_HOST "s3.amazonaws.com"

static const char LETTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			      "abcdefghijklmnopqrstuvwxyz";
static const char LOWER[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
static const char HOST_CHARS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "abcdefghijklmnopqrstuvwxyz0123456789-._";
static const char REGION_CHARS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "abcdefghijklmnopqrstuvwxyz0123456789-_";
/* What means the same encoded and not, so that the server signs the same. */
static const char PATH_CHARS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "abcdefghijklmnopqrstuvwxyz0123456789-._~/";

struct endpoint {
	bool is_aws; /* the host follows from the region */
	bool is_tls;
	bool is_address; /* the host is: it has no subdomains */
	bool is_virtual; /* where the name of the bucket allows it */
	char *host; /* with the port if it is not the scheme's own */
	char *base; /* path before the bucket, "" or "/s3" */
	char *region;
	struct aws_variant variant;
	bool is_regional;
};

static int
set_region(struct endpoint *e, const char *region, struct err *err)
{
	size_t len = strlen(region);

	if (len == 0 || len > REGION_MAX ||
	    strspn(region, e->is_aws ? LOWER : REGION_CHARS) != len ||
	    region[0] == '-' || region[len - 1] == '-')
		return err_set(err, EINVAL, "%s is not the name of a region",
			       region);
	e->region = xstrdup(region);
	return 0;
}

/* Labels of 1 to 63 characters between dots, none at an edge of "-". */
static bool
is_host_name(const char *s, size_t len)
{
	size_t start = 0;

	if (len == 0 || len > HOST_MAX)
		return false;
	for (size_t i = 0; i <= len; i++) {
		if (i < len && s[i] != '.') {
			if (!memchr(HOST_CHARS, s[i], sizeof(HOST_CHARS) - 1))
				return false;
			continue;
		}
		if (i == start || i - start > LABEL_MAX || s[start] == '-' ||
		    s[i - 1] == '-')
			return false;
		start = i + 1;
	}
	return true;
}

/* "[::1]" or, without the brackets, an IPv4 address. */
static bool
is_address(const char *host)
{
	struct in6_addr six;
	struct in_addr four;
	size_t len = strlen(host);
	char text[INET6_ADDRSTRLEN];

	if (host[0] != '[')
		return inet_pton(AF_INET, host, &four) == 1;
	if (len < 3 || host[len - 1] != ']' || len - 2 >= sizeof(text))
		return false;
	memcpy(text, host + 1, len - 2);
	text[len - 2] = '\0';
	return inet_pton(AF_INET6, text, &six) == 1;
}

/* "443" without sign, blank or leading zero; 0 if it is no port. */
static unsigned
parse_port(const char *s)
{
	unsigned port = 0;

	if (*s == '0' || strlen(s) > 5)
		return 0;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return 0;
		port = port * 10 + (unsigned)(*s - '0');
	}
	return port <= 65535 ? port : 0;
}

/* The authority of the URL, "host[:port]", which is `len` bytes long. */
static int
set_host(struct endpoint *e, const char *authority, size_t len, struct err *err)
{
	CLEANUP_FREE char *host = xstrndup(authority, len);
	char *bracket = host[0] == '[' ? strchr(host, ']') : NULL;
	char *colon = strchr(bracket ? bracket : host, ':');
	unsigned port = e->is_tls ? 443 : 80, standard = port;

	if (colon) {
		port = parse_port(colon + 1);
		*colon = '\0';
	}
	if (port == 0)
		return err_set(err, EINVAL, "%s is not a port", colon + 1);
	e->is_address = is_address(host);
	if (!e->is_address && !is_host_name(host, strlen(host)))
		return err_set(err, EINVAL, "%s is not a host name", host);
	ascii_to_lower(host);
	if (port == standard)
		e->host = steal(&host);
	else
		e->host = xasprintf("%s:%u", host, port);
	return 0;
}

static int
set_base(struct endpoint *e, const char *path, struct err *err)
{
	size_t len = strlen(path);

	for (size_t i = 0; i < len; i++) {
		bool is_escape = path[i] == '%' && ascii_is_hex(path[i + 1]) &&
				 ascii_is_hex(path[i + 2]);

		if (!is_escape && !strchr(PATH_CHARS, path[i]))
			return err_set(err, EINVAL,
				       "the path holds what must be encoded");
	}
	while (len > 0 && path[len - 1] == '/')
		len--;
	e->base = xstrndup(path, len);
	return 0;
}

char *
endpoint_dup_shown(const char *url)
{
	const char *at = strrchr(url, '@');
	size_t scheme_len = strspn(url, LETTERS);

	if (!at)
		return xstrdup(url);
	scheme_len =
		strncmp(url + scheme_len, "://", 3) == 0 ? scheme_len + 3 : 0;
	return xasprintf("%.*s***%s", (int)scheme_len, url, at);
}

static int
parse_url(struct endpoint *e, const char *url, struct err *err)
{
	const char *authority = strstr(url, "://");
	size_t len, scheme_len = authority ? (size_t)(authority - url) : 0;
	int rc;

	e->is_tls = scheme_len == 5 && strncasecmp(url, "https", 5) == 0;
	if (!e->is_tls &&
	    !(scheme_len == 4 && strncasecmp(url, "http", 4) == 0))
		return err_set(err, EINVAL,
			       "begins neither with http:// nor "
			       "with https://");
	authority += 3;
	len = strcspn(authority, "/?#");
	/* before any part is quoted: an unencoded "/" may be the password's */
	if (strchr(authority, '@'))
		return err_set(err, EINVAL, "user names do not belong there");
	if (authority[strcspn(authority, "?#")] != '\0')
		return err_set(err, EINVAL, "has a query or a fragment");
	rc = set_host(e, authority, len, err);
	if (rc == 0)
		rc = set_base(e, authority + len, err);
	return rc;
}

/* The one host without a region in its name is for us-east-1, unless told otherwise. */
static int
set_aws_host(struct endpoint *e, struct err *err)
{
	bool is_plain = !e->variant.is_dualstack && !e->variant.is_fips;

	if (is_plain && !e->is_regional &&
	    strcmp(e->region, HOME_REGION) == 0) {
		e->host = xstrdup(GLOBAL_HOST);
		return 0;
	}
	return aws_host_new(&e->host, AWS_S3, e->region, e->variant, err);
}

static int
set_url(struct endpoint *e, const char *url, struct err *err)
{
	if (url) {
		CLEANUP_FREE char *shown = endpoint_dup_shown(url);
		int rc = parse_url(e, url, err);

		if (rc) /* not so much of it that the reason has no room */
			err_wrap(err, "endpoint URL %.120s", shown);
		return rc;
	}
	e->is_tls = true;
	e->base = xstrdup("");
	return set_aws_host(e, err);
}

/* No region, and the name for none, are the global host, whose region is a real one. */
static int
set_home_region(struct endpoint *e, const char *region, struct err *err)
{
	CLEANUP_FREE char *name =
		region ? aws_region_new(region, &e->variant) : NULL;

	if (name && strcmp(name, "aws-global") != 0)
		return set_region(e, name, err);
	e->is_regional = false;
	return set_region(e, HOME_REGION, err);
}

int
endpoint_new(struct endpoint **out, const struct endpoint_options *o,
	     struct err *err)
{
	struct endpoint *e = xnew(struct endpoint);
	int rc;

	e->is_aws = !o->url;
	e->variant = o->variant;
	e->is_regional = o->is_regional;
	rc = set_home_region(e, o->region, err);
	if (rc == 0)
		rc = set_url(e, o->url, err);
	if (rc) {
		endpoint_free(e);
		return rc;
	}
	e->is_virtual = o->style == ADDRESSING_VIRTUAL ||
			(o->style == ADDRESSING_AUTO && !o->url);
	*out = e;
	return 0;
}

int
endpoint_new_in_region(struct endpoint **out, const struct endpoint *home,
		       const char *region, struct err *err)
{
	const char *partition = aws_partition(home->region);
	struct endpoint *e;
	int rc;

	/* another partition is another provider, with keys of its own */
	if (home->is_aws && aws_partition(region) != partition)
		return err_set(err, EINVAL, "%s is not a region of %s", region,
			       partition);
	e = xnew(struct endpoint);
	*e = *home;
	e->host = e->region = NULL;
	e->base = xstrdup(home->base);
	rc = set_region(e, region, err);
	if (rc == 0 && e->is_aws)
		rc = set_aws_host(e, err);
	if (rc) {
		endpoint_free(e);
		return rc;
	}
	if (!e->is_aws)
		e->host = xstrdup(home->host);
	*out = e;
	return 0;
}

void
endpoint_free(struct endpoint *e)
{
	if (!e)
		return;
	free(e->host);
	free(e->base);
	free(e->region);
	free(e);
}

bool
endpoint_is_aws(const struct endpoint *e)
{
	return e->is_aws;
}

const char *
endpoint_scheme(const struct endpoint *e)
{
	return e->is_tls ? "https" : "http";
}

const char *
endpoint_region(const struct endpoint *e)
{
	return e->region;
}

const char *
endpoint_bucket_in_path(const struct endpoint *e)
{
	const char *name = e->base[0] == '/' ? e->base + 1 : "";

	return bucket_name_is_possible(name) ? name : NULL;
}

/*
 * Whether the bucket can be a host name before the endpoint's.  A certificate
 * for *.s3.example.org does not cover a name with dots.
 */
static bool
is_virtual_host(const struct endpoint *e, const char *bucket)
{
	size_t len = strlen(bucket);

	for (size_t i = 0; i < len; i++)
		if (!strchr(LOWER, bucket[i]) &&
		    (bucket[i] != '.' || e->is_tls))
			return false;
	return !e->is_address && !is_address(bucket) && len <= LABEL_MAX &&
	       is_host_name(bucket, len);
}

int
endpoint_address(const struct endpoint *e, const char *bucket, const char *key,
		 size_t key_len, struct buf *host, struct buf *path)
{
	bool is_virtual = bucket && e->is_virtual && is_virtual_host(e, bucket);
	int rc;

	/* "." and ".." would be taken for steps in the path */
	if (bucket && (bucket[0] == '.' || bucket[0] == '\0'))
		return -EINVAL;
	rc = buf_printf(host, "%s%s%s", is_virtual ? bucket : "",
			is_virtual ? "." : "", e->host);
	if (rc == 0)
		rc = buf_printf(path, "%s/", e->base);
	if (rc == 0 && bucket && !is_virtual)
		rc = uri_encode(path, bucket, strlen(bucket), false);
	if (rc == 0 && bucket && !is_virtual && key)
		rc = buf_add_str(path, "/");
	if (rc == 0 && key)
		rc = uri_encode(path, key, key_len, true);
	return rc;
}
