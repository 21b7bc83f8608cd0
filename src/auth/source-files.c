/* SPDX-License-Identifier: MIT */
/*
 * Keys in the shared AWS files: a source as source.h has them.  They are read again
 * when stat(2) says that they have changed.
 */
#include "config.h"

#include <errno.h>
#include <sys/stat.h>

#include "auth/aws-files.h"
#include "auth/source.h"

/* What stat(2) says of a file: enough to see that it was written or replaced. */
struct stamp {
	bool is_there;
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec mtime;
	struct timespec ctime; /* changes with the permissions, too */
};

/* What was read last: keys, or why there are none. */
struct files {
	char *profile;
	char *config_path; /* NULL: none */
	char *credentials_path;
	struct stamp config_stamp, credentials_stamp;
	struct keys *keys;
	struct err err;
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

/* Names the places that were looked at. */
static int
set_silent(const struct files *f, struct err *err)
{
	const char *first = f->credentials_path, *second = f->config_path;

	return err_set(err, ENOENT, "profile %s of %s%s%s", f->profile,
		       first ? first : "the shared AWS files",
		       first && second ? " and " : "",
		       first && second ? second : "");
}

static int
make_keys(struct files *f, const struct aws_profile *p, struct err *err)
{
	if (!p->access_key && !p->secret_key)
		return set_silent(f, err);
	if (!p->access_key || !p->secret_key)
		return err_set(err, EACCES, "profile %s: no %s", f->profile,
			       p->access_key ? "aws_secret_access_key"
					     : "aws_access_key_id");
	if (keys_new(&f->keys,
		     &(struct keys){ .access_key = p->access_key,
				     .secret_key = p->secret_key,
				     .session_token = p->session_token,
				     .source = source_files.name },
		     err) != 0)
		return err_wrap(err, "profile %s", f->profile);
	return 0;
}

/* What is in the files, or what somebody has done to them; not the want of a server. */
static bool
is_wrong(int code)
{
	return code == EINVAL || code == EFBIG || code == EACCES ||
	       code == EPERM;
}

static void
read_files(struct files *f)
{
	struct aws_profile p;

	keys_unref(steal(&f->keys));
	f->err = (struct err)ERR_INIT;
	if (aws_profile_load(&p, f->config_path, f->credentials_path,
			     f->profile, &f->err) == 0)
		make_keys(f, &p, &f->err);
	else if (is_wrong(f->err.code))
		f->err.code = EACCES;
	aws_profile_clear(&p);
}

/* The stamps come first: a change during the reading is seen at the next look. */
static void
look(struct files *f, bool must_look)
{
	struct stamp config, credentials;

	stamp_take(&config, f->config_path);
	stamp_take(&credentials, f->credentials_path);
	/* a file that could not be read may heal without changing itself */
	if (!must_look && f->keys && stamp_equal(&config, &f->config_stamp) &&
	    stamp_equal(&credentials, &f->credentials_stamp))
		return;
	f->config_stamp = config;
	f->credentials_stamp = credentials;
	read_files(f);
}

static char *
dup_or_null(const char *s)
{
	return s ? xstrdup(s) : NULL;
}

static void *
prepare(const struct creds_options *o)
{
	struct files *f = xnew(struct files);

	f->profile = xstrdup(o->profile);
	f->config_path = dup_or_null(o->config_path);
	f->credentials_path = dup_or_null(o->credentials_path);
	return f;
}

static int
ask(void *source, bool must_look, struct keys **found, struct err *err)
{
	struct files *f = source;

	look(f, must_look);
	if (f->err.code)
		return err_copy(err, &f->err);
	*found = keys_ref(f->keys);
	return 0;
}

static void
files_free(void *source)
{
	struct files *f = source;

	keys_unref(f->keys);
	free(f->profile);
	free(f->config_path);
	free(f->credentials_path);
	free(f);
}

const struct source source_files = {
	.name = "shared AWS files",
	.prepare = prepare,
	.ask = ask,
	.free = files_free,
};
