/* SPDX-License-Identifier: MIT */
/*
 * Reading the configuration: command line, -o options, environment and the profile
 * of the shared AWS files, in this order of precedence, by one table of options
 * (options.c) that also prints --help.  Main thread, before the fork: what is wrong
 * is said on the terminal.
 */
#ifndef CONF_LOAD_H
#define CONF_LOAD_H

#include "conf/conf.h"

/*
 * Read everything.  Of dgstatfs the operands are [SOURCE] MOUNTPOINT, of dgstat,
 * which has no letter of a mount either, names and URIs of buckets.
 * `env` is like environ(7).  -EINVAL and the like with a
 * message that names the option, and the variable or the profile that it came
 * from.  conf_clear() is needed in any case.  With --help or --version nothing
 * else is looked at.
 * A named profile (option or AWS_PROFILE) or file (ca_bundle,
 * AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE) that is not there is an error.
 */
int conf_load(struct conf *c, enum conf_program program, int argc,
	      char *const argv[], char *const env[], struct err *err);
void conf_clear(struct conf *c);

/* --help: only what is built. */
void conf_print_help(FILE *f, enum conf_program program);

#endif
