/* SPDX-License-Identifier: MIT */
/*
 * Plain texts of XML: see plain-text.h.  Pure.
 */
#include "config.h"

#include "list/plain-text.h"

#include "util/ascii.h"

/* "&#34;" or "&#x22;", of printable ASCII: its length, else 0. */
static size_t
number_reference(const char *s, size_t len, char *out)
{
	unsigned base = len > 2 && s[2] == 'x' ? 16 : 10, value = 0;
	size_t first = base == 16 ? 3 : 2, i = first;

	for (; i < len && i < PLAIN_TEXT_REFERENCE_MAX - 1; i++) {
		int digit = ascii_hex_value(s[i]);

		if (digit < 0 || (unsigned)digit >= base)
			break;
		value = value * base + (unsigned)digit;
	}
	if (i == first || i >= len || s[i] != ';' || value < ' ' || value > '~')
		return 0;
	*out = (char)value;
	return i + 1;
}

size_t
plain_text_reference(const char *s, size_t len, char *out)
{
	static const struct {
		char text[8], c;
	} entities[] = { { "&quot;", '"' },
			 { "&amp;", '&' },
			 { "&apos;", '\'' },
			 { "&lt;", '<' },
			 { "&gt;", '>' } };

	if (len > 1 && s[1] == '#')
		return number_reference(s, len, out);
	for (size_t i = 0; i < ARRAY_SIZE(entities); i++) {
		size_t n = strlen(entities[i].text);

		if (len >= n && memcmp(s, entities[i].text, n) == 0) {
			*out = entities[i].c;
			return n;
		}
	}
	return 0;
}

size_t
plain_text_decode(const char *s, size_t len, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < len; n++) {
		if (s[i] == '&')
			i += plain_text_reference(s + i, len - i, &out[n]);
		else
			out[n] = s[i++];
	}
	return n;
}
