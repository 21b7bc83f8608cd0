/* SPDX-License-Identifier: MIT */
/*
 * Keys as JSON, in the forms that programs and services give them.  Pure; any thread.
 *
 * Sources: AWS SDKs and Tools Reference Guide, "Process credential provider", "Container
 * credential provider", "IMDS credential provider", "IAM Identity Center"; of the cached
 * login: botocore.
 */
#ifndef AUTH_KEY_JSON_H
#define AUTH_KEY_JSON_H

#include "auth/keys.h"

#define KEY_JSON_MAX (64 * 1024) /* bytes; tokens are some KB at most */

/* The names of the members; those that are NULL are not looked for. */
struct key_names {
	const char
		*parent; /* the object that has them; NULL: the text itself */
	const char *access_key, *secret_key, *session_token, *expiration;
	bool has_expiry_in_ms; /* since 1970, as a number; else a time as text */
	bool has_version; /* "Version" must be the number 1 */
	bool has_code; /* "Code" must be "Success", if it is there */
};

/*
 * Keys of `source`, which lives for ever.  -EACCES if they are not such: the message
 * has nothing of what was read, but a "Code".
 */
int key_json_parse(struct keys **out, const char *text, size_t len,
		   const struct key_names *names, const char *source,
		   struct err *err);

/* A login that another program has cached. */
struct login {
	char *token; /* on the heap */
	int64_t expires_at;
};

/* As key_json_parse(); login_clear() in any case. */
int login_json_parse(struct login *out, const char *text, size_t len,
		     struct err *err);
void login_clear(struct login *l); /* wiped */

#endif
