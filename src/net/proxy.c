/* SPDX-License-Identifier: MIT */
/*
 * Proxies: see proxy.h.  Any thread.
 *
 * Source: libcurl-env(3) and CURLOPT_NOPROXY(3), and what Python's urllib makes of the same
 * variables, for HTTP_PROXY and ports in NO_PROXY.
 */
#include "config.h"

#include "net/proxy.h"

#include <arpa/inet.h>
#include <strings.h>

#include "util/number.h"

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

/* --- whom it is not for --- */

/* What a URL asks; its host without brackets, and without a dot at the end. */
struct place {
	char host[256];
	char with_port[264]; /* as it is in the URL */
	int family; /* of the address that it is; 0: a name */
	unsigned char address[16];
};

static void
set_family(struct place *p)
{
	if (inet_pton(AF_INET, p->host, p->address) == 1)
		p->family = AF_INET;
	else if (inet_pton(AF_INET6, p->host, p->address) == 1)
		p->family = AF_INET6;
}

static bool
place_init(struct place *p, const char *url)
{
	const char *authority = strstr(url, "://");
	size_t len;

	*p = (struct place){ .family = 0 };
	if (!authority)
		return false;
	authority += 3;
	len = strcspn(authority, "/?#");
	if (len >= sizeof(p->host))
		return false;
	snprintf(p->with_port, sizeof(p->with_port), "%.*s", (int)len,
		 authority);
	len = *authority == '[' ? strcspn(++authority, "]")
				: strcspn(p->with_port, ":");
	snprintf(p->host, sizeof(p->host), "%.*s", (int)len, authority);
	len = strlen(p->host);
	set_family(p);
	if (!p->family && len && p->host[len - 1] == '.')
		p->host[len - 1] = '\0';
	return true;
}

/* "example.com", ".example.com": that name, and those below it. */
static bool
is_in_domain(const char *name, const char *domain, size_t len)
{
	size_t name_len = strlen(name);
	const char *tail;

	if (len > 0 && *domain == '.') {
		domain++;
		len--;
	}
	if (len > 0 && domain[len - 1] == '.')
		len--;
	if (len == 0 || len > name_len)
		return false;
	tail = name + name_len - len;
	return strncasecmp(tail, domain, len) == 0 &&
	       (tail == name || tail[-1] == '.');
}

static bool
has_equal_bits(const unsigned char *a, const unsigned char *b, unsigned n)
{
	unsigned rest = n % 8;

	if (memcmp(a, b, n / 8) != 0)
		return false;
	return rest == 0 || (a[n / 8] ^ b[n / 8]) >> (8 - rest) == 0;
}

/* An address, or a network, "10.0.0.0/8". */
static bool
is_in_network(const struct place *p, const char *entry, size_t len)
{
	unsigned max = p->family == AF_INET ? 32 : 128;
	CLEANUP_FREE char *copy = xstrndup(entry, len);
	char *slash = strchr(copy, '/');
	unsigned char address[16];
	int64_t bits = max;

	if (slash)
		*slash = '\0';
	if (slash && !number_parse(slash + 1, &bits))
		return false;
	return bits <= max && inet_pton(p->family, copy, address) == 1 &&
	       has_equal_bits(p->address, address, (unsigned)bits);
}

static bool
is_exempt_by(const struct place *p, const char *entry, size_t len)
{
	/* a port, which curl by itself does not know */
	if (memchr(entry, ':', len) && is_in_domain(p->with_port, entry, len))
		return true;
	return p->family ? is_in_network(p, entry, len)
			 : is_in_domain(p->host, entry, len);
}

bool
proxy_is_exempt(const char *url)
{
	const char *s = proxy_exceptions().value;
	struct place p;

	if (!s || !place_init(&p, url))
		return false;
	if (strcmp(s, "*") == 0)
		return true;
	while (*(s += strspn(s, ", \t"))) {
		size_t len = strcspn(s, ", \t");

		if (is_exempt_by(&p, s, len))
			return true;
		s += len;
	}
	return false;
}
