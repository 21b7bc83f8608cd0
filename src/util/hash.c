/* SPDX-License-Identifier: MIT */
/*
 * Hashes through OpenSSL: see hash.h.  Any thread.  SHA-256 by its low-level
 * functions, which OpenSSL 3 would rather not see used: they need no memory and
 * cannot fail, and a context of EVP would cost more than the hash of a short key.
 * MD5 by EVP, which fails where the configuration of the machine forbids it.
 */
#include "config.h"

#include "util/hash.h"

#include <endian.h>

#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#define BLOCK_LEN SHA256_CBLOCK

struct sha256 {
	SHA256_CTX ctx;
};

struct sha256 *
sha256_new(void)
{
	struct sha256 *h = xnew(struct sha256);

	sha256_begin(h);
	return h;
}

void
sha256_free(struct sha256 *h)
{
	free(h);
}

void
sha256_begin(struct sha256 *h)
{
	SHA256_Init(&h->ctx);
}

void
sha256_add(struct sha256 *h, const void *data, size_t len)
{
	SHA256_Update(&h->ctx, data, len);
}

void
sha256_end(struct sha256 *h, unsigned char out[SHA256_LEN])
{
	SHA256_Final(out, &h->ctx);
}

/* By FIPS 180-4: a bit that is set, and in the end how many came before it. */
void
sha256_short_set(struct sha256_short *s, const void *data, size_t len)
{
	uint64_t bits = htobe64((uint64_t)len * 8);

	s->n = (len + 1 + sizeof(bits) + BLOCK_LEN - 1) / BLOCK_LEN * BLOCK_LEN;
	if (len > 0)
		memcpy(s->blocks, data, len);
	memset(s->blocks + len, 0, s->n - len);
	s->blocks[len] = 0x80;
	memcpy(s->blocks + s->n - sizeof(bits), &bits, sizeof(bits));
}

void
sha256_short_hash(const struct sha256_short *s, unsigned char out[SHA256_LEN])
{
	SHA256_CTX ctx;

	SHA256_Init(&ctx);
	SHA256_Update(&ctx, s->blocks, s->n); /* and no end of its own */
	for (size_t i = 0; i < SHA256_LEN / 4; i++) {
		uint32_t word = htobe32(ctx.h[i]);

		memcpy(out + 4 * i, &word, sizeof(word));
	}
}

static void
digest(const void *data, size_t len, unsigned char out[SHA256_LEN])
{
	struct sha256 h;

	sha256_begin(&h);
	sha256_add(&h, data, len);
	sha256_end(&h, out);
	explicit_bzero(&h, sizeof(h));
}

void
sha256_hex(const void *data, size_t len, char out[SHA256_HEX_LEN])
{
	unsigned char raw[SHA256_LEN];

	digest(data, len, raw);
	hex_print(raw, sizeof(raw), out);
}

void
sha256_base64(const void *data, size_t len, char out[SHA256_BASE64_LEN])
{
	unsigned char raw[SHA256_LEN];

	digest(data, len, raw);
	EVP_EncodeBlock((unsigned char *)out, raw, sizeof(raw));
}

/* Its length; 0 after a failure.  No error of ours may be left for TLS to find. */
static unsigned
failing_digest(const EVP_MD *kind, const void *data, size_t len,
	       unsigned char out[EVP_MAX_MD_SIZE])
{
	unsigned n = 0;
	bool ok;

	ERR_set_mark();
	ok = EVP_Digest(data, len, out, &n, kind, NULL) == 1;
	ERR_pop_to_mark();
	return ok ? n : 0;
}

bool
md5_base64(const void *data, size_t len, char out[MD5_BASE64_LEN])
{
	unsigned char raw[EVP_MAX_MD_SIZE];
	unsigned n = failing_digest(EVP_md5(), data, len, raw);

	if (n)
		EVP_EncodeBlock((unsigned char *)out, raw, (int)n);
	return n;
}

bool
sha1_hex(const void *data, size_t len, char out[SHA1_HEX_LEN])
{
	unsigned char raw[EVP_MAX_MD_SIZE];
	unsigned n = failing_digest(EVP_sha1(), data, len, raw);

	hex_print(raw, n, out);
	return n;
}

/* The hash of the key, each byte of it XORed with `pad`, and then the data. */
static void
padded_digest(const unsigned char key[BLOCK_LEN], unsigned char pad,
	      const void *data, size_t len, unsigned char out[SHA256_LEN])
{
	unsigned char block[BLOCK_LEN];
	struct sha256 h;

	for (size_t i = 0; i < BLOCK_LEN; i++)
		block[i] = key[i] ^ pad;
	sha256_begin(&h);
	sha256_add(&h, block, sizeof(block));
	sha256_add(&h, data, len);
	sha256_end(&h, out);
	explicit_bzero(block, sizeof(block));
	explicit_bzero(&h, sizeof(h));
}

/* RFC 2104 */
void
hmac_sha256(const void *key, size_t key_len, const void *data, size_t len,
	    unsigned char out[SHA256_LEN])
{
	unsigned char block[BLOCK_LEN] = { 0 }, inner[SHA256_LEN];

	if (key_len > BLOCK_LEN)
		digest(key, key_len, block);
	else if (key_len > 0)
		memcpy(block, key, key_len);
	padded_digest(block, 0x36, data, len, inner);
	padded_digest(block, 0x5c, inner, sizeof(inner), out);
	explicit_bzero(block, sizeof(block));
	explicit_bzero(inner, sizeof(inner));
}

uint64_t
fnv1a(const void *data, size_t len)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (const unsigned char *p = data; len > 0; p++, len--)
		hash = (hash ^ *p) * UINT64_C(0x100000001b3);
	return hash;
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
