/* SPDX-License-Identifier: MIT */
/*
 * Errors as values: see err.h.  Any thread.
 */
#include "config.h"

#include "util/err.h"

#include <errno.h>

#include "util/escape.h"

static void
set_message(struct err *err, const char *raw)
{
	static const char more[] = "...";
	size_t len = strlen(raw), room = sizeof(err->msg);

	if (escape_text(err->msg, room, raw, len))
		return;
	escape_text(err->msg, room - strlen(more), raw, len);
	strcat(err->msg, more);
}

int
err_set(struct err *err, int code, const char *fmt, ...)
{
	char raw[2 * sizeof(err->msg)];
	va_list ap;

	if (!err)
		return -code;
	va_start(ap, fmt);
	vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	*err = (struct err){ .code = code };
	set_message(err, raw);
	return -code;
}

void
err_set_remote(struct err *err, int status, const char *word,
	       const char *request_id)
{
	if (!err)
		return;
	err->status = status;
	escape_text(err->word, sizeof(err->word), word, strlen(word));
	escape_text(err->request_id, sizeof(err->request_id), request_id,
		    strlen(request_id));
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
	set_message(err, raw);
	return -err->code;
}

int
err_copy(struct err *to, const struct err *from)
{
	if (to)
		*to = *from;
	return -from->code;
}
