/* SPDX-License-Identifier: MIT */
/*
 * What the end of a try is to its request: a success, a refusal that is told in the
 * store's words, or what may pass; and what it says of the store's load.  Pure.
 */
#ifndef S3_ANSWER_H
#define S3_ANSWER_H

#include <string.h>

#include "s3/meter.h"
#include "s3/pace.h"
#include "s3/request.h"

struct s3_try {
	const struct s3_request *r; /* borrowed */
	const char *region; /* for which it was signed; likewise */
	int head_rc; /* what on_head returned; 0: nothing, or it was not asked */
	struct err head_err;
	bool is_repeat; /* the answer before seemed to be another request's */
	bool asks_again; /* set: this one does */
};

/*
 * Fill `answer`, of which `http` is set, from what HTTP gave.  Returns whether what is
 * wrong with it may pass.
 */
bool s3_try_judge(struct s3_try *t, struct s3_answer *answer);

enum pace_answer s3_answer_load(const struct s3_answer *answer, bool may_pass);

/* What it counts as. */
enum meter_operation s3_meter_operation(const struct s3_request *r);
enum meter_outcome s3_meter_outcome(const struct s3_answer *answer,
				    enum pace_answer load, bool is_cancelled);

static inline bool
s3_request_is_head(const struct s3_request *r)
{
	return strcmp(r->method, "HEAD") == 0;
}

/* For logs. */
static inline const char *
s3_request_operation(const struct s3_request *r)
{
	return r->operation ? r->operation : r->method;
}

#endif
