/* SPDX-License-Identifier: MIT */
/*
 * Results: see result.h.  Any thread.
 */
#include "config.h"

#include "engine/result.h"

#include "util/date.h"

const char *const result_how_names[N_RESULT_HOWS] = {
	[RESULT_HIT] = "hit",
	[RESULT_FROM_MEMORY] = "memory",
	[RESULT_COMPUTED] = "computed",
};

const char *const result_why_names[N_RESULT_WHYS] = {
	[WHY_NONE] = "",
	[WHY_ABSENT] = "absent",
	[WHY_COUNT] = "count",
	[WHY_SIZE] = "size",
	[WHY_FINGERPRINT] = "fingerprint",
	[WHY_CORRUPT] = "corrupt",
	[WHY_VERSION] = "version",
	[WHY_SETTINGS] = "settings",
	[WHY_DENIED] = "denied",
	[WHY_UNREADABLE] = "unreadable",
	[WHY_TTL] = "ttl",
	[WHY_OUTDATED] = "outdated",
	[WHY_REFRESH] = "refresh",
	[WHY_NOCACHE] = "nocache",
	[WHY_OFF] = "off",
};

int64_t
cost_price(const struct cost *c, const struct prices *p)
{
	return prices_of(p, c->list.n_requests + c->put.n_requests,
			 c->head.n_requests + c->get.n_requests);
}

struct result *
result_new(const struct result *from)
{
	size_t start = offsetof(struct result, text); /* others count refs */
	struct result *r = xnew(struct result);

	memcpy((char *)r + start, (const char *)from + start,
	       sizeof(*r) - start);
	text_ref(r->text);
	text_ref(r->ncdu);
	integrity_ref(r->integrity);
	atomic_init(&r->refs, 1);
	return r;
}

struct result *
result_confirmed(const struct result *r, const struct listed *by)
{
	struct result *confirmed = result_new(r);

	confirmed->listed = *by;
	return confirmed;
}

struct result *
result_ref(struct result *r)
{
	if (r)
		atomic_fetch_add(&r->refs, 1);
	return r;
}

void
result_unref(struct result *r)
{
	if (!r || atomic_fetch_sub(&r->refs, 1) > 1)
		return;
	text_unref(r->text);
	text_unref(r->ncdu);
	integrity_unref(r->integrity);
	free(r);
}

void
result_release(struct result **r)
{
	result_unref(*r);
}

/* In seconds: any date may stand in a document. */
bool
result_is_older(const struct result *r, int64_t age_ms)
{
	return age_ms > 0 && date_now() - r->computed_at > age_ms / 1000;
}

enum result_why
result_compare(const struct validation *of_document,
	       const struct validation *listed)
{
	if (of_document->object_count != listed->object_count)
		return WHY_COUNT;
	if (of_document->compressed_size != listed->compressed_size)
		return WHY_SIZE;
	return validation_matches(of_document, listed) ? WHY_NONE
						       : WHY_FINGERPRINT;
}
