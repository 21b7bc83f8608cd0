/* SPDX-License-Identifier: MIT */
/*
 * The table of options, and how a value gets into struct conf.  For the files of
 * this folder only.  Main thread, before the fork.
 *
 * Precedence is the order of calls: the command line is read with
 * conf_option_set(), where the last one wins; then each other source offers
 * what it has, and an offer counts only if nobody spoke before.
 */
#ifndef CONF_OPTIONS_H
#define CONF_OPTIONS_H

#include "conf/conf.h"

/*
 * Set option `name` ("_" and "-" alike); `value` is NULL if there was no "=".
 * -EINVAL and the like with a message that names the option.  Options of another
 * program are unknown.
 */
int conf_option_set(struct conf *c, enum conf_from from, const char *name,
		    const char *value, struct err *err);

/*
 * Set it unless it was set before.  A NULL or empty value says nothing.
 * `from_name` is as in struct conf_origin, and in front of a message.
 */
int conf_option_offer(struct conf *c, const char *name, const char *value,
		      enum conf_from from, const char *from_name,
		      struct err *err);

/* The last offer: the defaults of the table. */
int conf_option_offer_defaults(struct conf *c, struct err *err);

void conf_options_clear(struct conf *c);

/* On the heap; NULL with errno if there is no working directory. */
char *conf_absolute_path(const char *path);

void conf_print_options(FILE *f, enum conf_program program);

#endif
