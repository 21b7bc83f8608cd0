/* SPDX-License-Identifier: MIT */
/*
 * Keys in the files of older tools, which the AWS CLI reads yet: two sources as source.h has
 * them.  AWS_CREDENTIAL_FILE is of EC2's first tools; /etc/boto.cfg and ~/.boto, or
 * BOTO_CONFIG in their place, are those of boto 2.  They are small, and are read at each
 * look that comes to them.
 */
#include "config.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/aws-files.h"
#include "auth/source.h"
#include "auth/token-file.h"
#include "auth/variables.h"
#include "util/ini.h"
#include "util/wipe.h"

struct old_files {
	char *paths[2]; /* in order; NULL: none */
	bool must_exist; /* who names the file wants it read */
};

/* What a file has; on the heap. */
struct found {
	char *access_key, *secret_key;
};

typedef int parse_fn(struct found *f, char *text, struct err *err);

static void
found_clear(struct found *f)
{
	wipe_free(f->access_key);
	wipe_free(f->secret_key);
}

static void
replace(char **field, const char *value)
{
	wipe_free(*field);
	*field = xstrdup(value);
}

/* --- their forms --- */

static void
on_value(void *arg, const char *section, const char *parent, const char *name,
	 const char *value)
{
	struct found *f = arg;

	if (parent || !name || strcmp(section, "Credentials") != 0)
		return;
	if (strcmp(name, "aws_access_key_id") == 0)
		replace(&f->access_key, value);
	if (strcmp(name, "aws_secret_access_key") == 0)
		replace(&f->secret_key, value);
}

static int
parse_boto(struct found *f, char *text, struct err *err)
{
	return ini_parse(text, strlen(text), on_value, f, err);
}

/* "name = value", and lines that are something else. */
static int
parse_lines(struct found *f, char *text, struct err *err)
{
	static const char blanks[] = " \t\r\f\v";
	char *line, *rest = text;

	(void)err;
	while ((line = strsep(&rest, "\n"))) {
		char *value = strchr(line, '=');
		char *end = line + strlen(line);

		if (!value)
			continue;
		*value++ = '\0';
		value += strspn(value, blanks);
		while (end > value && strchr(blanks, end[-1]))
			*--end = '\0';
		line += strspn(line, blanks);
		line[strcspn(line, blanks)] = '\0';
		if (strcmp(line, "AWSAccessKeyId") == 0)
			replace(&f->access_key, value);
		if (strcmp(line, "AWSSecretKey") == 0)
			replace(&f->secret_key, value);
	}
	return 0;
}

/* --- one file --- */

static bool
is_readable(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
	       access(path, R_OK) == 0;
}

static int
read_keys(const char *path, parse_fn *parse, const char *source,
	  struct keys **out, struct err *err)
{
	struct buf text CLEANUP_BUF = BUF_INIT_SECRET(AWS_FILE_MAX);
	struct found f CLEANUP(found_clear) = { .access_key = NULL };
	int rc = secret_file_read(&text, path, err);

	if (rc)
		return rc;
	if (strlen(buf_str(&text)) != text.len)
		return err_set(err, EACCES, "%s: NUL byte", path);
	if (text.len > 0 && parse(&f, text.data, err) != 0)
		return err_wrap(err, "%s", path);
	if (!f.access_key || !*f.access_key)
		return err_set(err, ENOENT, "%s", "");
	if (!f.secret_key || !*f.secret_key)
		return err_set(err, EACCES, "%s: a key id, and no secret key",
			       path);
	rc = keys_new(out,
		      &(struct keys){ .access_key = f.access_key,
				      .secret_key = f.secret_key,
				      .source = source },
		      err);
	return rc ? err_wrap(err, "%s", path) : 0;
}

static int
ask_files(const struct old_files *o, parse_fn *parse, const char *source,
	  struct keys **out, struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(o->paths); i++) {
		int rc;

		if (!o->paths[i] ||
		    (!o->must_exist && !is_readable(o->paths[i])))
			continue;
		rc = read_keys(o->paths[i], parse, source, out, err);
		if (rc == 0)
			return 0;
		if (rc == -ENOENT)
			continue;
		err->code = EACCES;
		return -EACCES;
	}
	return err_set(err, ENOENT, "%s", "");
}

/* --- the sources --- */

/* NULL where there is no home. */
static char *
expand(const char *path, const char *home)
{
	if (!path || strncmp(path, "~/", 2) != 0)
		return xstrdup_or_null(path);
	return home ? xasprintf("%s/%s", home, path + 2) : NULL;
}

static void *
prepare_credential_file(const struct creds_options *o)
{
	CLEANUP_FREE char *named = variable_dup("AWS_CREDENTIAL_FILE");
	struct old_files *files;

	if (!named)
		return NULL;
	files = xnew(struct old_files);
	files->paths[0] = expand(named, o->home);
	files->must_exist = true;
	return files;
}

/* A variable that is empty names no file. */
static void *
prepare_boto(const struct creds_options *o)
{
	const char *named = getenv("BOTO_CONFIG");
	struct old_files *files = xnew(struct old_files);

	files->paths[0] = expand(named ? named : "/etc/boto.cfg", o->home);
	files->paths[1] = named ? NULL : expand("~/.boto", o->home);
	return files;
}

static int
ask_credential_file(void *source, enum must_look must_look, struct keys **found,
		    struct err *err)
{
	(void)must_look;
	return ask_files(source, parse_lines, source_credential_file.name,
			 found, err);
}

static int
ask_boto(void *source, enum must_look must_look, struct keys **found,
	 struct err *err)
{
	(void)must_look;
	return ask_files(source, parse_boto, source_boto.name, found, err);
}

static void
old_files_free(void *source)
{
	struct old_files *o = source;

	for (size_t i = 0; i < ARRAY_SIZE(o->paths); i++)
		free(o->paths[i]);
	free(o);
}

const struct source source_credential_file = {
	.name = "AWS_CREDENTIAL_FILE",
	.prepare = prepare_credential_file,
	.ask = ask_credential_file,
	.free = old_files_free,
};

const struct source source_boto = {
	.name = "boto configuration",
	.prepare = prepare_boto,
	.ask = ask_boto,
	.free = old_files_free,
};
