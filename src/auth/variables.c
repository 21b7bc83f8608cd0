/* SPDX-License-Identifier: MIT */
/*
 * Variables: see variables.h.  Main thread.
 */
#include "config.h"

#include "auth/variables.h"

#include <strings.h>

char *
variable_dup(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? xstrdup(value) : NULL;
}

char *
variable_take(const char *name)
{
	char *value = getenv(name), *copy = variable_dup(name);

	if (!value)
		return NULL;
	explicit_bzero(value, strlen(value));
	unsetenv(name);
	return copy;
}

bool
variable_is_true(const char *name)
{
	const char *value = getenv(name);

	return value && strcasecmp(value, "true") == 0;
}
