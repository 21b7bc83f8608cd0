/* SPDX-License-Identifier: MIT */
/*
 * Which key may be sent as start-after: see start-after.h.  Pure; any thread.
 */
#include "config.h"

#include "list/start-after.h"

#include "util/ascii.h"
#include "util/utf8.h"

static bool
is_plain_ascii(char c)
{
	return ascii_is_alnum(c) || (c && strchr("-._~/=", c));
}

/* Bytes of the plain character that `s` begins with; 0 if it is none. */
static size_t
plain_character(const char *s, size_t len)
{
	size_t n;

	if (!(*s & 0x80))
		return is_plain_ascii(*s) ? 1 : 0;
	n = utf8_length(s, len);
	/* U+FFFE and U+FFFF: well-formed, but no characters of XML */
	return n == 3 && utf8_value(s, n) >= 0xfffe ? 0 : n;
}

size_t
start_after_plain_length(const char *key, size_t len)
{
	size_t i = 0, n = 1;

	while (i < len && n > 0) {
		n = plain_character(key + i, len - i);
		i += n;
	}
	return i;
}

bool
start_after_is_plain(const char *key, size_t len)
{
	return len > 0 && start_after_plain_length(key, len) == len;
}

bool
start_after_is_possible(const char *key, size_t len)
{
	return len > 0 && !memchr(key, '\0', len);
}
