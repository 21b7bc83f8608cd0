/* SPDX-License-Identifier: MIT */
/*
 * Current keys: see creds.h.  Net thread.  Knows which source wins and when to ask
 * again, not where keys come from, nor how requests are signed.
 */
#include "config.h"

#include "auth/creds.h"

#include <errno.h>

#include "auth/source.h"
#include "util/date.h"

#define LOOK_INTERVAL_MS 1000

/* In order of precedence. */
static const struct source *const sources[] = {
	&source_environment,
	&source_files,
};

struct creds_chain {
	void *sources[ARRAY_SIZE(sources)]; /* NULL: not to be asked */
	struct keys *keys; /* NULL: none */
	struct err err; /* why there are none */
	int64_t looked_ms; /* when the sources were asked; 0: never */
	bool must_look;
	bool is_fixed; /* these keys for ever */
};

struct creds_chain *
creds_new(const struct creds_options *o)
{
	struct creds_chain *c = xnew(struct creds_chain);

	for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
		c->sources[i] = sources[i]->prepare(o);
	if (o->is_anonymous) {
		keys_new(&c->keys, &(struct keys){ .source = "nobody" }, NULL);
		c->is_fixed = true;
	}
	c->must_look = true;
	return c;
}

void
creds_free(struct creds_chain *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
		if (c->sources[i])
			sources[i]->free(c->sources[i]);
	keys_unref(c->keys);
	free(c);
}

/* Why there are none: the places, and one more. */
static void
add_place(struct err *none, const struct err *silent)
{
	if (none->code)
		err_set(none, EACCES, "%s, %s", none->msg, silent->msg);
	else
		err_set(none, EACCES, "no credentials found: %s", silent->msg);
}

/* Ask one source after the other, until one says something. */
static int
ask_sources(struct creds_chain *c, bool must_look, struct keys **found,
	    struct err *err)
{
	struct err none = ERR_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
		struct err silent = ERR_INIT;
		int rc;

		if (!c->sources[i])
			continue;
		rc = sources[i]->ask(c->sources[i], must_look, found, &silent);
		if (rc == 0)
			return 0;
		if (rc != -ENOENT)
			return err_copy(err, &silent);
		add_place(&none, &silent);
	}
	return err_copy(err, &none);
}

static void
look(struct creds_chain *c)
{
	int64_t now = date_mono_ms();
	bool must_look = c->must_look;

	if (c->is_fixed ||
	    (!must_look && now - c->looked_ms < LOOK_INTERVAL_MS))
		return;
	c->looked_ms = now;
	c->must_look = false;
	keys_unref(steal(&c->keys));
	c->err = (struct err)ERR_INIT;
	ask_sources(c, must_look, &c->keys, &c->err);
}

int
creds_get(struct creds_chain *c, struct keys **out, struct err *err)
{
	look(c);
	if (!c->keys)
		return err_copy(err, &c->err);
	*out = keys_ref(c->keys);
	return 0;
}

void
creds_refused(struct creds_chain *c)
{
	c->must_look = true;
}
