/* SPDX-License-Identifier: MIT */
/*
 * Whether the options of a configuration, each of which is right by itself, are right
 * together.  Main thread, before the fork.
 */
#ifndef CONF_VERIFY_H
#define CONF_VERIFY_H

#include "conf/conf.h"

/*
 * -errno with a message for the first that is not, or names no file that can be read.
 * What has no effect beside something else is refused, too: nobody types it to have none.
 */
int conf_verify(const struct conf *c, struct err *err);

#endif
