/* SPDX-License-Identifier: MIT */
/*
 * The comma-separated list of a "-o", in which our options and the words of
 * mount(8) and fstab are mixed.  For load.c only.  Main thread.
 */
#ifndef CONF_OPTION_LIST_H
#define CONF_OPTION_LIST_H

#include "conf/options.h"

/*
 * Set what `list` says; "\," and "\\" are a comma and a backslash of a value.
 * -EINVAL and the like with a message that names the option.
 */
int conf_list_set(struct conf *c, const char *list, struct err *err);

/* Append a word to mount_options, so that libfuse reads it as one. */
void conf_list_add_mount_option(struct conf *c, const char *word);

#endif
