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
		.regional = variable_dup("AWS_STS_REGIONAL_ENDPOINTS"),
		.region = xstrdup_or_null(o->region),
		.ca_bundle = xstrdup_or_null(o->ca_bundle),
		.client_cert = xstrdup_or_null(o->client_cert),
		.client_key = xstrdup_or_null(o->client_key),
		.variant = o->variant,
		.ignores_profile = o->ignores_endpoints,
		.limit_ms = o->fetch_ms,
	};
}

void
sts_settings_clear(struct sts_settings *s)
{
	free(s->url);
	free(s->regional);
	free(s->region);
	free(s->ca_bundle);
	free(s->client_cert);
	free(s->client_key);
}

struct sts
sts_settings_get(const struct sts_settings *s, const struct aws_profile *p)
{
	const char *of_profile =
		p->sts_endpoint_url ? p->sts_endpoint_url : p->endpoint_url;

	return (struct sts){
		.url = s->url || s->ignores_profile ? s->url : of_profile,
		.lacks_services =
			!s->url && !s->ignores_profile && p->lacks_services,
		.regional =
			s->regional ? s->regional : p->sts_regional_endpoints,
		.region = s->region ? s->region : p->region,
		.variant = s->variant,
		.ca_bundle = s->ca_bundle,
		.client_cert = s->client_cert,
		.client_key = s->client_key,
		.limit_ms = s->limit_ms,
	};
}
