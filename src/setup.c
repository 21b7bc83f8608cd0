/* SPDX-License-Identifier: MIT */
/*
 * From the configuration to an engine: see setup.h.  Main thread.
 */
#include "config.h"

#include "setup.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "cli/web.h"
#include "auth/imds.h"
#include "engine/shelf.h"
#include "conf/options.h"
#include "report/state-log.h"
#include "explain/explain.h"
#include "util/heap.h"
#include "util/log.h"

/*
 * A connection that is being made may have two descriptors, one for each kind of
 * address.  Besides: FUSE, log, resolver, files.
 */
#define DESCRIPTORS_EACH 2
#define SPARE_DESCRIPTORS (64 + DESCRIPTORS_EACH * HTTP_URGENT_MAX)

/* --- before there are threads --- */

/* It goes on until it is told to end; then SIGHUP and SIGUSR1 are no end, either. */
static bool
is_service(const struct conf *c)
{
	return c->program == CONF_DGSTATFS || c->cli.listen.host;
}

/* The lowest descriptor that is free is the one that open(2) gives. */
static void
open_standard_streams(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) < 0)
			return;
}

void
setup_process(void)
{
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0);
	heap_setup();
	open_standard_streams();
}

int
setup_end_output(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	log_to_terminal("standard output: %s", strerror(errno));
	return 1;
}

/*
 * As many connections as there may be descriptors for.  A process that runs out
 * of them fails in odd places, so it is looked at before.
 */
static int
limit_connections(int64_t *connections, rlim_t spare, struct err *err)
{
	int64_t wanted = *connections;
	rlim_t need = (rlim_t)wanted * DESCRIPTORS_EACH + spare;
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
	if (limit.rlim_cur >= need)
		return 0;
	if (limit.rlim_cur < spare + DESCRIPTORS_EACH)
		return err_set(err, EMFILE,
			       "%llu descriptors are needed at least, and the "
			       "limit (ulimit -n) is %llu",
			       (unsigned long long)spare + DESCRIPTORS_EACH,
			       (unsigned long long)limit.rlim_cur);
	*connections = (int64_t)(limit.rlim_cur - spare) / DESCRIPTORS_EACH;
	log_to_terminal(
		"warning: connections=%lld needs %llu descriptors, "
		"and the limit (ulimit -n) is %llu: only %lld connections",
		(long long)wanted, (unsigned long long)need,
		(unsigned long long)limit.rlim_cur, (long long)*connections);
	return 0;
}

/* Certificates are many to read, and a connection without TLS wants none. */
static bool
needs_trust(const struct setup *s)
{
	return s->conf->store.ca_bundle || s->conf->store.client_cert ||
	       strcmp(endpoint_scheme(s->endpoint), "https") == 0;
}

static int
identify(struct trust *t, const char *certificate, const char *key,
	 struct err *err)
{
	return certificate ? trust_identify(t, certificate, key, err) : 0;
}

/* It serves nobody who would wait for a file that hangs. */
static bool
is_short(const struct conf *c)
{
	return !is_service(c) && !c->show_explanation;
}

/*
 * The mount may lie over /etc, and who reads a file there would wait for us: what
 * libraries read when they are used first, they read now.
 */
static int
read_files(struct setup *s, struct err *err)
{
	const struct conf_store *store = &s->conf->store;
	int rc;

	tzset(); /* syslog(3) asks for the zone */
	if (is_short(s->conf))
		rc = http_load_trust_later(&s->trust, store->ca_bundle, err);
	else if (!needs_trust(s))
		return trust_load(&s->trust, NULL, NULL, NULL, err);
	else
		rc = http_load_trust(&s->trust, store->ca_bundle, err);
	if (rc)
		return conf_add_origin(s->conf, "ca_bundle", err);
	return identify(s->trust, store->client_cert, store->client_key, err);
}

/* Whether a source is configured that is asked later: then there may be keys. */
static bool
has_unasked(struct creds_chain *c)
{
	struct creds_said said[CREDS_SOURCES_MAX];
	size_t n = creds_said(c, said);

	return n && said[n - 1].err.code == EINPROGRESS;
}

/* What would be wrong later, and nobody would know why. */
static void
warn(const struct setup *s)
{
	const char *bucket = endpoint_bucket_in_path(s->endpoint);
	struct err err = ERR_INIT;
	struct creds_wait wait = { .is_begun = false };
	struct keys *keys = NULL;

	if (bucket)
		log_to_terminal(
			"warning: the endpoint is %s, with its path; "
			"if %s is a bucket, say bucket=%s and leave it out "
			"there",
			s->conf->store.endpoint_url, bucket, bucket);
	if (s->conf->store.wants_acceleration)
		log_to_terminal("warning: profile %s: use_accelerate_endpoint "
				"is not built: the plain host is used",
				s->conf->store.profile);
	if (creds_get(s->creds, &wait, NULL, &keys, &err) != 0 &&
	    !has_unasked(s->creds))
		log_to_terminal("warning: %s; until there are some, "
				"everything is \"Permission denied\"",
				err.msg);
	keys_unref(keys);
}

/*
 * Who asks a mount for a name is to be told of it before he gives up; who has started a
 * program waits for it as long as a source may take.
 */
static int64_t
keys_wait_ms(const struct setup *s)
{
	const struct conf *c = s->conf;
	int64_t of_mount = s->limits.connect_timeout_ms * 4 / 5;
	int64_t of_source = s->limits.request_timeout_ms + 1000;

	if (c->program == CONF_DGSTATFS && !c->show_explanation)
		return of_mount;
	return of_mount > of_source ? of_mount : of_source;
}

/*
 * Where nothing else says which region of AWS it is, that of the instance is meant, if
 * this is one; the store is not asked.
 */
static int
find_endpoint(struct setup *s, struct err *err)
{
	struct endpoint_options o = { CONF_ENDPOINT(&s->conf->store) };
	struct err unknown = ERR_INIT;

	if (!o.url && !o.region && imds_region(&s->region, &unknown) == 0)
		o.region = s->region;
	if (unknown.code && unknown.code != ENOENT)
		log_warn("region: %s", unknown.msg);
	return endpoint_new(&s->endpoint, &o, err);
}

/* Of the hosts of other services than S3. */
static struct aws_variant
variant_of_others(const struct conf_store *s)
{
	struct aws_variant v = s->variant;

	if (s->is_dualstack_alone)
		v.is_dualstack = false;
	return v;
}

int
setup_prepare(struct setup *s, const struct conf *c, struct err *err)
{
	int rc;

	s->conf = c;
	s->limits = c->limits;
	rc = limit_connections(
		&s->limits.connections,
		SPARE_DESCRIPTORS + (c->cli.listen.host ? WEB_CLIENTS_MAX : 0),
		err);
	if (rc == 0)
		rc = http_prepare(err);
	if (rc == 0)
		rc = find_endpoint(s, err);
	if (rc)
		return rc;
	s->creds = creds_new(&(struct creds_options){
		.is_anonymous = c->store.no_sign_request,
		.skip_environment = c->store.is_profile_explicit,
		.profile = c->store.profile,
		.config_path = c->store.config_path,
		.credentials_path = c->store.credentials_path,
		.sso_cache_path = c->store.sso_cache_path,
		.wait_ms = keys_wait_ms(s),
		.fetch_ms = s->limits.request_timeout_ms,
		.ca_bundle = c->store.ca_bundle,
		.client_cert = c->store.client_cert,
		.client_key = c->store.client_key,
		.home = c->store.home,
		.region = s->region ? s->region : c->store.region,
		.variant = variant_of_others(&c->store),
		.ignores_endpoints = c->store.ignores_endpoints,
	});
	s->meter = meter_new();
	meter_set_prices(s->meter, &c->store.prices);
	s->buckets = buckets_new(s->limits.bucket_ttl_ms, c->store.buckets,
				 c->store.n_buckets);
	if (!c->show_explanation) /* which says all that, and more */
		warn(s);
	if (is_service(c)) { /* of others they are the end */
		hangup_block(SIGHUP);
		hangup_block(SIGUSR1);
	}
	rc = read_files(s, err);
	if (rc == 0 && !is_short(c) && needs_trust(s) &&
	    trust_is_empty(s->trust))
		log_to_terminal("warning: " TRUST_NOTHING);
	return rc;
}

/* --- SIGHUP --- */

/*
 * On a thread of its own: it may block, and the log does not wait for that.  NULL:
 * what was trusted before stays.
 */
static void *
on_hangup_load(void *files)
{
	const struct conf_store *store = files;
	/* it may be reading yet when what is configured is gone */
	CLEANUP_FREE char *path = xstrdup_or_null(store->ca_bundle);
	CLEANUP_FREE char *certificate = xstrdup_or_null(store->client_cert);
	CLEANUP_FREE char *key = xstrdup_or_null(store->client_key);
	struct trust *trust = NULL;
	struct err err = ERR_INIT;

	log_reopen();
	if (http_load_trust(&trust, path, &err) == 0 && trust_is_empty(trust)) {
		err_set(&err, ENOENT,
			"no certificates of the system are found");
	}
	if (!err.code)
		identify(trust, certificate, key, &err);
	if (err.code)
		trust_unref(steal(&trust));
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

/* --- SIGUSR1 --- */

static void *
on_tell(void *files)
{
	(void)files;
	return NULL;
}

static void
drop_nothing(void *loaded)
{
	(void)loaded;
}

static void
on_tell_state(void *buckets, void *loaded)
{
	(void)loaded;
	state_log(buckets);
}

/* --- the threads --- */

static char *
dup_user_agent(void)
{
	return xasprintf("%s/%s", program_invocation_short_name,
			 PACKAGE_VERSION);
}

unsigned
setup_modes(unsigned conf_modes)
{
	return (conf_modes & CONF_QUICK ? 1u << MODE_QUICK : 0) |
	       (conf_modes & CONF_SAMPLED ? 1u << MODE_SAMPLED : 0) |
	       (conf_modes & CONF_DETAILED ? 1u << MODE_DETAILED : 0);
}

static struct s3_terms
terms_of(const struct conf_store *s)
{
	return (struct s3_terms){
		.is_requester_paying = s->is_requester_paying,
		.bucket_owner = s->expected_bucket_owner,
	};
}

static int
start_engine(struct setup *s, struct err *err)
{
	const struct conf *c = s->conf;
	static const enum cache_policy policies[] = {
		[CACHE_RW] = CACHE_POLICY_RW,
		[CACHE_RO] = CACHE_POLICY_RO,
		[CACHE_OFF] = CACHE_POLICY_OFF,
	};
	static const enum memo_place places[] = {
		[CONF_MEMO_AUTO] = MEMO_WHERE_IT_PAYS,
		[CONF_MEMO_BUCKET] = MEMO_IN_BUCKET,
		[CONF_MEMO_MEMORY] = MEMO_IN_MEMORY,
		[CONF_MEMO_OFF] = MEMO_NOWHERE,
	};
	CLEANUP_FREE char *user_agent = dup_user_agent();

	return engine_start(
		&s->engine,
		&(struct engine_options){
			.http = { .trust = s->trust,
				  .user_agent = user_agent,
				  .limits = &s->limits,
				  /* where many hang; see limit_connections() */
				  .max_connections =
					  DESCRIPTORS_EACH *
					  (int)s->limits.connections },
			.endpoint = s->endpoint,
			.terms = terms_of(&c->store),
			.creds = s->creds,
			.buckets = s->buckets,
			.meter = s->meter,
			.limits = &s->limits,
			.cache = policies[c->store.cache],
			.memo = places[c->store.memo],
			.is_detailed_on_refresh =
				c->mount.is_detailed_on_refresh,
			.spaces_max =
				c->cli.integrity ? INTEGRITY_SPACES_LISTED : 0,
			/* of a mount nobody may ask for a while */
			.is_first_round_prompt = c->program != CONF_DGSTATFS,
			/* one mode alone: nobody joins whom a LIST waits for */
			.gather_ms = is_short(c) ? 0 : SCAN_GATHER_MS,
			.interval_modes = setup_modes(c->interval_modes),
			.sse = c->store.sse,
			.sse_kms_key_id = c->store.sse_kms_key_id,
		},
		err);
}

/* Of the first one that there may be; NULL: none is written. */
static const char *
document_key(const struct conf *c)
{
	size_t i = 0;

	while (!shelf_rows[i].is_document || shelf_rows[i].mode != MODE_QUICK)
		i++;
	return c->store.cache == CACHE_RW && !c->cli.no_cache
		       ? shelf_rows[i].key
		       : NULL;
}

int
setup_explain(struct setup *s, FILE *f)
{
	CLEANUP_FREE char *user_agent = dup_user_agent();
	struct err err = ERR_INIT;
	sigset_t ends;

	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &ends, NULL);
	if (creds_start(s->creds, &err) != 0) {
		log_to_terminal("%s", err.msg);
		return 1;
	}
	return explain(
		&(struct explain_options){
			.conf = s->conf,
			.has_region_of_instance = s->region,
			.document = document_key(s->conf),
			.probe = { .user_agent = user_agent,
				   .endpoint = s->endpoint,
				   .terms = terms_of(&s->conf->store),
				   .creds = s->creds,
				   .trust = s->trust,
				   .limits = &s->limits } },
		f);
}

static int
serve_signals(struct setup *s, struct err *err)
{
	int rc = hangup_start(&s->hangup,
			      &(struct hangup_calls){
				      .signal = SIGHUP,
				      .load = needs_trust(s)
						      ? on_hangup_load
						      : on_hangup_load_nothing,
				      .apply = on_hangup,
				      .drop = drop_trust,
				      .files = (void *)&s->conf->store,
				      .arg = s->engine },
			      err);

	if (rc)
		return rc;
	return hangup_start(&s->telling,
			    &(struct hangup_calls){ .signal = SIGUSR1,
						    .load = on_tell,
						    .apply = on_tell_state,
						    .drop = drop_nothing,
						    .arg = s->buckets },
			    err);
}

int
setup_start(struct setup *s, struct err *err)
{
	int rc = creds_start(s->creds, err);

	if (rc == 0)
		rc = start_engine(s, err);
	if (rc == 0 && is_service(s->conf))
		rc = serve_signals(s, err);
	return rc;
}

void
setup_stop(struct setup *s)
{
	hangup_stop(steal(&s->hangup));
	hangup_stop(steal(&s->telling));
	engine_stop(steal(&s->engine));
}

void
setup_clear(struct setup *s)
{
	buckets_free(s->buckets);
	meter_free(s->meter);
	trust_unref(s->trust);
	creds_free(s->creds);
	endpoint_free(s->endpoint);
	free(s->region);
	*s = (struct setup){ .conf = NULL };
}
