/* SPDX-License-Identifier: MIT */
/*
 * What the environment and the profile of the shared AWS files say about the
 * configuration, with the names and the precedence of the AWS SDKs.  Not the
 * keys: they are auth/creds.h's.  For load.c only.  Main thread.
 */
#ifndef CONF_ENV_H
#define CONF_ENV_H

#include "conf/options.h"

/*
 * Set what the command line has not set; and profile, config_path, credentials_path and
 * sso_cache_path.  -errno with a message that names the variable, or the file and
 * the profile.
 */
int conf_env_offer(struct conf *c, char *const env[], struct err *err);

void conf_env_print_help(FILE *f);

#endif
