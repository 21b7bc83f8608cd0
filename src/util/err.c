/* SPDX-License-Identifier: MIT */
/*
 * Errors as values: see err.h.  Any thread.
 */
#include "config.h"

#include "util/err.h"

#include <errno.h>

#include "util/log.h"

int
err_set(struct err *err, int code, const char *fmt, ...)
{
	char raw[sizeof(err->msg)];
	va_list ap;

	if (!err)
		return -code;
	va_start(ap, fmt);
	vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	err->code = code;
	log_escape(err->msg, sizeof(err->msg), raw, strlen(raw));
	return -code;
}

int
err_wrap(struct err *err, const char *fmt, ...)
{
	char context[sizeof(err->msg)], raw[2 * sizeof(err->msg) + 2];
	va_list ap;

	if (!err)
		return -EIO;
	va_start(ap, fmt);
	vsnprintf(context, sizeof(context), fmt, ap);
	va_end(ap);
	snprintf(raw, sizeof(raw), "%s: %s", context, err->msg);
	log_escape(err->msg, sizeof(err->msg), raw, strlen(raw));
	return -err->code;
}

int
err_copy(struct err *to, const struct err *from)
{
	if (to)
		*to = *from;
	return -from->code;
}
