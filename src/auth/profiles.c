/* SPDX-License-Identifier: MIT */
/*
 * The profile in the shared AWS files: see profiles.h.  Auth thread.
 */
#include "config.h"

#include "auth/profiles.h"

#include <errno.h>
#include <sys/stat.h>

#include "util/wipe.h"

/* What stat(2) says of a file: enough to see that it was written or replaced. */
struct stamp {
	bool is_there;
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec mtime;
	struct timespec ctime; /* changes with the permissions, too */
};

struct profiles {
	char *name;
	char *config_path; /* NULL: none */
	char *credentials_path;
	struct stamp config_stamp, credentials_stamp;
	bool is_read; /* what follows is what they said then */
	unsigned version;
	struct aws_profile profile;
	struct keys *keys;
	struct err err; /* why there are none */
};

/* --- whether they have changed --- */

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

/* --- what they say --- */

static int
make_keys(struct profiles *p, const struct aws_profile *from, struct err *err)
{
	if (!from->access_key)
		return err_set(err, ENOENT, "%s",
			       from->secret_key ? "aws_secret_access_key "
						  "without aws_access_key_id"
						: "");
	if (!from->secret_key)
		return err_set(err, EACCES,
			       "profile %s: no aws_secret_access_key", p->name);
	if (keys_new(&p->keys,
		     &(struct keys){ .access_key = from->access_key,
				     .secret_key = from->secret_key,
				     .session_token = from->session_token,
				     .source = from->has_keys_of_config
						       ? "config file"
						       : "credentials file" },
		     err) != 0)
		return err_wrap(err, "profile %s", p->name);
	return 0;
}

/* What is in the files, or what somebody has done to them; not the want of a server. */
static bool
is_wrong(int code)
{
	return code == EINVAL || code == EFBIG || code == EACCES ||
	       code == EPERM;
}

/* Keys are there once, as keys. */
static void
forget_keys(struct aws_profile *p)
{
	wipe_free(steal(&p->access_key));
	wipe_free(steal(&p->secret_key));
	wipe_free(steal(&p->session_token));
}

static int
read_files(struct profiles *p, struct err *err)
{
	struct aws_profile before CLEANUP(aws_profile_clear) = p->profile;
	int rc;

	keys_unref(steal(&p->keys));
	p->err = (struct err)ERR_INIT;
	rc = aws_profile_load(&p->profile, p->config_path, p->credentials_path,
			      p->name, err);
	p->is_read = rc == 0;
	if (!aws_profile_equal(&before, &p->profile))
		p->version++;
	if (rc) {
		if (is_wrong(err->code))
			err->code = EACCES;
		return -err->code;
	}
	make_keys(p, &p->profile, &p->err);
	forget_keys(&p->profile);
	return 0;
}

/* The stamps come first: a change during the reading is seen at the next look. */
int
profiles_look(struct profiles *p, bool must_look, struct err *err)
{
	struct stamp config, credentials;

	stamp_take(&config, p->config_path);
	stamp_take(&credentials, p->credentials_path);
	/* a file that could not be read may heal without changing itself */
	if (!must_look && p->is_read &&
	    stamp_equal(&config, &p->config_stamp) &&
	    stamp_equal(&credentials, &p->credentials_stamp))
		return 0;
	p->config_stamp = config;
	p->credentials_stamp = credentials;
	return read_files(p, err);
}

const struct aws_profile *
profiles_found(const struct profiles *p)
{
	return &p->profile;
}

int
profiles_load(const struct profiles *p, const char *name,
	      struct aws_profile *out, struct err *err)
{
	return aws_profile_load(out, p->config_path, p->credentials_path, name,
				err);
}

int
profiles_keys(const struct profiles *p, bool is_of_config, struct keys **found,
	      struct err *err)
{
	if (!p->is_read || p->profile.has_keys_of_config != is_of_config)
		return err_set(err, ENOENT, "%s", "");
	if (p->err.code)
		return err_copy(err, &p->err);
	*found = keys_ref(p->keys);
	return 0;
}

unsigned
profiles_version(const struct profiles *p)
{
	return p->version;
}

const char *
profiles_name(const struct profiles *p)
{
	return p->name;
}

int
profiles_set_silent(const struct profiles *p, struct err *err)
{
	const char *first = p->credentials_path, *second = p->config_path;

	return err_set(err, ENOENT, "profile %s of %s%s%s", p->name,
		       first ? first : "the shared AWS files",
		       first && second ? " and " : "",
		       first && second ? second : "");
}

/* --- life --- */

struct profiles *
profiles_new(const char *profile, const char *config_path,
	     const char *credentials_path)
{
	struct profiles *p = xnew(struct profiles);

	p->name = xstrdup(profile);
	p->config_path = xstrdup_or_null(config_path);
	p->credentials_path = xstrdup_or_null(credentials_path);
	return p;
}

void
profiles_free(struct profiles *p)
{
	if (!p)
		return;
	keys_unref(p->keys);
	aws_profile_clear(&p->profile);
	free(p->name);
	free(p->config_path);
	free(p->credentials_path);
	free(p);
}
