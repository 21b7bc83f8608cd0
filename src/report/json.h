/* SPDX-License-Identifier: MIT */
/*
 * Members as JSON.  Pure; any thread.  All functions return 0, or what buf_add()
 * does.
 */
#ifndef REPORT_JSON_H
#define REPORT_JSON_H

#include "report/member.h"
#include "util/buf.h"

/*
 * The members of an object, one on a line, without its braces: where rows of a
 * part follow each other they are an object themselves.  `depth` is that of the
 * members, the last of which has no comma.
 */
int json_add_members(struct buf *out, const struct members *m, const void *data,
		     unsigned depth);

#endif
