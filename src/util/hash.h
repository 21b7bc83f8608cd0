/* SPDX-License-Identifier: MIT */
/*
 * SHA-256, HMAC-SHA-256, MD5 and SHA-1, for which this is the only user of OpenSSL; and
 * FNV-1a, where nobody chooses what is hashed to do harm.  Any thread; a
 * `struct sha256` by one thread at a time.
 */
#ifndef UTIL_HASH_H
#define UTIL_HASH_H

#include "util/base.h"

#define SHA256_LEN 32
#define SHA256_HEX_LEN (2 * SHA256_LEN + 1)
#define SHA256_BASE64_LEN 45
#define MD5_BASE64_LEN 25
#define SHA1_HEX_LEN 41

struct sha256; /* a context to be used again and again */

struct sha256 *sha256_new(void);
void sha256_free(struct sha256 *h); /* NULL is fine */
void sha256_begin(struct sha256 *h);
void sha256_add(struct sha256 *h, const void *data, size_t len);
void sha256_end(struct sha256 *h, unsigned char out[SHA256_LEN]);

/*
 * Short data, a copy of them.  A hash that reads what was written only just before
 * waits for it: of many, it takes a fifth less time to copy some, and then to hash
 * these.
 */
#define SHA256_SHORT_MAX (8 * 64 - 9)

struct sha256_short {
	size_t n; /* bytes of whole blocks, the end that SHA-256 wants included */
	unsigned char blocks[8 * 64];
};

void sha256_short_set(struct sha256_short *s, const void *data, size_t len);
void sha256_short_hash(const struct sha256_short *s,
		       unsigned char out[SHA256_LEN]);

/* In one go; the hexadecimal form is lower case and NUL-terminated. */
void sha256_hex(const void *data, size_t len, char out[SHA256_HEX_LEN]);

/* In one go, in base64, as checksums in header fields are. */
void sha256_base64(const void *data, size_t len, char out[SHA256_BASE64_LEN]);

/* False if MD5 is not to be had, as where only what FIPS 140 approves is. */
bool md5_base64(const void *data, size_t len, char out[MD5_BASE64_LEN]);

/* Likewise, in hexadecimal: names of files, for which it is good enough. */
bool sha1_hex(const void *data, size_t len, char out[SHA1_HEX_LEN]);

void hmac_sha256(const void *key, size_t key_len, const void *data, size_t len,
		 unsigned char out[SHA256_LEN]);

uint64_t fnv1a(const void *data, size_t len);

void hex_print(const unsigned char *in, size_t len, char *out); /* 2*len+1 */

#endif
