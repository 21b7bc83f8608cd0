/* SPDX-License-Identifier: MIT */
/*
 * What STS answers: keys, or why not.  Every text has a cap.  Pure; any thread.
 *
 * Source: AWS Security Token Service API Reference.  Two shapes of an error are known:
 * <ErrorResponse><Error> of AWS, and <Error> as the root, of Ceph RGW.
 */
#ifndef AUTH_STS_ANSWER_H
#define AUTH_STS_ANSWER_H

#include "auth/keys.h"

#define STS_ANSWER_MAX (64 * 1024)

/*
 * The first <Credentials>, as keys of `source`, which lives for ever.  -EACCES if there are
 * none, or if they are no keys: the message has the <Code> of an error, and nothing else
 * of the answer.
 */
int sts_answer_parse(struct keys **out, const char *text, size_t len,
		     const char *source, struct err *err);

#endif
