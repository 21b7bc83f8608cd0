/* SPDX-License-Identifier: MIT */
/*
 * Current credentials: see creds.h.  Net thread.  Knows where keys come from
 * and when to look again, not how requests are signed.
 */
#include "config.h"

#include "auth/creds.h"

#include <errno.h>
#include <sys/stat.h>

#include "auth/aws-files.h"
#include "util/date.h"

#define LOOK_INTERVAL_MS 1000

/* What stat(2) says of a file: enough to see that it was written or replaced. */
struct stamp {
	bool is_there;
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec mtime;
	struct timespec ctime; /* changes with the permissions, too */
};

struct creds_chain {
	bool is_anonymous;
	bool skip_environment;
	char *profile;
	char *config_path; /* NULL: none */
	char *credentials_path;
	struct aws_profile environment; /* as it was at the start */
	struct aws_profile file; /* what was read last */
	struct err file_err; /* why nothing was */
	struct stamp config_stamp, credentials_stamp;
	int64_t looked_ms; /* when the stamps were taken */
	bool must_read; /* whatever the stamps say */
};

static void
stamp_take(struct stamp *s, const char *path)
{
	struct stat st;

	*s = (struct stamp){ .is_there = false };
	if (!path || stat(path, &st) != 0)
		return;
	s->is_there = true;
	s->device = st.st_dev;
	s->inode = st.st_ino;
	s->size = st.st_size;
	s->mtime = st.st_mtim;
	s->ctime = st.st_ctim;
}

static bool
is_same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool
stamp_equal(const struct stamp *a, const struct stamp *b)
{
	return a->is_there == b->is_there && a->device == b->device &&
	       a->inode == b->inode && a->size == b->size &&
	       is_same_time(&a->mtime, &b->mtime) &&
	       is_same_time(&a->ctime, &b->ctime);
}

/* The stamps come first: a change during the reading is seen at the next look. */
static void
read_files(struct creds_chain *c)
{
	aws_profile_clear(&c->file);
	c->file_err = (struct err)ERR_INIT;
	aws_profile_load(&c->file, c->config_path, c->credentials_path,
			 c->profile, &c->file_err);
	c->must_read = false;
}

static void
look_at_files(struct creds_chain *c)
{
	struct stamp config, credentials;
	int64_t now = date_mono_ms();

	if (!c->must_read && now - c->looked_ms < LOOK_INTERVAL_MS)
		return;
	c->looked_ms = now;
	stamp_take(&config, c->config_path);
	stamp_take(&credentials, c->credentials_path);
	/* a file that could not be read may heal without changing itself */
	if (!c->must_read && c->file_err.code == 0 &&
	    stamp_equal(&config, &c->config_stamp) &&
	    stamp_equal(&credentials, &c->credentials_stamp))
		return;
	c->config_stamp = config;
	c->credentials_stamp = credentials;
	read_files(c);
}

/* A source: *found is NULL if it is silent; -EACCES if it is wrong. */
typedef int source_fn(struct creds_chain *c, const struct aws_profile **found,
		      struct err *err);

/* What would end a header early, or be signed unlike it is sent. */
static bool
is_printable(const char *s)
{
	for (; *s; s++)
		if (*s < 0x21 || *s > 0x7e)
			return false;
	return true;
}

/* A message never has the value. */
static int
check_keys(const struct aws_profile *p, struct err *err)
{
	const struct {
		const char *name, *value;
	} keys[] = {
		{ "access key", p->access_key },
		{ "secret key", p->secret_key },
		{ "session token", p->session_token },
	};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (keys[i].value && !is_printable(keys[i].value))
			return err_set(err, EACCES,
				       "the %s holds a blank, or a byte that "
				       "is not printable ASCII",
				       keys[i].name);
	return 0;
}

static int
ask_environment(struct creds_chain *c, const struct aws_profile **found,
		struct err *err)
{
	const struct aws_profile *p = &c->environment;
	int rc;

	if (c->skip_environment || (!p->access_key && !p->secret_key))
		return 0;
	if (!p->access_key)
		return err_set(err, EACCES,
			       "AWS_SECRET_ACCESS_KEY is set, but "
			       "AWS_ACCESS_KEY_ID is not");
	if (!p->secret_key)
		return err_set(err, EACCES,
			       "AWS_ACCESS_KEY_ID is set, but "
			       "AWS_SECRET_ACCESS_KEY is not");
	rc = check_keys(p, err);
	if (rc)
		err_wrap(err, "environment");
	else
		*found = p;
	return rc;
}

static int
ask_files(struct creds_chain *c, const struct aws_profile **found,
	  struct err *err)
{
	const struct aws_profile *p = &c->file;
	int rc;

	look_at_files(c);
	if (c->file_err.code)
		return err_set(err, EACCES, "%s", c->file_err.msg);
	if (!p->access_key && !p->secret_key)
		return 0;
	if (!p->access_key || !p->secret_key)
		return err_set(err, EACCES, "profile %s: no %s", c->profile,
			       p->access_key ? "aws_secret_access_key"
					     : "aws_access_key_id");
	rc = check_keys(p, err);
	if (rc)
		err_wrap(err, "profile %s", c->profile);
	else
		*found = p;
	return rc;
}

/* In order of precedence. */
static source_fn *const sources[] = { ask_environment, ask_files };

/*
 * A copy of an environment variable, NULL if it is empty or not set.  It is gone
 * afterwards: from what children get, and from /proc/PID/environ.
 */
static char *
take_variable(const char *name)
{
	char *value = getenv(name), *copy;

	if (!value)
		return NULL;
	copy = *value ? xstrdup(value) : NULL;
	explicit_bzero(value, strlen(value));
	unsetenv(name);
	return copy;
}

static char *
dup_or_null(const char *s)
{
	return s ? xstrdup(s) : NULL;
}

struct creds_chain *
creds_new(const struct creds_options *o)
{
	struct creds_chain *c = xnew(struct creds_chain);

	c->is_anonymous = o->is_anonymous;
	c->skip_environment = o->skip_environment;
	c->profile = xstrdup(o->profile);
	c->config_path = dup_or_null(o->config_path);
	c->credentials_path = dup_or_null(o->credentials_path);
	c->environment.access_key = take_variable("AWS_ACCESS_KEY_ID");
	c->environment.secret_key = take_variable("AWS_SECRET_ACCESS_KEY");
	c->environment.session_token = take_variable("AWS_SESSION_TOKEN");
	c->must_read = true;
	return c;
}

void
creds_free(struct creds_chain *c)
{
	if (!c)
		return;
	aws_profile_clear(&c->environment);
	aws_profile_clear(&c->file);
	free(c->profile);
	free(c->config_path);
	free(c->credentials_path);
	free(c);
}

/* Names the places that were looked at. */
static int
refuse_none(const struct creds_chain *c, struct err *err)
{
	const char *first = c->credentials_path, *second = c->config_path;

	return err_set(
		err, EACCES, "no credentials found: %sprofile %s of %s%s%s",
		c->skip_environment ? "" : "environment, ", c->profile,
		first ? first : "the shared AWS files",
		first && second ? " and " : "", first && second ? second : "");
}

int
creds_get(struct creds_chain *c, struct creds *out, struct err *err)
{
	const struct aws_profile *found = NULL;
	int rc = 0;

	*out = (struct creds){ 0 };
	if (c->is_anonymous)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(sources) && !found && rc == 0; i++)
		rc = sources[i](c, &found, err);
	if (rc)
		return rc;
	if (!found)
		return refuse_none(c, err);
	out->access_key = found->access_key;
	out->secret_key = found->secret_key;
	out->session_token = found->session_token;
	return 0;
}

void
creds_refused(struct creds_chain *c)
{
	c->must_read = true;
}
