/* SPDX-License-Identifier: MIT */
/*
 * Which key may be sent as start-after: one rule for all who choose one.  Pure; any
 * thread.
 *
 * Stores have bugs there.  Some decode it twice, so that "%" and "+" become other
 * keys; some canonicalise a query otherwise than its signer, about "!'()*"; some echo
 * it raw into XML, which is then not well-formed; and keys are skipped in silence.  So
 * where there is a choice, it is a plain key: letters, digits, "-", ".", "_", "~",
 * "/", "=", and characters beyond ASCII that are well-formed UTF-8 and that XML can
 * hold.
 */
#ifndef LIST_START_AFTER_H
#define LIST_START_AFTER_H

#include "util/base.h"

/* How much of the beginning of `key` is plain. */
size_t start_after_plain_length(const char *key, size_t len);

/* Whether all of it is, and there is something. */
bool start_after_is_plain(const char *key, size_t len);

/*
 * Whether it can be sent at all: for who has no plain key, and can't do without one.
 */
bool start_after_is_possible(const char *key, size_t len);

#endif
