/* SPDX-License-Identifier: MIT */
/*
 * Whether listings tell metadata: see metadata.h.  Net thread only.
 */
#include "config.h"

#include "list/metadata.h"

#include "util/log.h"

bool
list_metadata_should_ask(const struct list_metadata *m, int64_t now_ms)
{
	return m->has != LIST_METADATA_NO && now_ms >= m->refused_until_ms;
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

/* All bytes of an answer came, or enough to see that it is none. */
static bool
is_unreadable(const struct s3_answer *a)
{
	return a->status == 200 && !a->error.code[0] && a->http &&
	       (a->http->err.code == 0 || a->http->was_refused);
}

bool
list_metadata_is_to_blame(const struct s3_answer *a)
{
	return is_unreadable(a) || s3_is_refusal(a);
}

void
list_metadata_refuse(struct list_metadata *m, int64_t now_ms)
{
	/* of pages side by side, once */
	if (s3_remember_refusal(&m->refused_until_ms, now_ms))
		log_warn("the store refuses listings with metadata=true: "
			 "they are asked without it for an hour");
}
