/* SPDX-License-Identifier: MIT */
/*
 * Where STS is, for the sources that ask it.  Prepared by the main thread while there is
 * no other, used by the auth thread.
 */
#ifndef AUTH_STS_SETTINGS_H
#define AUTH_STS_SETTINGS_H

#include "auth/aws-files.h"
#include "auth/source.h"
#include "auth/sts.h"

struct sts_settings {
	char *url; /* of the environment; NULL: as the profile says */
	char *regional; /* likewise */
	char *region, *ca_bundle; /* NULL: none is configured */
	char *client_cert, *client_key; /* likewise */
	struct aws_variant variant;
	bool ignores_profile; /* and its URL */
	int64_t limit_ms;
};

void sts_settings_init(struct sts_settings *s, const struct creds_options *o);
void sts_settings_clear(struct sts_settings *s);

/* Valid as long as both. */
struct sts sts_settings_get(const struct sts_settings *s,
			    const struct aws_profile *p);

#endif
