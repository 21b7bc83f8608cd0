/* SPDX-License-Identifier: MIT */
/*
 * Keys as a value: see keys.h.  Any thread.
 */
#include "config.h"

#include "auth/keys.h"

#include <errno.h>

#include "util/date.h"
#include "util/wipe.h"

/* What would end a header early, or be signed unlike it is sent. */
static bool
is_printable(const char *s)
{
	for (; *s; s++)
		if (*s < 0x21 || *s > 0x7e)
			return false;
	return true;
}

static int
check(const struct keys *k, struct err *err)
{
	const struct {
		const char *name, *value;
	} parts[] = {
		{ "access key", k->access_key },
		{ "secret key", k->secret_key },
		{ "session token", k->session_token },
	};

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (parts[i].value && !is_printable(parts[i].value))
			return err_set(err, EACCES,
				       "the %s holds a blank, or a byte that "
				       "is not printable ASCII",
				       parts[i].name);
	return 0;
}

int
keys_new(struct keys **out, const struct keys *from, struct err *err)
{
	struct keys *k;
	int rc = check(from, err);

	if (rc)
		return rc;
	k = xnew(struct keys);
	k->access_key = xstrdup_or_null(from->access_key);
	k->secret_key = xstrdup_or_null(from->secret_key);
	k->session_token = xstrdup_or_null(from->session_token);
	k->expires_at = from->expires_at;
	k->source = from->source;
	atomic_store(&k->n_refs, 1);
	*out = k;
	return 0;
}

struct keys *
keys_ref(struct keys *k)
{
	if (k)
		atomic_fetch_add(&k->n_refs, 1);
	return k;
}

void
keys_unref(struct keys *k)
{
	if (!k || atomic_fetch_sub(&k->n_refs, 1) > 1)
		return;
	wipe_free((char *)k->access_key);
	wipe_free((char *)k->secret_key);
	wipe_free((char *)k->session_token);
	free(k);
}

bool
keys_have_expired(const struct keys *k)
{
	return k->expires_at && date_now() >= k->expires_at;
}

static bool
is_same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

bool
keys_equal(const struct keys *a, const struct keys *b)
{
	if (!a || !b)
		return a == b;
	return is_same(a->access_key, b->access_key) &&
	       is_same(a->secret_key, b->secret_key) &&
	       is_same(a->session_token, b->session_token);
}
