/* SPDX-License-Identifier: MIT */
/*
 * Foreign bytes in messages and in the log: nothing that a store or a user sends
 * controls a terminal or begins a line.  Any thread.
 */
#ifndef UTIL_ESCAPE_H
#define UTIL_ESCAPE_H

#include "util/base.h"

/*
 * Write `in` to `out` as printable text, NUL-terminated and cut to `size` (false):
 * bytes of control characters, of others that are not seen (direction of writing,
 * ends of lines) and of invalid UTF-8 become \xHH.  Other UTF-8 and backslashes
 * stay, so escaping twice changes nothing.
 */
bool escape_text(char *out, size_t size, const char *in, size_t len);

#endif
