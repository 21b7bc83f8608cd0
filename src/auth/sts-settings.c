/* SPDX-License-Identifier: MIT */
/*
 * Where STS is: see sts-settings.h.
 */
#include "config.h"

#include "auth/sts-settings.h"

#include "auth/variables.h"

void
sts_settings_init(struct sts_settings *s, const struct creds_options *o)
{
	*s = (struct sts_settings){
		.url = variable_dup_endpoint("STS", o->ignores_endpoints),
		.region = xstrdup_or_null(o->region),
		.ca_bundle = xstrdup_or_null(o->ca_bundle),
		.variant = o->variant,
		.ignores_profile = o->ignores_endpoints,
		.limit_ms = o->fetch_ms,
	};
}

void
sts_settings_clear(struct sts_settings *s)
{
	free(s->url);
	free(s->region);
	free(s->ca_bundle);
}

struct sts
sts_settings_get(const struct sts_settings *s, const struct aws_profile *p)
{
	const char *of_profile =
		s->ignores_profile ? NULL : p->sts_endpoint_url;

	return (struct sts){
		.url = s->url ? s->url : of_profile,
		.region = s->region ? s->region : p->region,
		.variant = s->variant,
		.ca_bundle = s->ca_bundle,
		.limit_ms = s->limit_ms,
	};
}
