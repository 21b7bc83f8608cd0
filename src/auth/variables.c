/* SPDX-License-Identifier: MIT */
/*
 * Variables: see variables.h.  Main thread.
 */
#include "config.h"

#include "auth/variables.h"

#include <strings.h>

#include "util/wipe.h"

char *
variable_dup(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? xstrdup(value) : NULL;
}

char *
variable_dup_endpoint(const char *service, bool is_ignored)
{
	CLEANUP_FREE char *name = xasprintf("AWS_ENDPOINT_URL_%s", service);
	char *url = NULL;

	if (is_ignored)
		return NULL;
	url = variable_dup(name);
	return url ? url : variable_dup("AWS_ENDPOINT_URL");
}

/* It is gone afterwards: from what children get, and from /proc/PID/environ. */
static char *
take(const char *name)
{
	char *value = getenv(name), *copy = variable_dup(name);

	if (!value)
		return NULL;
	explicit_bzero(value, strlen(value));
	unsetenv(name);
	return copy;
}

void
secret_variables_take(struct secret_variables *v)
{
	char *other;

	v->access_key = take("AWS_ACCESS_KEY_ID");
	v->secret_key = take("AWS_SECRET_ACCESS_KEY");
	v->session_token = take("AWS_SECURITY_TOKEN");
	other = take("AWS_SESSION_TOKEN");
	if (!v->session_token)
		v->session_token = steal(&other);
	wipe_free(other);
	v->container_token = take("AWS_CONTAINER_AUTHORIZATION_TOKEN");
}

void
secret_variables_clear(struct secret_variables *v)
{
	wipe_free(v->access_key);
	wipe_free(v->secret_key);
	wipe_free(v->session_token);
	wipe_free(v->container_token);
}

bool
variable_is_true(const char *name)
{
	const char *value = getenv(name);

	return value && strcasecmp(value, "true") == 0;
}
