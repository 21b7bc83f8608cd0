/* SPDX-License-Identifier: MIT */
/*
 * From the text of an option's value to its field in struct conf, one function for
 * each kind of value.  For the files of this folder only.  Main thread, before the
 * fork.
 */
#ifndef CONF_VALUES_H
#define CONF_VALUES_H

#include "conf/conf.h"

struct conf_option;

/*
 * Put `value` (NULL only where it may be left out) into the option's field.  -EINVAL
 * with a message that names the option and says what was expected.
 */
typedef int conf_set_fn(struct conf *c, const struct conf_option *o,
			const char *value, struct err *err);

/* A row of the table of options. */
struct conf_option {
	unsigned programs; /* that have it: enum conf_program */
	const char *name;
	conf_set_fn *set;
	size_t offset; /* of the field in struct conf */
	const char *default_value; /* parsed like any value; or NULL */
	const char *argument; /* how --help calls the value; NULL: a switch */
	const char *help;
	int64_t min, max; /* of a number or a time */
};

conf_set_fn conf_set_memo;
conf_set_fn conf_set_text, conf_set_url, conf_set_path, conf_set_switch,
	conf_set_style, conf_set_number, conf_set_octal, conf_set_id,
	conf_set_duration, conf_set_price, conf_set_cache, conf_set_sse,
	conf_set_key_id, conf_set_nonblock, conf_set_sort, conf_set_df,
	conf_set_detailed, conf_set_modes, conf_set_regional, conf_set_account,
	conf_set_log_level, conf_set_buckets, conf_set_address, conf_set_list,
	conf_set_limit, conf_set_clear, conf_set_prefixes;

/* A mode; 0: none has that name. */
unsigned conf_mode_of(const char *name, size_t len);

/* On the heap; NULL with errno if there is no working directory. */
char *conf_absolute_path(const char *path);

#endif
