/* SPDX-License-Identifier: MIT */
/*
 * SHA-256 through OpenSSL's EVP: see hash.h.  Any thread.  The context and the
 * algorithm are fetched once and used again: a fetch per object would cost more
 * than the hash of a short key.
 */
#include "config.h"

#include "util/hash.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

struct sha256 {
	EVP_MD_CTX *ctx;
	EVP_MD *md;
};

/* OpenSSL fails here only for want of memory. */
static void
check(int ok)
{
	if (!ok)
		die_no_memory();
}

struct sha256 *
sha256_new(void)
{
	struct sha256 *h = xnew(struct sha256);

	h->ctx = EVP_MD_CTX_new();
	h->md = EVP_MD_fetch(NULL, "SHA256", NULL);
	check(h->ctx && h->md && EVP_DigestInit_ex2(h->ctx, h->md, NULL));
	return h;
}

void
sha256_free(struct sha256 *h)
{
	if (!h)
		return;
	EVP_MD_CTX_free(h->ctx);
	EVP_MD_free(h->md);
	free(h);
}

void
sha256_begin(struct sha256 *h)
{
	check(EVP_DigestInit_ex2(h->ctx, NULL, NULL));
}

void
sha256_add(struct sha256 *h, const void *data, size_t len)
{
	check(EVP_DigestUpdate(h->ctx, data, len));
}

void
sha256_end(struct sha256 *h, unsigned char out[SHA256_LEN])
{
	check(EVP_DigestFinal_ex(h->ctx, out, NULL));
}

void
sha256_hex(const void *data, size_t len, char out[SHA256_HEX_LEN])
{
	unsigned char raw[SHA256_LEN];

	check(EVP_Digest(data, len, raw, NULL, EVP_sha256(), NULL));
	hex_print(raw, sizeof(raw), out);
}

void
hmac_sha256(const void *key, size_t key_len, const void *data, size_t len,
	    unsigned char out[SHA256_LEN])
{
	unsigned int n = SHA256_LEN;

	check(HMAC(EVP_sha256(), key, (int)key_len, data, len, out, &n) !=
	      NULL);
}

void
hex_print(const unsigned char *in, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		*out++ = digits[in[i] >> 4];
		*out++ = digits[in[i] & 15];
	}
	*out = '\0';
}
