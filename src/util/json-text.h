/* SPDX-License-Identifier: MIT */
/*
 * Strings as JSON has them, which is UTF-8.  Pure; any thread.  All functions return
 * 0, or what buf_add() does.
 */
#ifndef UTIL_JSON_TEXT_H
#define UTIL_JSON_TEXT_H

#include "util/buf.h"

/* A string in quotes; what is no UTF-8 in it becomes \xHH. */
int json_add_string(struct buf *out, const char *s);

/*
 * The same of any bytes, as far as they take `max` bytes between the quotes: *used
 * tells how many of them that are, whole characters.
 */
int json_add_start(struct buf *out, const char *s, size_t len, size_t max,
		   size_t *used);

/* How a key is shown. */
struct json_key {
	bool is_url_encoded; /* it is not UTF-8 */
	bool is_cut; /* it takes more than `max` bytes: the start of it */
};

/* A key, which is bytes; one that is not UTF-8 is URL-encoded. */
int json_add_key(struct buf *out, const char *key, size_t len, size_t max,
		 struct json_key *shown);

#endif
