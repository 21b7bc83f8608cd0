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

#define CONF_OPTIONS_MAX 32

struct conf_options {
	struct conf *conf;
	bool is_given[CONF_OPTIONS_MAX]; /* by row of the table */
};

/*
 * Set option `name` ("_" and "-" alike); `value` is NULL if there was no "=".
 * -EINVAL and the like with a message that names the option.
 */
int conf_option_set(struct conf_options *o, const char *name, const char *value,
		    struct err *err);

/*
 * Set it unless it was set before.  A NULL or empty value says nothing;
 * `origin` ("AWS_REGION") goes into the message.
 */
int conf_option_offer(struct conf_options *o, const char *name,
		      const char *value, const char *origin, struct err *err);

/* The last offer: the defaults of the table. */
int conf_option_offer_defaults(struct conf_options *o, struct err *err);

/* true, yes, on, 1 or the opposites; false if it is none of these words. */
bool conf_parse_bool(const char *value, bool *out);

/* On the heap; NULL with errno if there is no working directory. */
char *conf_absolute_path(const char *path);

void conf_print_options(FILE *f);

#endif
