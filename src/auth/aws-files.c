/* SPDX-License-Identifier: MIT */
/*
 * One profile of the shared AWS files: see aws-files.h.  Any thread.  Knows
 * which names matter and which file wins, not what the values are good for.
 */
#include "config.h"

#include "auth/aws-files.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/ini.h"

#define BLANKS " \t"

struct field {
	const char *parent; /* that the name nests under, or NULL */
	const char *name;
	size_t offset; /* of a char * in struct aws_profile */
};

#define FIELD(parent, name, member)                                            \
	{                                                                      \
		parent, name, offsetof(struct aws_profile, member)             \
	}
#define NO_FIELD                                                               \
	{                                                                      \
		NULL, NULL, 0                                                  \
	} /* ends a table */

static const struct field key_fields[] = {
	FIELD(NULL, "aws_access_key_id", access_key),
	FIELD(NULL, "aws_secret_access_key", secret_key),
	FIELD(NULL, "aws_session_token", session_token),
	FIELD(NULL, "aws_security_token", security_token),
	NO_FIELD,
};

static const struct field other_fields[] = {
	FIELD(NULL, "region", region),
	FIELD(NULL, "endpoint_url", endpoint_url),
	FIELD(NULL, "services", services),
	FIELD(NULL, "ca_bundle", ca_bundle),
	FIELD("s3", "addressing_style", addressing_style),
	FIELD("s3", "use_dualstack_endpoint", s3_use_dualstack_endpoint),
	FIELD("s3", "use_accelerate_endpoint", use_accelerate_endpoint),
	FIELD("s3", "us_east_1_regional_endpoint", us_east_1_endpoint),
	FIELD(NULL, "s3_us_east_1_regional_endpoint", us_east_1_endpoint),
	FIELD(NULL, "use_dualstack_endpoint", use_dualstack_endpoint),
	FIELD(NULL, "use_fips_endpoint", use_fips_endpoint),
	FIELD(NULL, "max_attempts", max_attempts),
	FIELD(NULL, "retry_mode", retry_mode),
	FIELD(NULL, "credential_process", credential_process),
	FIELD(NULL, "role_arn", role_arn),
	FIELD(NULL, "source_profile", source_profile),
	FIELD(NULL, "credential_source", credential_source),
	FIELD(NULL, "web_identity_token_file", web_identity_token_file),
	FIELD(NULL, "role_session_name", role_session_name),
	FIELD(NULL, "external_id", external_id),
	FIELD(NULL, "duration_seconds", duration_seconds),
	FIELD(NULL, "mfa_serial", mfa_serial),
	FIELD(NULL, "login_session", login_session),
	FIELD(NULL, "sts_regional_endpoints", sts_regional_endpoints),
	FIELD(NULL, "ec2_metadata_service_endpoint", imds_endpoint),
	FIELD(NULL, "ec2_metadata_service_endpoint_mode", imds_endpoint_mode),
	FIELD(NULL, "metadata_service_timeout", imds_timeout),
	FIELD(NULL, "metadata_service_num_attempts", imds_attempts),
	FIELD(NULL, "ec2_metadata_v1_disabled", imds_v1_disabled),
	FIELD(NULL, "sso_session", sso_session),
	FIELD(NULL, "sso_start_url", sso_start_url),
	FIELD(NULL, "sso_region", sso_region),
	FIELD(NULL, "sso_account_id", sso_account_id),
	FIELD(NULL, "sso_role_name", sso_role_name),
	FIELD(NULL, "ignore_configured_endpoint_urls", ignore_endpoint_urls),
	NO_FIELD,
};

/* In the section "sso-session NAME" that "sso_session = NAME" points to. */
static const struct field session_fields[] = {
	FIELD(NULL, "sso_start_url", sso_session_start_url),
	FIELD(NULL, "sso_region", sso_session_region),
	NO_FIELD,
};

/* In the section that "services = NAME" of the profile points to. */
static const struct field services_fields[] = {
	FIELD("s3", "endpoint_url", s3_endpoint_url),
	FIELD("sts", "endpoint_url", sts_endpoint_url),
	FIELD("sso", "endpoint_url", sso_endpoint_url),
	NO_FIELD,
};

struct reader {
	struct aws_profile *out;
	bool is_config;
	const char *profile;
	const char *services,
		*session; /* names of other sections; NULL: none */
	bool has_long_default; /* [profile default] was seen */
};

static char **
field_of(struct aws_profile *p, const struct field *f)
{
	return (char **)(void *)((char *)p + f->offset);
}

/* Free what *s owns and leave no copy in memory. */
static void
wipe(char **s)
{
	if (*s)
		explicit_bzero(*s, strlen(*s));
	free(*s);
	*s = NULL;
}

/* An empty value says nothing; of several the last one counts. */
static void
replace(char **s, const char *value)
{
	if (*value == '\0')
		return;
	wipe(s);
	*s = xstrdup(value);
}

static bool
is_field(const struct field *f, const char *parent, const char *name)
{
	if (!f->parent != !parent || strcmp(f->name, name) != 0)
		return false;
	return !parent || strcmp(f->parent, parent) == 0;
}

/* Store the value if one of `fields` has its name. */
static void
store(struct aws_profile *out, const struct field *fields, const char *parent,
      const char *name, const char *value)
{
	for (const struct field *f = fields; f->name; f++)
		if (is_field(f, parent, name))
			replace(field_of(out, f), value);
}

/* Whether `section` is "KIND NAME", NAME perhaps in quotes. */
static bool
is_section(const char *section, const char *kind, const char *name)
{
	size_t n = strlen(kind), len = strlen(name);

	if (strncmp(section, kind, n) != 0 || !strchr(BLANKS, section[n]))
		return false;
	section += n + strspn(section + n, BLANKS);
	if (*section == '"' || *section == '\'')
		return strlen(section) == len + 2 &&
		       section[len + 1] == *section &&
		       strncmp(section + 1, name, len) == 0;
	return strcmp(section, name) == 0 && !strpbrk(name, BLANKS);
}

/* Where there is a [profile default], what [default] says is nothing. */
static bool
is_default_section(struct reader *r, const char *section)
{
	if (strcmp(section, "default") == 0)
		return !r->has_long_default;
	if (!is_section(section, "profile", "default"))
		return false;
	if (!r->has_long_default)
		aws_profile_clear(r->out);
	r->has_long_default = true;
	return true;
}

static bool
is_profile_section(struct reader *r, const char *section)
{
	if (!r->is_config)
		return strcmp(section, r->profile) == 0;
	if (strcmp(r->profile, "default") == 0)
		return is_default_section(r, section);
	return is_section(section, "profile", r->profile);
}

static void
on_profile_value(void *arg, const char *section, const char *parent,
		 const char *name, const char *value)
{
	struct reader *r = arg;

	if (!is_profile_section(r, section))
		return;
	r->out->is_present = true;
	if (!name)
		return;
	r->out->has_s3 |= parent && strcmp(parent, "s3") == 0;
	store(r->out, key_fields, parent, name, value);
	store(r->out, other_fields, parent, name, value);
}

/* Of a section that the profile points to. */
static void
on_other_value(void *arg, const char *section, const char *parent,
	       const char *name, const char *value)
{
	struct reader *r = arg;
	bool is_services =
		r->services && is_section(section, "services", r->services);

	if (is_services)
		r->out->lacks_services = false;
	if (!name)
		return;
	if (is_services)
		store(r->out, services_fields, parent, name, value);
	if (r->session && is_section(section, "sso-session", r->session))
		store(r->out, session_fields, parent, name, value);
}

/* Of the config file alone; the profile may point to them from either file. */
static void
choose_sections(struct reader *r, const struct aws_profile *wins)
{
	const struct aws_profile *p = r->out;

	if (!r->is_config)
		return;
	r->services = wins && wins->services ? wins->services : p->services;
	r->session =
		wins && wins->sso_session ? wins->sso_session : p->sso_session;
}

/* The older of two names wins, as in the environment. */
static void
choose_token(struct aws_profile *p)
{
	if (!p->security_token)
		return;
	wipe(&p->session_token);
	p->session_token = steal(&p->security_token);
}

int
aws_profile_parse(struct aws_profile *out, const char *text, size_t len,
		  bool is_config, const struct aws_profile *wins,
		  const char *profile, struct err *err)
{
	struct reader r = { .out = out,
			    .is_config = is_config,
			    .profile = profile };
	int rc;

	*out = (struct aws_profile){ 0 };
	rc = ini_parse(text, len, on_profile_value, &r, err);
	/* a second pass, since such a section may stand before the profile */
	choose_sections(&r, wins);
	out->lacks_services = r.services;
	if (rc == 0 && (r.services || r.session))
		rc = ini_parse(text, len, on_other_value, &r, err);
	choose_token(out);
	if (rc)
		aws_profile_clear(out);
	return rc;
}

/* All of `fd`, at most `size` bytes; the number of bytes or -errno. */
static ssize_t
read_all(int fd, char *data, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while ((n = read(fd, data + len, size - len)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		len += (size_t)n;
		if (len == size)
			return -EFBIG;
	}
	return (ssize_t)len;
}

/*
 * Open a file, or something else that never blocks: /dev/null is how people
 * say "no such file" to the AWS tools.  The descriptor; -EAGAIN for a FIFO, which may
 * be another thing soon; another -errno.
 */
static int
open_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st = { 0 };

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) == 0 && (S_ISREG(st.st_mode) || S_ISCHR(st.st_mode)))
		return fd;
	close(fd);
	return S_ISFIFO(st.st_mode) ? -EAGAIN : -EINVAL;
}

/* Read one file; one that is not there leaves `out` empty. */
static int
load_file(struct aws_profile *out, const char *path, bool is_config,
	  const struct aws_profile *wins, const char *profile, struct err *err)
{
	char *data;
	ssize_t n;
	int fd, rc;

	*out = (struct aws_profile){ 0 };
	fd = path ? open_file(path) : -ENOENT;
	if (fd == -ENOENT || fd == -ENOTDIR)
		return 0;
	if (fd == -EINVAL || fd == -EAGAIN)
		return err_set(err, -fd, "%s: not a regular file", path);
	if (fd < 0)
		return err_set(err, -fd, "%s: %s", path, strerror(-fd));
	data = xmalloc(AWS_FILE_MAX + 1);
	n = read_all(fd, data, AWS_FILE_MAX + 1);
	close(fd);
	if (n < 0) {
		rc = err_set(err, (int)-n, "%s: %s", path, strerror((int)-n));
	} else {
		rc = aws_profile_parse(out, data, (size_t)n, is_config, wins,
				       profile, err);
		if (rc)
			err_wrap(err, "%s", path);
	}
	explicit_bzero(data, n >= 0 ? (size_t)n : AWS_FILE_MAX + 1);
	free(data);
	return rc;
}

/* Take from `from` what `to` does not have. */
static void
take_missing(struct aws_profile *to, struct aws_profile *from,
	     const struct field *fields)
{
	for (const struct field *f = fields; f->name; f++) {
		char **have = field_of(to, f);

		if (!*have)
			*have = steal(field_of(from, f));
	}
}

/* All that nests under `parent`. */
static void
wipe_block(struct aws_profile *p, const char *parent)
{
	for (const struct field *f = other_fields; f->name; f++)
		if (f->parent && strcmp(f->parent, parent) == 0)
			wipe(field_of(p, f));
}

int
aws_profile_load_each(struct aws_profile *config,
		      struct aws_profile *credentials, const char *config_path,
		      const char *credentials_path, const char *profile,
		      struct err *err)
{
	int rc;

	*config = (struct aws_profile){ 0 };
	rc = load_file(credentials, credentials_path, false, NULL, profile,
		       err);
	if (rc == 0)
		rc = load_file(config, config_path, true, credentials, profile,
			       err);
	if (rc)
		aws_profile_clear(credentials);
	else if (credentials->has_s3)
		wipe_block(config, "s3");
	return rc;
}

int
aws_profile_load(struct aws_profile *out, const char *config_path,
		 const char *credentials_path, const char *profile,
		 struct err *err)
{
	struct aws_profile config;
	int rc = aws_profile_load_each(&config, out, config_path,
				       credentials_path, profile, err);

	if (rc)
		return rc;
	out->is_present = out->is_present || config.is_present;
	out->lacks_services = config.lacks_services;
	/* a token that belongs to other keys must not come with these */
	if (!out->access_key && (config.access_key || !out->secret_key)) {
		wipe(&out->secret_key);
		wipe(&out->session_token);
		take_missing(out, &config, key_fields);
		out->has_keys_of_config = true;
	}
	take_missing(out, &config, other_fields);
	take_missing(out, &config, session_fields);
	take_missing(out, &config, services_fields);
	aws_profile_clear(&config);
	return 0;
}

static bool
has_equal(const struct aws_profile *a, const struct aws_profile *b,
	  const struct field *fields)
{
	for (const struct field *f = fields; f->name; f++) {
		const char *x = *field_of((struct aws_profile *)a, f);
		const char *y = *field_of((struct aws_profile *)b, f);

		if (!x != !y || (x && strcmp(x, y) != 0))
			return false;
	}
	return true;
}

bool
aws_profile_equal(const struct aws_profile *a, const struct aws_profile *b)
{
	return a->lacks_services == b->lacks_services &&
	       has_equal(a, b, other_fields) &&
	       has_equal(a, b, session_fields) &&
	       has_equal(a, b, services_fields);
}

void
aws_profile_clear(struct aws_profile *p)
{
	for (const struct field *f = session_fields; f->name; f++)
		wipe(field_of(p, f));
	for (const struct field *f = services_fields; f->name; f++)
		wipe(field_of(p, f));
	for (const struct field *f = key_fields; f->name; f++)
		wipe(field_of(p, f));
	for (const struct field *f = other_fields; f->name; f++)
		wipe(field_of(p, f));
	p->is_present = p->has_keys_of_config = p->lacks_services = false;
	p->has_s3 = false;
}
