/* SPDX-License-Identifier: MIT */
/*
 * Proxies: see proxy.h.  Main thread.
 *
 * Source: libcurl-env(3).  HTTP_PROXY in upper case is none: a CGI program has it from
 * whoever asks.
 */
#include "config.h"

#include "explain/proxy.h"

/* The first that is set; an empty one is not. */
static struct proxy_variable
first_of(const char *const names[])
{
	for (; *names; names++) {
		const char *value = getenv(*names);

		if (value && *value)
			return (struct proxy_variable){ *names, value };
	}
	return (struct proxy_variable){ NULL, NULL };
}

struct proxy_variable
proxy_for(const char *scheme)
{
	static const char *const of_http[] = { "http_proxy", "all_proxy",
					       "ALL_PROXY", NULL };
	static const char *const of_https[] = { "https_proxy", "HTTPS_PROXY",
						"all_proxy", "ALL_PROXY",
						NULL };

	return first_of(strcmp(scheme, "https") == 0 ? of_https : of_http);
}

struct proxy_variable
proxy_exceptions(void)
{
	static const char *const names[] = { "no_proxy", "NO_PROXY", NULL };

	return first_of(names);
}
