/* SPDX-License-Identifier: MIT */
/*
 * Proxies: see proxy.h.  Any thread.
 *
 * Source: libcurl-env(3), and what Python's urllib makes of the same variables, for
 * HTTP_PROXY and ports in NO_PROXY.
 */
#include "config.h"

#include "net/proxy.h"

#include <strings.h>

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
	static const char *const of_http[] = { "http_proxy", "HTTP_PROXY",
					       "all_proxy", "ALL_PROXY", NULL };
	/* a CGI program has HTTP_PROXY from whoever asks */
	static const char *const of_cgi[] = { "http_proxy", "all_proxy",
					      "ALL_PROXY", NULL };
	static const char *const of_https[] = { "https_proxy", "HTTPS_PROXY",
						"all_proxy", "ALL_PROXY",
						NULL };

	if (strcmp(scheme, "https") == 0)
		return first_of(of_https);
	return first_of(getenv("REQUEST_METHOD") ? of_cgi : of_http);
}

struct proxy_variable
proxy_exceptions(void)
{
	static const char *const names[] = { "no_proxy", "NO_PROXY", NULL };

	return first_of(names);
}

/* "host:1", ".host:1": that host, and those below it. */
static bool
is_host_and_port(const char *entry, size_t len, const char *authority,
		 size_t authority_len)
{
	const char *tail;

	if (len > 0 && *entry == '.') {
		entry++;
		len--;
	}
	if (len == 0 || len > authority_len || !memchr(entry, ':', len))
		return false;
	tail = authority + authority_len - len;
	return strncasecmp(tail, entry, len) == 0 &&
	       (tail == authority || tail[-1] == '.');
}

bool
proxy_is_exempt(const char *url)
{
	const char *s = proxy_exceptions().value, *authority;

	authority = strstr(url, "://");
	if (!s || !authority)
		return false;
	authority += 3;
	while (*(s += strspn(s, ", \t"))) {
		size_t len = strcspn(s, ", \t");

		if (is_host_and_port(s, len, authority,
				     strcspn(authority, "/?#")))
			return true;
		s += len;
	}
	return false;
}
