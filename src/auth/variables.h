/* SPDX-License-Identifier: MIT */
/*
 * Variables of the environment, for sources of keys.  Main thread, while there is no
 * other.
 */
#ifndef AUTH_VARIABLES_H
#define AUTH_VARIABLES_H

#include "util/base.h"

/* On the heap; NULL if it is empty or not set. */
char *variable_dup(const char *name);

/*
 * Where a service ("STS") is: by AWS_ENDPOINT_URL_STS, or AWS_ENDPOINT_URL.  NULL: neither
 * is set, or they are to be ignored (`ignores_endpoints` of creds_options).
 */
char *variable_dup_endpoint(const char *service, bool is_ignored);

/*
 * Those that are secret.  They are taken once, whoever's they are and whether they are
 * used or not; sources copy what they need.
 */
struct secret_variables {
	char *access_key, *secret_key;
	char *session_token; /* by its older name, if it has both */
	char *container_token;
};

void secret_variables_take(struct secret_variables *v);
void secret_variables_clear(struct secret_variables *v); /* wiped */

/* "true", in any case. */
bool variable_is_true(const char *name);

#endif
