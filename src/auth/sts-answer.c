/* SPDX-License-Identifier: MIT */
/*
 * Answers of STS: see sts-answer.h.  Pure; any thread.
 */
#include "config.h"

#include "auth/sts-answer.h"

#include <errno.h>

#include "util/buf.h"
#include "util/date.h"
#include "util/sax.h"

#define TEXT_MAX (32 * 1024)

enum { ACCESS_KEY, SECRET_KEY, SESSION_TOKEN, EXPIRATION, CODE, N_TEXTS };

static const struct {
	const char *parent, *name;
} elements[N_TEXTS] = {
	[ACCESS_KEY] = { "Credentials", "AccessKeyId" },
	[SECRET_KEY] = { "Credentials", "SecretAccessKey" },
	[SESSION_TOKEN] = { "Credentials", "SessionToken" },
	[EXPIRATION] = { "Credentials", "Expiration" },
	[CODE] = { "Error", "Code" },
};

struct reader {
	struct buf texts[N_TEXTS];
	char parents[SAX_DEPTH_MAX][32]; /* names of the open elements */
	struct buf *open; /* the text that is being read; NULL: none */
	unsigned open_depth;
};

static int
on_start(void *arg, unsigned depth, const char *name, struct err *err)
{
	struct reader *r = arg;

	(void)err;
	if (depth < SAX_DEPTH_MAX)
		snprintf(r->parents[depth], sizeof(r->parents[0]), "%s", name);
	for (size_t i = 0; depth > 0 && !r->open && i < N_TEXTS; i++) {
		if (strcmp(name, elements[i].name) != 0 ||
		    strcmp(r->parents[depth - 1], elements[i].parent) != 0 ||
		    r->texts[i].len)
			continue;
		r->open = &r->texts[i];
		r->open_depth = depth;
	}
	return 0;
}

static int
on_text(void *arg, unsigned depth, const char *text, size_t len,
	struct err *err)
{
	struct reader *r = arg;

	if (r->open && depth == r->open_depth &&
	    buf_add(r->open, text, len) != 0)
		return err_set(err, EACCES, "a text of it is too long");
	return 0;
}

static int
on_end(void *arg, unsigned depth, struct err *err)
{
	struct reader *r = arg;

	(void)err;
	if (r->open && depth == r->open_depth)
		r->open = NULL;
	return 0;
}

static int
make_keys(struct keys **out, const struct reader *r, const char *source,
	  struct err *err)
{
	const struct buf *t = r->texts;
	struct keys k = { .access_key = buf_str(&t[ACCESS_KEY]),
			  .secret_key = buf_str(&t[SECRET_KEY]),
			  .session_token = t[SESSION_TOKEN].len
						   ? buf_str(&t[SESSION_TOKEN])
						   : NULL,
			  .source = source };

	if (t[CODE].len) {
		err_set(err, EACCES, "STS says %.64s", buf_str(&t[CODE]));
		err_set_remote(err, 0, buf_str(&t[CODE]), "");
		return -EACCES;
	}
	if (!*k.access_key || !*k.secret_key)
		return err_set(err, EACCES, "no keys in the answer of STS");
	if (t[EXPIRATION].len &&
	    !date_parse_iso(buf_str(&t[EXPIRATION]), &k.expires_at))
		return err_set(err, EACCES, "its Expiration is not a time");
	return keys_new(out, &k, err);
}

int
sts_answer_parse(struct keys **out, const char *text, size_t len,
		 const char *source, struct err *err)
{
	static const struct sax_events events = { on_start, on_text, on_end };
	struct reader r = { .open = NULL };
	struct sax *sax = sax_new(&events, &r, STS_ANSWER_MAX);
	int rc;

	for (size_t i = 0; i < N_TEXTS; i++) {
		buf_init(&r.texts[i], TEXT_MAX);
		r.texts[i].is_secret = true;
	}
	rc = sax_feed(sax, text, len, err);
	if (rc == 0)
		rc = sax_end(sax, err);
	sax_free(sax);
	if (rc)
		err->code = EACCES;
	else
		rc = make_keys(out, &r, source, err);
	for (size_t i = 0; i < N_TEXTS; i++)
		buf_clear(&r.texts[i]);
	return rc ? -err->code : 0;
}
