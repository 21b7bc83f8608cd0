/* SPDX-License-Identifier: MIT */
/*
 * The configuration: each option, who wins over whom, the words of mount(8),
 * and what is said about what is wrong.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/load.h"
#include "conf/options.h"

#define ARGS_MAX 32

/* A home directory with shared AWS files, and a mount point. */
struct place {
	char dir[64];
	char *home; /* HOME=... */
	char *old_cwd;
};

static void
write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static const char config_text[] = "[default]\n"
				  "region = eu-west-1\n"
				  "[profile p]\n"
				  "region = eu-west-2\n"
				  "endpoint_url = http://profile\n"
				  "ca_bundle = ca.pem\n"
				  "max_attempts = 8\n"
				  "s3 =\n"
				  "  addressing_style = virtual\n"
				  "[profile path]\n"
				  "s3 =\n"
				  "  addressing_style = path\n"
				  "[profile auto]\n"
				  "s3 =\n"
				  "  addressing_style = auto\n"
				  "[profile odd]\n"
				  "s3 =\n"
				  "  addressing_style = round\n"
				  "[profile stern]\n"
				  "endpoint_url = http://profile\n"
				  "ignore_configured_endpoint_urls = true\n"
				  "[profile ftp]\n"
				  "endpoint_url = ftp://profile\n"
				  "[profile lost]\n"
				  "services = none\n"
				  "[profile place]\n"
				  "region = a/b\n"
				  "[profile ca]\n"
				  "ca_bundle = /none\n"
				  "[profile both]\n"
				  "region = eu-west-3\n"
				  "max_attempts = 3\n"
				  "s3 =\n"
				  "  addressing_style = path\n";

static int
set_up(void **state)
{
	struct place *place = xnew(struct place);
	char name[] = "/tmp/test-conf.XXXXXX";
	char *real;

	place->old_cwd = get_current_dir_name();
	assert_non_null(mkdtemp(name));
	real = realpath(name, NULL);
	snprintf(place->dir, sizeof(place->dir), "%s", real);
	free(real);
	place->home = xasprintf("HOME=%s", place->dir);
	assert_int_equal(chdir(place->dir), 0);
	assert_int_equal(mkdir("mnt", 0755), 0);
	assert_int_equal(mkdir(".aws", 0755), 0);
	write_file("ca.pem", "");
	write_file(".aws/config", config_text);
	write_file(".aws/credentials", "[keys]\naws_access_key_id = A\n"
				       "[both]\n"
				       "region = eu-west-4\n"
				       "s3 =\n"
				       "  addressing_style = auto\n"
				       "[tries]\n"
				       "max_attempts = 0\n");
	*state = place;
	return 0;
}

static int
tear_down(void **state)
{
	struct place *place = *state;

	assert_int_equal(chdir(place->dir), 0);
	unlink(".aws/config");
	unlink(".aws/credentials");
	rmdir(".aws");
	rmdir("mnt");
	unlink("ca.pem");
	assert_int_equal(chdir(place->old_cwd), 0);
	rmdir(place->dir);
	free(place->old_cwd);
	free(place->home);
	free(place);
	return 0;
}

/* Split "a b c" at blanks into a list of words that ends in NULL. */
static int
split(char *text, char *words[ARGS_MAX + 1], int n)
{
	char *rest = text;

	for (char *w; (w = strsep(&rest, " ")) && n < ARGS_MAX;)
		if (*w)
			words[n++] = w;
	words[n] = NULL;
	return n;
}

/* Load a command line and an environment, both separated by blanks. */
static int
load_for(enum conf_program p, const struct place *place, struct conf *c,
	 const char *line, const char *environment, struct err *err)
{
	CLEANUP_FREE char *args = xstrdup(line);
	CLEANUP_FREE char *variables = xstrdup(environment);
	char program[] = "program";
	char *argv[ARGS_MAX + 1] = { program };
	char *env[ARGS_MAX + 1] = { place->home };
	int argc = split(args, argv, 1);

	split(variables, env, 1);
	return conf_load(c, p, argc, argv, env, err);
}

static int
load(const struct place *place, struct conf *c, const char *line,
     const char *environment, struct err *err)
{
	return load_for(CONF_DGSTATFS, place, c, line, environment, err);
}

static void
load_good(const struct place *place, struct conf *c, const char *line,
	  const char *environment)
{
	struct err err = ERR_INIT;

	if (load(place, c, line, environment, &err))
		fail_msg("%s: %s", line, err.msg);
}

static void
test_defaults(void **state)
{
	const struct place *place = *state;
	CLEANUP_FREE char *mnt = xasprintf("%s/mnt", place->dir);
	CLEANUP_FREE char *config = xasprintf("%s/.aws/config", place->dir);
	CLEANUP(conf_clear) struct conf c;

	load_good(place, &c, "mnt", "");
	assert_string_equal(c.mount.source, "s3://");
	assert_string_equal(c.mount.mountpoint, mnt);
	assert_null(c.store.buckets);
	assert_null(c.store.endpoint_url);
	assert_string_equal(c.store.region, "eu-west-1"); /* of [default] */
	assert_int_equal(c.store.style, ADDRESSING_AUTO);
	assert_null(c.store.ca_bundle);
	assert_false(c.store.no_sign_request);
	assert_string_equal(c.store.profile, "default");
	assert_false(c.store.is_profile_explicit);
	assert_string_equal(c.store.config_path, config);
	assert_int_equal(c.limits.connect_timeout_ms, 5000);
	assert_int_equal(c.limits.request_timeout_ms, 30000);
	assert_int_equal(c.limits.timeout_ms, 60000);
	assert_int_equal(c.limits.deadline_ms, 0);
	assert_int_equal(c.limits.bucket_ttl_ms, 60000);
	assert_int_equal(c.limits.linger_ms, 10000);
	assert_int_equal(c.limits.max_wait_ms, 0);
	assert_int_equal(c.limits.max_age_ms, 0);
	assert_int_equal(c.limits.ttl_ms, 0);
	assert_int_equal(c.limits.interval_ms, 0);
	assert_int_equal(c.interval_modes, CONF_QUICK);
	assert_false(c.mount.is_eagain_wanted);
	assert_false(c.mount.is_df_by_bucket);
	assert_false(c.mount.is_detailed_on_refresh);
	assert_int_equal(c.limits.retries, 4);
	assert_int_equal(c.limits.connections, 256);
	assert_int_equal(c.store.cache, CACHE_RW);
	assert_false(c.mount.allow_other);
	assert_false(c.mount.is_read_only);
	assert_int_equal(c.mount.uid, -1);
	assert_int_equal(c.mount.gid, -1);
	assert_int_equal(c.mount.umask, 022);
	assert_null(c.mount.mount_options);
	assert_int_equal(c.log_level, LOG_LEVEL_WARN);
	assert_null(c.log_file);
	assert_null(c.store.sse);
	assert_null(c.store.sse_kms_key_id);
	assert_false(c.mount.foreground || c.mount.debug || c.show_help ||
		     c.show_version);
}

/* Each option in one of its forms; "%" stands for the directory. */
static void
test_all_options(void **state)
{
	const struct place *place = *state;
	CLEANUP_FREE char *ca = xasprintf("%s/ca.pem", place->dir);
	CLEANUP_FREE char *log = xasprintf("%s/log", place->dir);
	CLEANUP(conf_clear) struct conf c;

	load_good(
		place, &c,
		"--endpoint-url=http://h:9000 -o region=r,profile=p "
		"-obucket=one:two,bucket=three --bucket=one "
		"--force-path-style -o ca-bundle=ca.pem,no_sign_request "
		"--allow_other=yes -o uid=1,gid=2,umask=077 "
		"--bucket-ttl=1m --linger=0 --max-wait=2s -o max_age=1m,ttl=6h,"
		"interval=5m,interval_modes=quick,detailed,retries=1 "
		"--nonblock=eagain --df=bucket -o detailed=on_refresh "
		"-o connect_timeout=500ms,request_timeout=1.5,timeout=1h,"
		"deadline=1d,retries=0,connections=1024,cache=ro,"
		"sse=aws:kms:dsse,sse-kms-key-id=arn:aws:kms:r:1:key/k,"
		"log_level=info,log_file=log mnt",
		"");
	assert_string_equal(c.store.endpoint_url, "http://h:9000");
	assert_string_equal(c.store.region, "r");
	assert_string_equal(c.store.profile, "p");
	assert_true(c.store.is_profile_explicit);
	assert_int_equal(c.store.n_buckets, 3);
	assert_string_equal(c.store.buckets[0], "one");
	assert_string_equal(c.store.buckets[1], "two");
	assert_string_equal(c.store.buckets[2], "three");
	assert_int_equal(c.store.style, ADDRESSING_PATH);
	assert_string_equal(c.store.ca_bundle, ca);
	assert_true(c.store.no_sign_request);
	assert_true(c.mount.allow_other);
	assert_int_equal(c.mount.uid, 1);
	assert_int_equal(c.mount.gid, 2);
	assert_int_equal(c.mount.umask, 077);
	assert_int_equal(c.limits.bucket_ttl_ms, 60000);
	assert_int_equal(c.limits.linger_ms, 0);
	assert_int_equal(c.limits.max_wait_ms, 2000);
	assert_int_equal(c.limits.max_age_ms, 60000);
	assert_int_equal(c.limits.ttl_ms, 6 * 3600 * 1000);
	assert_int_equal(c.limits.interval_ms, 300000);
	assert_int_equal(c.interval_modes, CONF_QUICK | CONF_DETAILED);
	assert_true(c.mount.is_eagain_wanted);
	assert_true(c.mount.is_df_by_bucket);
	assert_true(c.mount.is_detailed_on_refresh);
	assert_int_equal(c.limits.connect_timeout_ms, 500);
	assert_int_equal(c.limits.request_timeout_ms, 1500);
	assert_int_equal(c.limits.timeout_ms, 3600000);
	assert_int_equal(c.limits.deadline_ms, 86400000);
	assert_int_equal(c.limits.retries, 0);
	assert_int_equal(c.limits.connections, 1024);
	assert_int_equal(c.store.cache, CACHE_RO);
	assert_string_equal(c.store.sse, "aws:kms:dsse");
	assert_string_equal(c.store.sse_kms_key_id, "arn:aws:kms:r:1:key/k");
	assert_int_equal(c.log_level, LOG_LEVEL_INFO);
	assert_string_equal(c.log_file, log);
}

static void
test_flags(void **state)
{
	static const struct {
		const char *line;
		bool foreground, debug, help, version, read_only;
		enum log_level level;
	} cases[] = {
		{ "-f mnt", true, false, false, false, false, LOG_LEVEL_WARN },
		{ "mnt -d", true, true, false, false, false, LOG_LEVEL_DEBUG },
		{ "-d -o log_level=error mnt", true, true, false, false, false,
		  LOG_LEVEL_ERROR },
		{ "-s -n -v -w mnt", false, false, false, false, false,
		  LOG_LEVEL_WARN },
		{ "s3:// mnt -sfnv -o rw,dev,suid", true, false, false, false,
		  false, LOG_LEVEL_WARN },
		{ "mnt --verbose -t fuse.dgstatfs -r", false, false, false,
		  false, true, LOG_LEVEL_WARN },
		{ "mnt -o ro", false, false, false, false, true,
		  LOG_LEVEL_WARN },
		{ "mnt -o ro,rw", false, false, false, false, false,
		  LOG_LEVEL_WARN },
		{ "-h", false, false, true, false, false, 0 },
		{ "--help --nonsense", false, false, true, false, false, 0 },
		{ "-V", false, false, false, true, false, 0 },
		{ "nowhere --version", false, false, false, true, false, 0 },
		{ "-- mnt", false, false, false, false, false, LOG_LEVEL_WARN },
	};
	const struct place *place = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(conf_clear) struct conf c;

		load_good(place, &c, cases[i].line, "");
		if (c.mount.foreground != cases[i].foreground ||
		    c.mount.debug != cases[i].debug ||
		    c.show_help != cases[i].help ||
		    c.show_version != cases[i].version ||
		    c.mount.is_read_only != cases[i].read_only ||
		    c.log_level != cases[i].level)
			fail_msg("%s", cases[i].line);
	}
}

static void
test_mount_words(void **state)
{
	static const struct {
		const char *list;
		const char *passed; /* to libfuse */
	} cases[] = {
		{ "defaults,_netdev,nofail,auto,noauto,user,users,nouser",
		  NULL },
		{ "owner,group,rw,async,atime,relatime,strictatime,user=me",
		  NULL },
		{ "x-systemd.automount,x-gvfs-show,X-mount.mkdir,comment=a=b",
		  NULL },
		{ "default_permissions,nodiratime,lazytime,nosymfollow,,",
		  NULL },
		{ "nosuid,nodev,noexec,noatime",
		  "nosuid,nodev,noexec,noatime" },
		{ "suid,dev,exec,sync,dirsync", "suid,dev,exec,sync,dirsync" },
		{ "ro,nosuid", "nosuid,ro" },
		{ "auto_unmount,fsname=a\\,b\\\\c,subtype=x",
		  "auto_unmount,fsname=a\\,b\\\\c,subtype=x" },
	};
	const struct place *place = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP_FREE char *line = xasprintf("mnt -o %s", cases[i].list);
		CLEANUP(conf_clear) struct conf c;

		load_good(place, &c, line, "");
		if (cases[i].passed)
			assert_string_equal(c.mount.mount_options,
					    cases[i].passed);
		else
			assert_null(c.mount.mount_options);
	}
}

static void
test_escapes(void **state)
{
	const struct place *place = *state;
	CLEANUP_FREE char *want =
		xasprintf("%s/a,b\\c\\d,linger=1", place->dir);
	CLEANUP(conf_clear) struct conf c;

	load_good(place, &c,
		  "mnt -o log_file=a\\,b\\\\c\\d\\,linger=1,retries=2", "");
	assert_string_equal(c.log_file, want);
	assert_int_equal(c.limits.retries, 2);
	assert_int_equal(c.limits.linger_ms, 10000);
}

static void
test_user_names(void **state)
{
	const struct place *place = *state;
	CLEANUP(conf_clear) struct conf c;

	load_good(place, &c, "mnt -o uid=root,gid=root", "");
	assert_int_equal(c.mount.uid, 0);
	assert_int_equal(c.mount.gid, 0);
}

static void
test_sources(void **state)
{
	static const struct {
		const char *source;
		const char *bucket;
		const char *endpoint_url;
	} cases[] = {
		{ "s3://", NULL, NULL },
		{ "s3://releases", "releases", NULL },
		{ "s3://releases/", "releases", NULL },
		{ "https://h:1/s3", NULL, "https://h:1/s3" },
		{ "http://h", NULL, "http://h" },
	};
	const struct place *place = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP_FREE char *line = xasprintf("%s mnt", cases[i].source);
		CLEANUP(conf_clear) struct conf c;

		load_good(place, &c, line, "");
		assert_string_equal(c.mount.source, cases[i].source);
		assert_int_equal(c.store.n_buckets, cases[i].bucket ? 1 : 0);
		if (cases[i].bucket)
			assert_string_equal(c.store.buckets[0],
					    cases[i].bucket);
		if (cases[i].endpoint_url)
			assert_string_equal(c.store.endpoint_url,
					    cases[i].endpoint_url);
		else
			assert_null(c.store.endpoint_url);
	}
}

/* Who wins; "-" stands for NULL. */
static const struct {
	const char *line;
	const char *environment;
	const char *endpoint_url, *region, *profile;
	int64_t retries;
	enum addressing style;
} precedence[] = {
	{ "mnt", "", "-", "eu-west-1", "default", 4, ADDRESSING_AUTO },
	{ "mnt", "AWS_REGION=a AWS_DEFAULT_REGION=b", "-", "a", "default", 4,
	  ADDRESSING_AUTO },
	{ "mnt", "AWS_REGION= AWS_DEFAULT_REGION=b", "-", "b", "default", 4,
	  ADDRESSING_AUTO },
	{ "mnt -o region=o", "AWS_REGION=a", "-", "o", "default", 4,
	  ADDRESSING_AUTO },
	{ "mnt", "AWS_PROFILE=p", "http://profile", "eu-west-2", "p", 7,
	  ADDRESSING_VIRTUAL },
	{ "mnt", "AWS_DEFAULT_PROFILE=path AWS_PROFILE=none", "-", "-", "path",
	  4, ADDRESSING_PATH },
	{ "mnt -o profile=path", "AWS_PROFILE=p", "-", "-", "path", 4,
	  ADDRESSING_PATH },
	{ "mnt -o profile=auto", "", "-", "-", "auto", 4, ADDRESSING_AUTO },
	{ "mnt -o profile=keys", "", "-", "-", "keys", 4, ADDRESSING_AUTO },
	{ "mnt -o force_path_style,retries=2", "AWS_PROFILE=p",
	  "http://profile", "eu-west-2", "p", 2, ADDRESSING_PATH },
	{ "mnt -o force_path_style=no", "AWS_PROFILE=path", "-", "-", "path", 4,
	  ADDRESSING_VIRTUAL },
	{ "mnt", "AWS_PROFILE=p AWS_MAX_ATTEMPTS=1", "http://profile",
	  "eu-west-2", "p", 0, ADDRESSING_VIRTUAL },
	{ "mnt", "AWS_ENDPOINT_URL_S3=http://a AWS_ENDPOINT_URL=http://b",
	  "http://a", "eu-west-1", "default", 4, ADDRESSING_AUTO },
	{ "mnt", "AWS_PROFILE=p AWS_ENDPOINT_URL=http://b", "http://b",
	  "eu-west-2", "p", 7, ADDRESSING_VIRTUAL },
	{ "mnt -o endpoint_url=http://o", "AWS_ENDPOINT_URL_S3=http://a",
	  "http://o", "eu-west-1", "default", 4, ADDRESSING_AUTO },
	{ "http://s mnt", "AWS_ENDPOINT_URL_S3=http://a", "http://s",
	  "eu-west-1", "default", 4, ADDRESSING_AUTO },
	{ "http://s mnt -o endpoint_url=http://s", "", "http://s", "eu-west-1",
	  "default", 4, ADDRESSING_AUTO },
	{ "mnt",
	  "AWS_PROFILE=p AWS_ENDPOINT_URL=http://b "
	  "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true",
	  "-", "eu-west-2", "p", 7, ADDRESSING_VIRTUAL },
	{ "mnt -o endpoint_url=http://o",
	  "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=TRUE", "http://o", "eu-west-1",
	  "default", 4, ADDRESSING_AUTO },
	{ "mnt", "AWS_PROFILE=stern AWS_ENDPOINT_URL=http://b", "-", "-",
	  "stern", 4, ADDRESSING_AUTO },
	{ "mnt -o ignore_configured_endpoint_urls,endpoint_url=http://o",
	  "AWS_ENDPOINT_URL=http://b", "http://o", "eu-west-1", "default", 4,
	  ADDRESSING_AUTO },
	{ "mnt", "AWS_RETRY_MODE=standard", "-", "eu-west-1", "default", 2,
	  ADDRESSING_AUTO },
	{ "mnt", "AWS_RETRY_MODE=adaptive AWS_MAX_ATTEMPTS=9", "-", "eu-west-1",
	  "default", 8, ADDRESSING_AUTO },
	{ "mnt", "AWS_RETRY_MODE=standard AWS_PROFILE=p", "http://profile",
	  "eu-west-2", "p", 7, ADDRESSING_VIRTUAL },
	{ "mnt -o retries=7", "AWS_RETRY_MODE=legacy", "-", "eu-west-1",
	  "default", 7, ADDRESSING_AUTO },
	{ "mnt", "AWS_PROFILE=lost AWS_ENDPOINT_URL=http://b", "http://b", "-",
	  "lost", 4, ADDRESSING_AUTO },
	{ "http://s mnt", "AWS_PROFILE=lost", "http://s", "-", "lost", 4,
	  ADDRESSING_AUTO },
	{ "mnt -o ignore_configured_endpoint_urls", "AWS_PROFILE=lost", "-",
	  "-", "lost", 4, ADDRESSING_AUTO },
	{ "mnt", "AWS_PROFILE=stern AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=false",
	  "http://profile", "-", "stern", 4, ADDRESSING_AUTO },
};

static void
assert_text(const char *got, const char *want)
{
	assert_string_equal(got ? got : "-", want);
}

static void
test_precedence(void **state)
{
	const struct place *place = *state;

	for (size_t i = 0; i < ARRAY_SIZE(precedence); i++) {
		CLEANUP(conf_clear) struct conf c;

		load_good(place, &c, precedence[i].line,
			  precedence[i].environment);
		assert_text(c.store.endpoint_url, precedence[i].endpoint_url);
		assert_text(c.store.region, precedence[i].region);
		assert_text(c.store.profile, precedence[i].profile);
		assert_int_equal(c.limits.retries, precedence[i].retries);
		assert_int_equal(c.store.style, precedence[i].style);
	}
}

static void
test_named_files(void **state)
{
	const struct place *place = *state;
	CLEANUP_FREE char *ca = xasprintf("%s/ca.pem", place->dir);
	CLEANUP(conf_clear) struct conf c;

	load_good(place, &c, "mnt",
		  "AWS_CONFIG_FILE=/dev/null "
		  "AWS_SHARED_CREDENTIALS_FILE=~/.aws/credentials "
		  "AWS_CA_BUNDLE=ca.pem");
	assert_string_equal(c.store.config_path, "/dev/null");
	assert_string_equal(strstr(c.store.credentials_path, "/.aws/"),
			    "/.aws/credentials");
	assert_null(c.store.region);
	assert_string_equal(c.store.ca_bundle, ca);
}

/* Without HOME the password file knows. */
static void
test_no_home(void **state)
{
	const struct passwd *pw = getpwuid(getuid());
	CLEANUP(conf_clear) struct conf c;
	char program[] = "dgstatfs", mnt[] = "mnt";
	char config[] = "AWS_CONFIG_FILE=/dev/null";
	char *argv[] = { program, mnt, NULL };
	char *env[] = { config, NULL };
	struct err err = ERR_INIT;

	(void)state;
	if (!pw)
		skip();
	/* whatever that home holds: only its name matters here */
	conf_load(&c, CONF_DGSTATFS, 2, argv, env, &err);
	assert_ptr_equal(strstr(c.store.credentials_path, pw->pw_dir),
			 c.store.credentials_path);
}

static const struct {
	const char *line;
	const char *environment;
	const char *message; /* part of it */
} wrong[] = {
	{ "", "", "no mount point given" },
	{ "a b c", "", "c: more than SOURCE and MOUNTPOINT" },
	{ "nowhere", "", "mount point nowhere: No such file or directory" },
	{ "ca.pem", "", "mount point ca.pem: Not a directory" },
	{ "bucket mnt", "", "source bucket is neither s3://" },
	{ "S3://bucket mnt", "", "is neither s3://" },
	{ "s3://a/b mnt", "", "s3://a/b is no whole bucket" },
	{ "s3://one:two mnt", "", "s3://one:two is not one bucket" },
	{ "http://u:p@h mnt", "", "user names do not belong there" },
	{ "http://h:0 mnt", "", "source: endpoint URL http://h:0: " },
	{ "http://a mnt -o endpoint_url=http://b", "", "two endpoints" },
	{ "http://u:p@a mnt -o endpoint_url=http://b", "",
	  "two endpoints: http://***@a and" },
	{ "ftp://u:p@a mnt", "", "source ftp://***@a is neither" },
	{ "mnt -o nonsense", "", "unknown option nonsense" },
	{ "mnt -o nonsense=1", "", "unknown option nonsense" },
	{ "mnt -o regio=1", "", "unknown option regio" },
	{ "mnt -o stat_cache=1", "", "unknown option stat_cache" },
	{ "mnt -o max_wait=soon", "", "is not a time" },
	{ "mnt -o nonblock=maybe", "", "is not block or eagain" },
	{ "mnt -o df=yes", "", "is not none or bucket" },
	{ "mnt -o detailed=never", "", "is not on_open or on_refresh" },
	{ "mnt -o detailed", "", "option detailed needs a value" },
	{ "mnt -o interval=often", "", "is not a time" },
	{ "mnt -o interval_modes=", "", "option interval_modes needs a value" },
	{ "mnt -o interval_modes=fast", "", "is not a list of quick, sampled" },
	{ "mnt -o interval_modes=quick:", "", "is not a list of quick" },
	{ "mnt --interval-modes=quick,all", "", "\"quick,all\" is not a list" },
	{ "mnt -o interval_modes=quick,all", "", "unknown option all" },
	{ "mnt -o df", "", "option df needs a value: df=none|bucket" },
	{ "mnt --nonsense", "", "unknown option nonsense" },
	{ "mnt --ro", "", "unknown option ro" },
	{ "mnt -x", "", "unknown option -x" },
	{ "mnt -fo", "", "-o needs a value" },
	{ "mnt -o region", "", "option region needs a value: region=NAME" },
	{ "mnt --region", "", "option region needs a value" },
	{ "mnt -o region=", "", "option region needs a value" },
	{ "mnt -o allow_other=maybe", "", "is not true or false" },
	{ "mnt -o force_path_style=maybe", "", "is not true or false" },
	{ "mnt -o uid=nobody-at-all", "", "is not a user" },
	{ "mnt -o uid=-1", "", "is not a user" },
	{ "mnt -o uid=4294967295", "", "is not a user" },
	{ "mnt -o gid=12x", "", "is not a group" },
	{ "mnt -o umask=8", "", "is not an octal number" },
	{ "mnt -o umask=01000", "", "is not an octal number" },
	{ "mnt -o retries=-1", "", "is not a number from 0 to 100" },
	{ "mnt -o retries=101", "", "is not a number from 0 to 100" },
	{ "mnt -o connections=0", "", "is not a number from 1 to 1024" },
	{ "mnt -o connections=99999999999999999999", "", "from 1 to 1024" },
	{ "mnt -o linger=soon", "", "is not a time" },
	{ "mnt -o linger=1w", "", "is not a time" },
	{ "mnt -o linger=1.", "", "is not a time" },
	{ "mnt -o linger=.", "", "is not a time" },
	{ "mnt -o linger=s", "", "is not a time" },
	{ "mnt -o linger=-1", "", "is not a time" },
	{ "mnt -o linger=1,5", "", "unknown option 5" },
	{ "mnt -o linger=25d", "", "is not at most 24d" },
	{ "mnt -o linger=99999999999", "", "is not a time" },
	{ "mnt -o timeout=0", "", "is not long enough" },
	{ "mnt -o cache=yes", "", "\"yes\" is not rw, ro or off" },
	{ "mnt -o sse=aes256", "", "\"aes256\" is not AES256, aws:kms or" },
	{ "mnt -o sse=aws:", "", "\"aws:\" is not AES256, aws:kms or" },
	{ "mnt -o sse=", "", "option sse needs a value" },
	{ "mnt -o sse_kms_key_id=k", "", "is for sse=aws:kms and" },
	{ "mnt -o sse=AES256,sse_kms_key_id=k", "", "is for sse=aws:kms and" },
	{ "mnt -o sse=aws:kms,sse_kms_key_id=", "", "needs a value" },
	{ "mnt -o sse=aws:kms,sse_kms_key_id=k\nx", "", "the name of a key" },
	{ "mnt -o sse=aws:kms,sse_kms_key_id=k\303\251", "", "name of a key" },
	{ "mnt -o log_level=loud", "", "is not error, warn, info or debug" },
	{ "mnt -o bucket=ab", "", "\"ab\" is not the name of a bucket" },
	{ "mnt -o bucket=.abc", "", "is not the name of a bucket" },
	{ "mnt -o bucket=abc:", "", "\"\" is not the name of a bucket" },
	{ "mnt -o bucket=arn:aws:s3:::releases", "",
	  "ARNs are not supported: name a bucket, not arn:aws:s3:::releases" },
	{ "mnt -o bucket=arn:aws:s3:us-west-2:123456789012:accesspoint/a", "",
	  "option bucket: access points are not supported: name a bucket" },
	{ "s3://arn:aws:s3:us-west-2:123456789012:accesspoint:a mnt", "",
	  "access points are not supported" },
	{ "mnt -o bucket=arn:aws:s3::123456789012:accesspoint:m.mrap", "",
	  "multi-region access points are not supported" },
	{ "mnt -o bucket=arn:aws:s3-outposts:us-west-2:1:outpost:o:bucket:b",
	  "", "buckets on Outposts are not supported" },
	{ "mnt -o bucket=arn:aws:s3express:us-west-2:1:bucket/b--z--x-s3", "",
	  "S3 Express directory buckets are not supported" },
	{ "mnt -o bucket=abc--usw2-az1--x-s3", "",
	  "bucket abc--usw2-az1--x-s3: S3 Express directory buckets are not" },
	{ "s3://abc--usw2-az1--xa-s3 mnt", "", "S3 Express directory buckets" },
	{ "mnt -o expected_bucket_owner=me", "", "an account of 12 digits" },
	{ "mnt -o expected_bucket_owner=1234567890123", "", "of 12 digits" },
	{ "mnt -o endpoint_url=h", "", "endpoint URL h: begins neither" },
	{ "mnt -o region=a/b", "", "a/b is not the name of a region" },
	{ "mnt -o ca_bundle=no.pem", "", "no.pem: No such file" },
	{ "mnt -o profile=none", "", "profile none: neither in" },
	{ "mnt", "AWS_PROFILE=none", "profile none: neither in" },
	{ "mnt", "AWS_CONFIG_FILE=no", "AWS_CONFIG_FILE: no: No such file" },
	{ "mnt", "AWS_SHARED_CREDENTIALS_FILE=/no",
	  "AWS_SHARED_CREDENTIALS_FILE: /no: No such file" },
	{ "mnt", "AWS_CONFIG_FILE=/proc", "/proc: not a regular file" },
	{ "mnt", "AWS_CA_BUNDLE=/no", "ca_bundle /no: No such file" },
	{ "mnt", "AWS_MAX_ATTEMPTS=0", "AWS_MAX_ATTEMPTS: \"0\" is not" },
	{ "mnt", "AWS_MAX_ATTEMPTS=x", "AWS_MAX_ATTEMPTS: \"x\" is not" },
	{ "mnt", "AWS_MAX_ATTEMPTS=999", "AWS_MAX_ATTEMPTS: option retries" },
	{ "mnt", "AWS_ENDPOINT_URL=ftp://x",
	  "AWS_ENDPOINT_URL: endpoint URL ftp://x: begins neither" },
	{ "mnt", "AWS_ENDPOINT_URL_S3=x AWS_ENDPOINT_URL=http://y",
	  "AWS_ENDPOINT_URL_S3: endpoint URL x: " },
	{ "mnt", "AWS_PROFILE=ftp",
	  "profile ftp: endpoint URL ftp://profile: " },
	{ "mnt", "AWS_PROFILE=lost",
	  "/.aws/config, profile lost: there is no section [services none]" },
	{ "mnt", "AWS_PROFILE=odd", "profile odd: addressing_style \"round\"" },
	{ "mnt", "AWS_PROFILE=ftp", "/.aws/config, profile ftp: endpoint" },
	{ "mnt", "AWS_PROFILE=tries",
	  "/.aws/credentials, profile tries: \"0\" is not a number from 1" },
	{ "mnt", "AWS_REGION=a/b", "AWS_REGION: a/b is not the name of" },
	{ "mnt", "AWS_DEFAULT_REGION=a/b", "AWS_DEFAULT_REGION: a/b is not" },
	{ "mnt", "AWS_PROFILE=place",
	  "/.aws/config, profile place: a/b is not the name of a region" },
	{ "mnt", "AWS_CA_BUNDLE=/no", "AWS_CA_BUNDLE: ca_bundle /no: No such" },
	{ "mnt", "AWS_PROFILE=ca",
	  "/.aws/config, profile ca: ca_bundle /none: No such file" },
	{ "mnt", "AWS_PROFILE=none", "AWS_PROFILE: profile none: neither in" },
};

static void
test_wrong(void **state)
{
	const struct place *place = *state;

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		CLEANUP(conf_clear) struct conf c;
		struct err err = ERR_INIT;
		int rc = load(place, &c, wrong[i].line, wrong[i].environment,
			      &err);

		if (rc >= 0 || rc != -err.code ||
		    !strstr(err.msg, wrong[i].message))
			fail_msg("%s %s: %d %s", wrong[i].line,
				 wrong[i].environment, rc, err.msg);
	}
}

/* Who has just typed it need not be told so. */
static void
test_wrong_on_the_command_line(void **state)
{
	static const char *const cases[][2] = {
		{ "mnt -o region=a/b", "a/b is not" },
		{ "mnt --region=a/b", "a/b is not" },
		{ "mnt -o ca_bundle=/no", "ca_bundle /no: No such" },
		{ "mnt -o profile=none", "profile none: neither in" },
		{ "mnt -o retries=x", "option retries: \"x\" is not" },
	};
	const struct place *place = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(conf_clear) struct conf c;
		struct err err = ERR_INIT;

		assert_true(load(place, &c, cases[i][0], "AWS_REGION=x", &err));
		assert_ptr_equal(strstr(err.msg, cases[i][1]), err.msg);
	}
}

/* "%" stands for the directory. */
static void
test_origins(void **state)
{
	static const struct {
		const char *line, *environment, *option, *origin;
	} cases[] = {
		{ "mnt", "", "linger", "default" },
		{ "mnt", "", "sse", "default" },
		{ "mnt", "", "profile", "default" },
		{ "mnt --linger=1", "", "linger", "command line" },
		{ "mnt -o linger=1", "", "linger", "-o" },
		{ "mnt -o linger=1 --linger=2", "", "linger", "command line" },
		{ "mnt --linger=2 -o linger=1", "", "linger", "-o" },
		{ "mnt --force-path-style", "", "force_path_style",
		  "command line" },
		{ "mnt -d", "", "log_level", "command line" },
		{ "http://s mnt", "", "endpoint_url", "source" },
		{ "s3://bkt mnt", "", "bucket", "command line" },
		{ "mnt", "AWS_REGION=a AWS_DEFAULT_REGION=b", "region",
		  "AWS_REGION" },
		{ "mnt", "AWS_DEFAULT_REGION=b", "region",
		  "AWS_DEFAULT_REGION" },
		{ "mnt -o region=r", "AWS_REGION=a", "region", "-o" },
		{ "mnt", "AWS_ENDPOINT_URL=http://b AWS_REGION=c",
		  "endpoint_url", "AWS_ENDPOINT_URL" },
		{ "mnt", "AWS_MAX_ATTEMPTS=2", "retries", "AWS_MAX_ATTEMPTS" },
		{ "mnt", "AWS_CA_BUNDLE=ca.pem", "ca_bundle", "AWS_CA_BUNDLE" },
		{ "mnt", "AWS_PROFILE=p", "profile", "AWS_PROFILE" },
		{ "mnt", "", "region", "%/.aws/config, profile default" },
		{ "mnt", "AWS_PROFILE=p", "endpoint_url",
		  "%/.aws/config, profile p" },
		{ "mnt -o profile=both", "", "region",
		  "%/.aws/credentials, profile both" },
		{ "mnt -o profile=both", "", "retries",
		  "%/.aws/config, profile both" },
		/* the other file's "auto" is an answer: nobody has set it */
		{ "mnt -o profile=both", "", "force_path_style", "default" },
		{ "mnt -o profile=path", "", "force_path_style",
		  "%/.aws/config, profile path" },
	};
	const struct place *place = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *rest = cases[i].origin;
		CLEANUP_FREE char *want =
			xasprintf("%s%s", *rest == '%' ? place->dir : "",
				  *rest == '%' ? rest + 1 : rest);
		CLEANUP(conf_clear) struct conf c;

		load_good(place, &c, cases[i].line, cases[i].environment);
		assert_string_equal(conf_origin_text(&c, cases[i].option),
				    want);
	}
}

/* A program without a mount has no options of it. */
static void
test_programs(void **state)
{
	static const char *const both[] = { "region", "sse", "linger",
					    "log-file" };
	static const char *const mount[] = { "allow_other", "uid",	"gid",
					     "umask",	    "nonblock", "df" };
	struct conf c CLEANUP(conf_clear) = { .program = CONF_DGSTAT };
	CLEANUP_FREE char *text = NULL;
	struct err err = ERR_INIT;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	(void)state;
	assert_non_null(f);
	conf_print_options(f, CONF_DGSTAT);
	fclose(f);
	for (size_t i = 0; i < ARRAY_SIZE(both); i++) {
		err = (struct err)ERR_INIT;
		conf_option_set(&c, CONF_FROM_LIST, both[i], NULL, &err);
		assert_null(strstr(err.msg, "unknown"));
	}
	for (size_t i = 0; i < ARRAY_SIZE(mount); i++) {
		conf_option_set(&c, CONF_FROM_LIST, mount[i], NULL, &err);
		assert_non_null(strstr(err.msg, "unknown"));
		assert_null(strstr(text, mount[i]));
	}
	assert_non_null(strstr(text, "--sse=METHOD"));
	assert_int_equal(conf_option_offer_defaults(&c, &err), 0);
	assert_int_equal(c.limits.linger_ms, 10000);
}

/* Its operands are buckets, as many as one likes. */
static void
test_bucket_operands(void **state)
{
	static const struct {
		const char *line, *message;
	} bad[] = {
		{ "-f", "unknown option -f" },
		{ "-r abc", "unknown option -r" },
		{ "-o nosuid abc", "unknown option nosuid" },
		{ "-o ro", "unknown option ro" },
		{ "--allow-other", "unknown option allow-other" },
		{ "abc:def", "abc:def is not one bucket" },
		{ "/", "\"/\" names no bucket" },
		{ "s3://", "\"s3://\" names no bucket" },
		{ "s3:///", "\"s3:///\" names no bucket" },
		{ "abc s3:////", "names no bucket" },
		{ "s3://abc/key", "figures are of all of s3://abc" },
		{ "abc/key/", "figures are of all of abc" },
		{ "s3://abc//", "is no whole bucket" },
		{ "http://h", "http://h is not one bucket" },
	};
	struct conf c CLEANUP(conf_clear) = { .program = CONF_DGSTAT };
	struct conf none CLEANUP(conf_clear) = { .program = CONF_DGSTAT };
	struct err err = ERR_INIT;

	assert_int_equal(load_for(CONF_DGSTAT, *state, &c,
				  "abc -o linger=1 s3://def s3://ghi/ -- jkl",
				  "", &err),
			 0);
	assert_int_equal(c.store.n_buckets, 4);
	assert_string_equal(c.store.buckets[1], "def");
	assert_string_equal(c.store.buckets[2], "ghi");
	assert_string_equal(c.store.buckets[3], "jkl");
	assert_int_equal(c.limits.linger_ms, 1000);
	assert_int_equal(load_for(CONF_DGSTAT, *state, &none, "", "", &err), 0);
	assert_int_equal(none.store.n_buckets, 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct conf b CLEANUP(conf_clear) = { .program = CONF_DGSTAT };

		err = (struct err)ERR_INIT;
		assert_int_equal(load_for(CONF_DGSTAT, *state, &b, bad[i].line,
					  "", &err),
				 -EINVAL);
		if (!strstr(err.msg, bad[i].message))
			fail_msg("%s: %s", bad[i].line, err.msg);
	}
}

static void
test_malformed_file(void **state)
{
	const struct place *place = *state;
	CLEANUP(conf_clear) struct conf c;
	struct err err = ERR_INIT;

	write_file(".aws/credentials", "[default]\nsecret\n");
	assert_int_equal(load(place, &c, "mnt", "", &err), -EINVAL);
	assert_non_null(strstr(err.msg, "/.aws/credentials: line 2: "));
	assert_null(strstr(err.msg, "secret"));
}

/* Everything in the table is in --help, and nothing that is not built. */
static void
test_help(void **state)
{
	static const char *const words[] = {
		"usage: dgstatfs [options] [SOURCE] MOUNTPOINT",
		"--help",
		"-o endpoint_url=URL",
		"-o umask=OCTAL",
		"(022)",
		"-o log_file=FILE",
		"AWS_ENDPOINT_URL_S3",
	};
	CLEANUP_FREE char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	(void)state;
	assert_non_null(f);
	conf_print_help(f, CONF_DGSTATFS);
	fclose(f);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		assert_non_null(strstr(text, words[i]));
	assert_null(strstr(text, "stat_cache"));
	for (const char *p = text; *p; p += strcspn(p, "\n") + 1)
		assert_true(strcspn(p, "\n") < 80);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_defaults),
		TEST(test_all_options),
		TEST(test_flags),
		TEST(test_mount_words),
		TEST(test_escapes),
		TEST(test_user_names),
		TEST(test_sources),
		TEST(test_precedence),
		TEST(test_named_files),
		TEST(test_no_home),
		TEST(test_wrong),
		TEST(test_malformed_file),
		TEST(test_help),
		TEST(test_wrong_on_the_command_line),
		TEST(test_origins),
		TEST(test_programs),
		TEST(test_bucket_operands),
	};

	return cmocka_run_group_tests_name("conf", tests, NULL, NULL);
}
