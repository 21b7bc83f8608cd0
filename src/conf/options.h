/* SPDX-License-Identifier: MIT */
/*
 * The table of options, how a value gets into struct conf, and where it came from.
 * Main thread, before the fork.
 *
 * Precedence is the order of calls: the command line is read with
 * conf_option_set(), where the last one wins; then each other source offers
 * what it has, and an offer counts only if no source before has set that option.
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
 * Set it unless it was set before.  A NULL or empty value changes nothing.
 * `from_name` is as in struct conf_origin; after a failure it is in the message.
 */
int conf_option_offer(struct conf *c, const char *name, const char *value,
		      enum conf_from from, const char *from_name,
		      struct err *err);

/* The last offer: the defaults of the table. */
int conf_option_offer_defaults(struct conf *c, struct err *err);

/*
 * Where the value of `option` comes from, in words: "AWS_REGION", "/home/me/.aws/config,
 * profile p", "command line", "-o" or "default".
 */
const char *conf_origin_text(const struct conf *c, const char *option);

enum conf_from conf_option_from(const struct conf *c, const char *option);

/* Whether it has another value than by itself, or was told to have the same. */
bool conf_option_is_given(const struct conf *c, const char *option);

/*
 * `err` is about the value of `option`: put in front of its message where that value
 * comes from, unless that is the command line, which the user has in view.  Returns
 * -err->code.
 */
int conf_add_origin(const struct conf *c, const char *option, struct err *err);

/*
 * Each option of the program but those that only say what to print, its value as text (NULL: none) and where that comes from:
 * for who is told what is configured.  `value` is the last one of an option that was
 * repeated.
 */
typedef void conf_option_fn(void *arg, const char *name, const char *value,
			    const char *origin);
void conf_for_each_option(const struct conf *c, conf_option_fn *fn, void *arg);

void conf_options_clear(struct conf *c);

void conf_print_options(FILE *f, enum conf_program program);

#endif
