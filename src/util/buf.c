/* SPDX-License-Identifier: MIT */
/*
 * Growable bytes with a cap: see buf.h.  Any thread, one at a time.
 */
#include "config.h"

#include "util/buf.h"

#include <errno.h>

#include "util/wipe.h"

void
buf_init(struct buf *b, size_t max)
{
	*b = (struct buf)BUF_INIT(max);
}

void
buf_clear(struct buf *b)
{
	bool is_secret = b->is_secret;

	if (is_secret)
		wipe_free(b->data);
	else
		free(b->data);
	buf_init(b, b->max);
	b->is_secret = is_secret;
}

/* Room for the final NUL, too. */
int
buf_reserve(struct buf *b, size_t more)
{
	size_t need, size;
	char *data;

	if (more > b->max - b->len)
		return -EFBIG;
	need = b->len + more + 1;
	if (need <= b->size)
		return 0;
	for (size = b->size ? b->size : 64; size < need;)
		size *= 2;
	if (size - 1 > b->max)
		size = b->max + 1;
	data = b->is_secret ? wipe_realloc(b->data, size)
			    : realloc(b->data, size);
	if (!data)
		return -ENOMEM;
	b->data = data;
	b->size = size;
	return 0;
}

int
buf_add(struct buf *b, const void *data, size_t len)
{
	int rc = buf_reserve(b, len);

	if (rc)
		return rc;
	if (len)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
	return 0;
}

void
buf_trim(struct buf *b)
{
	char *data;

	if (b->is_secret || !b->data)
		return;
	data = realloc(b->data, b->len + 1);
	if (!data)
		return;
	b->data = data;
	b->size = b->len + 1;
}

int
buf_add_str(struct buf *b, const char *s)
{
	return buf_add(b, s, strlen(s));
}

/* Into the room that there is: how many bytes all of it takes. */
static int
print(struct buf *b, const char *fmt, va_list ap)
{
	int n;

	if (b->size == 0)
		return vsnprintf(NULL, 0, fmt, ap);
	n = vsnprintf(b->data + b->len, b->size - b->len, fmt, ap);
	if (n < 0 || (size_t)n >= b->size - b->len ||
	    (size_t)n > b->max - b->len)
		b->data[b->len] = '\0'; /* as it was */
	return n;
}

int
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap, again;
	size_t room = b->size - b->len;
	int n, rc;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = print(b, fmt, ap);
	va_end(ap);
	rc = n < 0 ? -EINVAL : buf_reserve(b, (size_t)n);
	if (rc == 0 && (size_t)n >= room)
		vsnprintf(b->data + b->len, (size_t)n + 1, fmt, again);
	if (rc == 0)
		b->len += (size_t)n;
	va_end(again);
	return rc;
}

const char *
buf_str(const struct buf *b)
{
	return b->data ? b->data : "";
}

char *
buf_steal(struct buf *b)
{
	char *data = b->data;

	buf_init(b, b->max);
	return data;
}
