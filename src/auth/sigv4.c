/* SPDX-License-Identifier: MIT */
/*
 * AWS Signature Version 4: see sigv4.h.  Any thread; pure.  What is signed is
 * what is sent: path and query come in as they go into the request line.
 */
#include "config.h"

#include "auth/sigv4.h"

#include <string.h>

#include "util/wipe.h"

#define ALGORITHM "AWS4-HMAC-SHA256"
#define DATE_LEN 8 /* of "20130524T000000Z" */
/* A query with an encoded continuation token; an encoded key and all headers. */
#define TEXT_MAX (256 * 1024 + 32 * 1024)

/* The names of all headers, "host;range;x-amz-date". */
static int
add_signed_headers(struct buf *out, const struct sigv4_request *req)
{
	int rc = 0;

	for (size_t i = 0; i < req->n_headers && rc == 0; i++)
		rc = buf_printf(out, "%s%s", i > 0 ? ";" : "",
				req->headers[i].name);
	return rc;
}

int
sigv4_canonical_request(struct buf *out, const struct sigv4_request *req)
{
	int rc = buf_printf(out, "%s\n%s\n%s\n", req->method, req->path,
			    req->query);

	for (size_t i = 0; i < req->n_headers && rc == 0; i++)
		rc = buf_printf(out, "%s:%s\n", req->headers[i].name,
				req->headers[i].value);
	if (rc == 0)
		rc = buf_add_str(out, "\n");
	if (rc == 0)
		rc = add_signed_headers(out, req);
	if (rc == 0)
		rc = buf_printf(out, "\n%s", req->payload_hash);
	return rc;
}

/* "20130524/us-east-1/s3/aws4_request" */
static int
add_scope(struct buf *out, const struct sigv4_scope *scope)
{
	return buf_printf(out, "%.*s/%s/%s/aws4_request", DATE_LEN,
			  scope->amz_date, scope->region, scope->service);
}

int
sigv4_string_to_sign(struct buf *out, const struct sigv4_scope *scope,
		     const char *canonical_request)
{
	char hash[SHA256_HEX_LEN];
	int rc;

	sha256_hex(canonical_request, strlen(canonical_request), hash);
	rc = buf_printf(out, ALGORITHM "\n%s\n", scope->amz_date);
	if (rc == 0)
		rc = add_scope(out, scope);
	if (rc == 0)
		rc = buf_printf(out, "\n%s", hash);
	return rc;
}

/* HMAC of `text` with the key in `key`, which the result replaces. */
static void
chain(unsigned char key[SHA256_LEN], const char *text, size_t len)
{
	unsigned char next[SHA256_LEN];

	hmac_sha256(key, SHA256_LEN, text, len, next);
	memcpy(key, next, SHA256_LEN);
	explicit_bzero(next, sizeof(next));
}

void
sigv4_signature(char out[SHA256_HEX_LEN], const struct sigv4_scope *scope,
		const char *secret_key, const char *string_to_sign)
{
	unsigned char key[SHA256_LEN];
	char *first = xasprintf("AWS4%s", secret_key);

	hmac_sha256(first, strlen(first), scope->amz_date, DATE_LEN, key);
	wipe_free(first);
	chain(key, scope->region, strlen(scope->region));
	chain(key, scope->service, strlen(scope->service));
	chain(key, "aws4_request", strlen("aws4_request"));
	chain(key, string_to_sign, strlen(string_to_sign));
	hex_print(key, sizeof(key), out);
	explicit_bzero(key, sizeof(key));
}

int
sigv4_authorization(struct buf *out, const struct sigv4_request *req,
		    const struct sigv4_scope *scope, const char *access_key,
		    const char *secret_key)
{
	/* has the session token */
	CLEANUP_BUF struct buf canonical = BUF_INIT_SECRET(TEXT_MAX);
	CLEANUP_BUF struct buf to_sign = BUF_INIT(TEXT_MAX);
	char signature[SHA256_HEX_LEN];
	int rc = sigv4_canonical_request(&canonical, req);

	if (rc == 0)
		rc = sigv4_string_to_sign(&to_sign, scope, buf_str(&canonical));
	if (rc)
		return rc;
	sigv4_signature(signature, scope, secret_key, buf_str(&to_sign));
	rc = buf_printf(out, ALGORITHM " Credential=%s/", access_key);
	if (rc == 0)
		rc = add_scope(out, scope);
	if (rc == 0)
		rc = buf_add_str(out, ", SignedHeaders=");
	if (rc == 0)
		rc = add_signed_headers(out, req);
	if (rc == 0)
		rc = buf_printf(out, ", Signature=%s", signature);
	return rc;
}
