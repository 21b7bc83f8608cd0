/* SPDX-License-Identifier: MIT */
/*
 * Whether listings tell metadata: see list-metadata.h.  Net thread only.
 */
#include "config.h"

#include "s3/list-metadata.h"

#include <errno.h>

#include "util/log.h"

bool
list_metadata_should_ask(const struct list_metadata *m)
{
	return m->has != LIST_METADATA_NO;
}

void
list_metadata_observe(struct list_metadata *m, const struct list_page *page)
{
	if (page->has_metadata && m->has != LIST_METADATA_YES) {
		m->has = LIST_METADATA_YES;
		log_info("the store's listings tell metadata: "
			 "HEADs are needed only for what they leave out");
	} else if (m->has == LIST_METADATA_UNKNOWN && page->n_objects > 0) {
		m->has = LIST_METADATA_NO;
		log_debug("the store's listings do not tell metadata");
	}
}

/* What it says of a parameter that it does not know, and of nothing else. */
static bool
is_refusal(const struct s3_answer *a)
{
	bool is_retryable;
	int code = s3_errno(a->status, a->error.code, false, &is_retryable);

	return (a->status == 400 || a->status == 405 || a->status == 501) &&
	       code == EIO && !is_retryable;
}

/* All bytes of an answer came, or enough to see that it is none. */
static bool
is_unreadable(const struct s3_answer *a)
{
	return a->status == 200 && !a->error.code[0] && a->http &&
	       (a->http->err.code == 0 || a->http->was_refused);
}

bool
list_metadata_is_to_blame(const struct list_metadata *m,
			  const struct s3_answer *a)
{
	return is_unreadable(a) ||
	       (m->has != LIST_METADATA_YES && is_refusal(a));
}
