/* SPDX-License-Identifier: MIT */
/*
 * Foreign bytes made printable: see escape.h.  Any thread.
 */
#include "config.h"

#include "util/escape.h"

#include "util/utf8.h"

/*
 * Characters that are well-formed, and show a reader something else than what is
 * there: they control the terminal as ESC does, end a line, turn the direction of
 * writing, or are not seen at all (Unicode 15: Cc, Zl, Zp, and of Cf and the
 * non-characters what no text needs that is seen).
 */
static const struct {
	uint32_t first, last;
} invisible[] = {
	{ 0x00, 0x1f },	      { 0x7f, 0x9f },	  { 0xad, 0xad },
	{ 0x61c, 0x61c },     { 0x180e, 0x180e }, { 0x200b, 0x200f },
	{ 0x2028, 0x202e },   { 0x2060, 0x206f }, { 0xfdd0, 0xfdef },
	{ 0xfeff, 0xfeff },   { 0xfff0, 0xfffb }, { 0x1d173, 0x1d17a },
	{ 0xe0000, 0xe0fff },
};

static bool
is_visible(uint32_t c)
{
	for (size_t i = 0; i < ARRAY_SIZE(invisible); i++)
		if (c >= invisible[i].first && c <= invisible[i].last)
			return false;
	return (c & 0xfffe) != 0xfffe;
}

/* Bytes of the printable character at the start of `s`, or 0. */
static size_t
printable_length(const char *s, size_t len)
{
	size_t n = utf8_length(s, len);

	return n > 0 && is_visible(utf8_value(s, n)) ? n : 0;
}

bool
escape_text(char *out, size_t size, const char *in, size_t len)
{
	size_t used = 0, i = 0;

	while (i < len) {
		unsigned char c = (unsigned char)in[i];
		size_t n = printable_length(in + i, len - i);

		if (used + (n ? n : 4) >= size)
			break;
		if (n) {
			memcpy(out + used, in + i, n);
			used += n;
		} else {
			used += (size_t)sprintf(out + used, "\\x%02x", c);
		}
		i += n ? n : 1;
	}
	out[used] = '\0';
	return i == len;
}
