/* SPDX-License-Identifier: MIT */
/*
 * dgstatfs: the life of the process and nothing else.
 *
 * First, protection of what is secret.  Before the fork: configuration,
 * descriptor limit, mount.  After it: the threads of the log and of the net, all
 * of which the parent waits for, so that the user sees on the terminal what
 * fails; then the FUSE loop.
 * The end goes in reverse order: waiting readers are answered while the mount is
 * still there to answer them.
 */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "auth/creds.h"
#include "conf.h"
#include "engine/engine.h"
#include "fs/fs.h"
#include "s3/endpoint.h"
#include "util/background.h"
#include "util/hangup.h"

/*
 * A connection that is being made may have two descriptors, one for each kind of
 * address.  Besides: FUSE, log, resolver, files.
 */
#define DESCRIPTORS_EACH 2
#define SPARE_DESCRIPTORS (64 + DESCRIPTORS_EACH * HTTP_URGENT_MAX)

/* What is made before the fork; and after it, the last two. */
struct parts {
	struct endpoint *endpoint;
	struct creds_chain *creds;
	struct trust *trust;
	struct buckets *buckets;
	struct fs *fs;
	int connections; /* at most; as configured, or what descriptors allow */
	struct engine *engine;
	struct hangup *hangup;
};

static void
parts_clear(struct parts *p)
{
	fs_unmount(p->fs);
	buckets_free(p->buckets);
	trust_unref(p->trust);
	creds_free(p->creds);
	endpoint_free(p->endpoint);
}

/*
 * As many connections as there may be descriptors for.  A process that runs out
 * of them fails in odd places, so it is looked at before.
 */
static int
find_connections(int64_t wanted, int *connections, struct err *err)
{
	rlim_t need = (rlim_t)wanted * DESCRIPTORS_EACH + SPARE_DESCRIPTORS;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return err_set(err, errno, "descriptor limit: %s",
			       strerror(errno));
	if (limit.rlim_cur < need) {
		limit.rlim_cur = limit.rlim_max < need ? limit.rlim_max : need;
		if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
			return err_set(err, errno, "descriptor limit: %s",
				       strerror(errno));
	}
	*connections = (int)wanted;
	if (limit.rlim_cur >= need)
		return 0;
	if (limit.rlim_cur < SPARE_DESCRIPTORS + DESCRIPTORS_EACH)
		return err_set(err, EMFILE,
			       "%d descriptors are needed at least, and the "
			       "limit (ulimit -n) is %llu",
			       SPARE_DESCRIPTORS + DESCRIPTORS_EACH,
			       (unsigned long long)limit.rlim_cur);
	*connections =
		(int)((limit.rlim_cur - SPARE_DESCRIPTORS) / DESCRIPTORS_EACH);
	fprintf(stderr,
		"dgstatfs: warning: connections=%lld needs %llu descriptors, "
		"and the limit (ulimit -n) is %llu: only %d connections\n",
		(long long)wanted, (unsigned long long)need,
		(unsigned long long)limit.rlim_cur, *connections);
	return 0;
}

/* There may be secrets in memory: no core dumps, no debugger but root's. */
static void
protect_memory(void)
{
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0);
}

static int
mount_it(const struct conf *c, struct parts *p, struct err *err)
{
	return fs_mount(&p->fs,
			&(struct fs_options){
				.mountpoint = c->mountpoint,
				.source = c->source,
				.mount_options = c->mount_options,
				.allow_other = c->allow_other,
				.is_read_only = c->is_read_only,
				.debug = c->debug,
				.is_eagain_wanted = c->is_eagain_wanted,
				.uid = c->uid < 0 ? getuid() : (uid_t)c->uid,
				.gid = c->gid < 0 ? getgid() : (gid_t)c->gid,
				.umask = (unsigned)c->umask,
				.buckets = p->buckets,
			},
			err);
}

/* Certificates are many to read, and a connection without TLS wants none. */
static bool
needs_trust(const struct conf *c, const struct parts *p)
{
	return c->ca_bundle ||
	       strcmp(endpoint_scheme(p->endpoint), "https") == 0;
}

/*
 * The mount may lie over /etc, and who reads a file there would wait for us: what
 * libraries read when they are used first, they read now.
 */
static int
read_before_mount(const struct conf *c, struct parts *p, struct err *err)
{
	int rc;

	tzset(); /* syslog(3) asks for the zone */
	rc = http_prepare(err);
	if (rc)
		return rc;
	return needs_trust(c, p) ? http_load_trust(&p->trust, c->ca_bundle, err)
				 : trust_load(&p->trust, NULL, NULL, NULL, err);
}

/* What would be wrong later, and nobody would know why. */
static void
warn(const struct conf *c, const struct parts *p)
{
	const char *bucket = endpoint_bucket_in_path(p->endpoint);
	struct err err = ERR_INIT;
	struct creds creds;

	if (bucket)
		fprintf(stderr,
			"dgstatfs: warning: the endpoint is %s, with its path; "
			"if %s is a bucket, say bucket=%s and leave it out "
			"there\n",
			c->endpoint_url, bucket, bucket);
	if (creds_get(p->creds, &creds, &err) != 0)
		fprintf(stderr,
			"dgstatfs: warning: %s; until there are some, "
			"everything is \"Permission denied\"\n",
			err.msg);
	if (!c->foreground && !c->log_file && !log_has_syslog())
		fprintf(stderr,
			"dgstatfs: warning: no syslog is here (/dev/log: %s), "
			"so all that goes wrong is lost: log_file=FILE keeps "
			"it\n",
			strerror(errno));
}

/* Everything that comes before the fork. */
static int
prepare(const struct conf *c, struct parts *p, struct err *err)
{
	int rc;

	rc = find_connections(c->connections, &p->connections, err);
	if (rc == 0)
		rc = endpoint_new(&p->endpoint, c->endpoint_url, c->region,
				  c->style, err);
	if (rc)
		return rc;
	p->creds = creds_new(&(struct creds_options){
		.is_anonymous = c->no_sign_request,
		.skip_environment = c->is_profile_explicit,
		.profile = c->profile,
		.config_path = c->config_path,
		.credentials_path = c->credentials_path,
	});
	p->buckets = buckets_new(c->bucket_ttl_ms, c->buckets, c->n_buckets);
	warn(c, p);
	hangup_block();
	rc = read_before_mount(c, p, err);
	if (rc == 0 && needs_trust(c, p) && trust_is_empty(p->trust))
		fprintf(stderr, "dgstatfs: warning: no certificates of the "
				"system are found, so no store is trusted: "
				"ca_bundle=FILE names some\n");
	if (rc == 0)
		rc = mount_it(c, p, err);
	if (rc == 0)
		rc = log_open(c->foreground ? LOG_TO_STDERR : LOG_TO_SYSLOG,
			      c->log_file, c->log_level, err);
	return rc;
}

static int
start_engine(const struct conf *c, const struct parts *p, struct engine **out,
	     struct err *err)
{
	static const enum cache_policy policies[] = {
		[CACHE_RW] = CACHE_POLICY_RW,
		[CACHE_RO] = CACHE_POLICY_RO,
		[CACHE_OFF] = CACHE_POLICY_OFF,
	};

	return engine_start(
		out,
		&(struct engine_options){
			.http = { .trust = p->trust,
				  .user_agent =
					  PACKAGE_NAME "/" PACKAGE_VERSION,
				  .connect_timeout_ms = c->connect_timeout_ms,
				  .idle_timeout_ms = c->request_timeout_ms,
				  .max_idle = p->connections,
				  /* where many hang; see find_connections() */
				  .max_connections =
					  DESCRIPTORS_EACH * p->connections },
			.endpoint = p->endpoint,
			.creds = p->creds,
			.buckets = p->buckets,
			.retries = (int)c->retries,
			.connections = p->connections,
			.cache = policies[c->cache],
			.sse = c->sse,
			.sse_kms_key_id = c->sse_kms_key_id,
			.timeout_ms = c->timeout_ms,
			.deadline_ms = c->deadline_ms,
			.lookup_ms = c->connect_timeout_ms,
			.linger_ms = c->linger_ms,
			.max_wait_ms = c->max_wait_ms,
			.max_age_ms = c->max_age_ms,
		},
		err);
}

/*
 * On a thread of its own: it may block, and the log does not wait for that.  NULL:
 * what was trusted before stays.
 */
static void *
on_hangup_load(void *ca_bundle)
{
	/* it may be reading yet when what is configured is gone */
	CLEANUP_FREE char *path = ca_bundle ? xstrdup(ca_bundle) : NULL;
	struct trust *trust = NULL;
	struct err err = ERR_INIT;

	log_reopen();
	if (http_load_trust(&trust, path, &err) == 0 && trust_is_empty(trust)) {
		err_set(&err, ENOENT,
			"no certificates of the system are found");
		trust_unref(steal(&trust));
	}
	if (err.code)
		log_warn("SIGHUP: %s; those read before stay trusted", err.msg);
	return trust;
}

/* Without TLS. */
static void *
on_hangup_load_nothing(void *files)
{
	(void)files;
	log_reopen();
	return NULL;
}

static void
drop_trust(void *trust)
{
	trust_unref(trust);
}

static void
on_hangup(void *arg, void *trust)
{
	engine_reload_keys(arg);
	if (trust)
		engine_set_trust(arg, trust);
	log_info("SIGHUP: the log is opened, keys and certificates are read "
		 "again");
}

/* The log, the engine; then whoever started us may go on. */
static int
start(const struct conf *c, struct parts *p, struct err *err)
{
	int fd = -1, rc = 0;

	if (!c->foreground)
		rc = background_start(&fd, err);
	if (rc == 0)
		rc = log_start(err);
	if (rc == 0)
		rc = start_engine(c, p, &p->engine, err);
	if (rc == 0)
		rc = hangup_start(
			&p->hangup,
			&(struct hangup_calls){
				.load = needs_trust(c, p)
						? on_hangup_load
						: on_hangup_load_nothing,
				.apply = on_hangup,
				.drop = drop_trust,
				.files = c->ca_bundle,
				.arg = p->engine },
			err);
	if (rc == 0 && !c->foreground)
		background_ready(fd);
	return rc;
}

/* From the fork to the end of the mount: an exit status. */
static int
serve(const struct conf *c, struct parts *p)
{
	struct err err = ERR_INIT;
	int rc;

	if (start(c, p, &err) != 0) {
		log_err("%s", err.msg);
		if (!c->foreground || c->log_file)
			fprintf(stderr, "dgstatfs: %s\n", err.msg);
		engine_stop(p->engine);
		return 1;
	}
	rc = fs_run(p->fs, p->engine);
	if (rc == 0)
		log_info("%s: unmounted", c->mountpoint);
	else /* nobody should have to wonder why a mount has gone */
		log_warn("%s: ends: %s", c->mountpoint,
			 rc > 0 ? strsignal(rc) : strerror(-rc));
	hangup_stop(p->hangup);
	engine_stop(p->engine);
	return rc < 0 ? 1 : 0;
}

static int
run(const struct conf *c)
{
	struct parts parts CLEANUP(parts_clear) = { .fs = NULL };
	struct err err = ERR_INIT;

	if (prepare(c, &parts, &err) != 0) {
		fprintf(stderr, "dgstatfs: %s\n", err.msg);
		return 1;
	}
	return serve(c, &parts);
}

int
main(int argc, char *argv[])
{
	struct conf c CLEANUP(conf_clear) = { .source = NULL };
	struct err err = ERR_INIT;
	int status;

	protect_memory(); /* at once: the environment may hold keys */
	/* no setlocale(): numbers and messages are the same everywhere */
	if (conf_load(&c, argc, argv, environ, &err) != 0) {
		fprintf(stderr, "dgstatfs: %s\n", err.msg);
		return 1;
	}
	if (c.show_help) {
		conf_print_help(stdout);
		return 0;
	}
	if (c.show_version) {
		printf("%s %s\n", PACKAGE_NAME, PACKAGE_VERSION);
		return 0;
	}
	if (getpid() == 1) /* a container ends with its first process */
		c.foreground = true;
	status = run(&c);
	log_stop();
	return status;
}
