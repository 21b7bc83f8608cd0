/* SPDX-License-Identifier: MIT */
/*
 * Addressing and signing: see attempt.h.  Pure.
 */
#include "config.h"

#include "s3/attempt.h"

#include "util/wipe.h"

#define URL_MAX (288 * 1024) /* the query, and 32 KiB for the rest */

static int
compare_headers(const void *a, const void *b)
{
	const struct sigv4_header *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static void
add_header(struct attempt *a, const char *name, const char *value)
{
	a->headers[a->n_headers++] = (struct sigv4_header){ name, value };
}

/* All header fields that are signed, in the order of signing. */
static void
collect_headers(struct attempt *a, const struct s3_request *r,
		const struct attempt_target *target)
{
	const struct keys *keys = target->keys;
	const struct s3_terms *terms = &target->terms;

	for (size_t i = 0; i < r->n_headers; i++)
		a->headers[a->n_headers++] = r->headers[i];
	if (r->bucket && terms->is_requester_paying)
		add_header(a, "x-amz-request-payer", "requester");
	if (r->bucket && terms->bucket_owner)
		add_header(a, "x-amz-expected-bucket-owner",
			   terms->bucket_owner);
	if (keys->session_token)
		add_header(a, "x-amz-security-token", keys->session_token);
	add_header(a, "host", buf_str(&a->host));
	add_header(a, "x-amz-content-sha256", a->payload_hash);
	add_header(a, "x-amz-date", a->amz_date);
	qsort(a->headers, a->n_headers, sizeof(a->headers[0]), compare_headers);
}

static int
sign(struct attempt *a, const struct s3_request *r, const char *query,
     const struct attempt_target *target)
{
	struct sigv4_request req = {
		.method = r->method,
		.path = buf_str(&a->path),
		.query = query,
		.headers = a->headers,
		.payload_hash = a->payload_hash,
	};
	struct sigv4_scope scope = {
		.amz_date = a->amz_date,
		.region = endpoint_region(target->endpoint),
		.service = "s3",
	};

	sha256_hex(r->body ? r->body : "", r->body_len, a->payload_hash);
	date_print_amz(target->when, a->amz_date);
	collect_headers(a, r, target);
	req.n_headers = a->n_headers;
	if (!target->keys->access_key)
		return 0;
	return sigv4_authorization(&a->authorization, &req, &scope,
				   target->keys->access_key,
				   target->keys->secret_key);
}

static void
print_lines(struct attempt *a)
{
	size_t n = 0;

	for (size_t i = 0; i < a->n_headers; i++)
		a->owned[n++] = xasprintf("%s: %s", a->headers[i].name,
					  a->headers[i].value);
	if (a->authorization.len)
		a->owned[n++] = xasprintf("authorization: %s",
					  buf_str(&a->authorization));
	for (size_t i = 0; i < n; i++)
		a->lines[i] = a->owned[i];
	a->lines[n] = "expect:"; /* no waiting for a 100 before the body */
}

int
attempt_init(struct attempt *a, const struct s3_request *r, const char *query,
	     const struct attempt_target *target)
{
	const struct endpoint *e = target->endpoint;
	int rc;

	*a = (struct attempt){ .url = BUF_INIT(URL_MAX),
			       .host = BUF_INIT(1024),
			       .path = BUF_INIT(16 * 1024),
			       .authorization = BUF_INIT_SECRET(4096) };
	rc = endpoint_address(e, r->bucket, r->key, r->key_len, &a->host,
			      &a->path);
	if (rc == 0)
		rc = sign(a, r, query, target);
	if (rc == 0)
		rc = buf_printf(&a->url, "%s://%s%s%s%s", endpoint_scheme(e),
				buf_str(&a->host), buf_str(&a->path),
				query[0] ? "?" : "", query);
	if (rc == 0)
		print_lines(a);
	return rc;
}

void
attempt_clear(struct attempt *a)
{
	for (size_t i = 0; i < ATTEMPT_LINES_MAX && a->owned[i]; i++)
		wipe_free(a->owned[i]);
	buf_clear(&a->authorization);
	buf_clear(&a->url);
	buf_clear(&a->host);
	buf_clear(&a->path);
}
