/* SPDX-License-Identifier: MIT */
/*
 * In the place of web.c where there is no libmicrohttpd.
 */
#include "config.h"

#include "cli/web.h"

#include <errno.h>

const bool web_is_built = false;

int
web_serve(const struct web_options *o, struct err *err)
{
	(void)o;
	return err_set(err, ENOSYS, "built without libmicrohttpd");
}
