/* SPDX-License-Identifier: MIT */
/*
 * The dialect of INI in which the AWS tools keep their shared files:
 * "[section]" lines, "name = value" lines, "#" and ";" comments (whole lines,
 * or after a blank), and indented lines that nest under the name above when its
 * value is empty ("s3 =\n  addressing_style = path").  Pure; any thread.
 *
 * Why not libinih: Debian builds it with 200-byte lines and cuts longer ones
 * silently (measured: 1,500 bytes come back as 197); session tokens are longer.
 */
#ifndef UTIL_INI_H
#define UTIL_INI_H

#include "util/err.h"

/*
 * Called for each value, in order, repeated ones too.  `parent` is the name
 * that an indented line nests under, else NULL.  Names are in lower case, as
 * these tools compare them.  At the start of a section, which may be empty,
 * `name` and `value` are NULL.  Strings are valid during the call only.
 */
typedef void ini_value_fn(void *arg, const char *section, const char *parent,
			  const char *name, const char *value);

/*
 * Parse `len` bytes of text, in which neither NUL bytes nor lines without
 * meaning are tolerated.  Indented lines under a value that is not empty are
 * skipped: the tools join them to it, no value that we ask for is written so.
 * 0, or -EINVAL naming the line number (never its content: it may be a secret).
 */
int ini_parse(const char *text, size_t len, ini_value_fn *on_value, void *arg,
	      struct err *err);

#endif
