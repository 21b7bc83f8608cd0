/* SPDX-License-Identifier: MIT */
/*
 * What cJSON lets pass, found before it looks.  Pure; any thread.
 *
 * The text is checked against RFC 8259 to the letter, and rewritten so that a
 * tree of doubles keeps every digit: each value that is a string begins with
 * JSON_STRING afterwards, and each number has become a string that begins with
 * JSON_NUMBER.  Names of members stay as they are.
 */
#ifndef UTIL_JSON_STRICT_H
#define UTIL_JSON_STRICT_H

#include "util/buf.h"
#include "util/err.h"

#define JSON_STRING '$'
#define JSON_NUMBER '#'
#define JSON_DEPTH_MAX 32

/*
 * Append the rewritten text.  -EBADMSG if it is not one JSON value in UTF-8,
 * white space around it aside; if a string holds a control byte or \u0000; or
 * if values nest more than JSON_DEPTH_MAX deep.  Duplicate members pass.
 */
int json_strict(struct buf *out, const char *data, size_t len, struct err *err);

#endif
