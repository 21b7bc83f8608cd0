/* SPDX-License-Identifier: MIT */
/*
 * The profile that is configured, as the shared AWS files have it now, for all sources
 * that look there: the files are read again when stat(2) says that they have changed.
 * The auth thread, which may hang in there; before there is one, the main thread.
 */
#ifndef AUTH_PROFILES_H
#define AUTH_PROFILES_H

#include "auth/aws-files.h"
#include "auth/keys.h"

struct profiles;

/* Paths may be NULL: no such file. */
struct profiles *profiles_new(const char *profile, const char *config_path,
			      const char *credentials_path);
void profiles_free(struct profiles *p); /* NULL is fine */

/*
 * Read them if they may have changed; `must_look`: whatever stat(2) says.  -EACCES if what
 * is there is wrong; another -errno if nobody can tell what is there.
 */
int profiles_look(struct profiles *p, bool must_look, struct err *err);

/* What the last look has found, empty if there was none; without the keys. */
const struct aws_profile *profiles_found(const struct profiles *p);

/* Another profile, read now; aws_profile_clear() in any case. */
int profiles_load(const struct profiles *p, const char *name,
		  struct aws_profile *out, struct err *err);

/*
 * The keys that are written there, in the config file or in the credentials file: a
 * reference.  -ENOENT if there are none; -EACCES if they are wrong.
 */
int profiles_keys(const struct profiles *p, bool is_of_config,
		  struct keys **found, struct err *err);

/* Grows when they say something else, keys aside. */
unsigned profiles_version(const struct profiles *p);

const char *profiles_name(const struct profiles *p);

/* The places, for who has found nothing there. */
int profiles_set_silent(const struct profiles *p, struct err *err);

#endif
