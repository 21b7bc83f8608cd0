/* SPDX-License-Identifier: MIT */
/*
 * From the configuration to a report: see explain.h.  Main thread.
 */
#include "config.h"

#include "explain/explain.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>

#include "conf/options.h"
#include "explain/advice.h"
#include "explain/report.h"
#include "net/proxy.h"
#include "util/date.h"

#define KEY_ID_SHOWN 4 /* characters at its end */

enum { EXIT_SIGNAL = 128 };

struct explainer {
	const struct explain_options *o;
	const struct conf_store *store;
	struct report report;
	struct probe *probe;
	struct keys *keys; /* NULL: there are none */
	bool has_server, has_clock, has_metadata; /* told already */
};

static void
add(struct explainer *x, const char *section, const char *name,
    const char *value, const char *label, const char *detail)
{
	report_add(&x->report, &(struct report_row){ .section = section,
						     .name = name,
						     .value = value,
						     .label = label,
						     .detail = detail,
						     .ms = -1 });
}

/* --- what is configured --- */

static void
on_option(void *arg, const char *name, const char *value, const char *origin)
{
	/* what is refused of a URL is not in the configuration; be sure */
	CLEANUP_FREE char *shown = value ? endpoint_dup_shown(value) : NULL;

	add(arg, "settings", name, shown, "origin", origin);
}

/* The URL of a bucket, NULL: of the service. */
static char *
dup_url(const struct endpoint *e, const char *bucket)
{
	struct buf host CLEANUP_BUF = BUF_INIT(4096);
	struct buf path CLEANUP_BUF = BUF_INIT(4096);

	endpoint_address(e, bucket, NULL, 0, &host, &path);
	return xasprintf("%s://%s%s", endpoint_scheme(e), buf_str(&host),
			 buf_str(&path));
}

static const char *
first_bucket(const struct explainer *x)
{
	return x->store->n_buckets ? x->store->buckets[0] : "bucket";
}

static void
add_endpoint(struct explainer *x)
{
	const struct endpoint *e = x->o->probe.endpoint;
	CLEANUP_FREE char *service = dup_url(e, NULL);
	CLEANUP_FREE char *bucket = dup_url(e, first_bucket(x));
	bool is_path = strncmp(bucket, service, strlen(service)) == 0;

	add(x, "endpoint", "service", service, NULL, NULL);
	add(x, "endpoint", "bucket", bucket, "style",
	    is_path ? "path style" : "virtual-host style");
	if (x->store->wants_acceleration)
		add(x, "endpoint", "acceleration", "none", "said",
		    "use_accelerate_endpoint is not built");
	add(x, "endpoint", "region", endpoint_region(e), "origin",
	    x->o->has_region_of_instance
		    ? "EC2 metadata service"
		    : conf_origin_text(x->o->conf, "region"));
}

/* The proxy on the way to a bucket, NULL: to the service. */
static struct proxy_variable
proxy_to(const struct explainer *x, const char *bucket)
{
	const struct endpoint *e = x->o->probe.endpoint;
	CLEANUP_FREE char *url = dup_url(e, bucket);

	if (proxy_is_exempt(url))
		return (struct proxy_variable){ .value = NULL };
	return proxy_for(endpoint_scheme(e));
}

static void
add_proxy(struct explainer *x)
{
	const char *scheme = endpoint_scheme(x->o->probe.endpoint);
	struct proxy_variable used = proxy_to(x, NULL);
	struct proxy_variable named = proxy_for(scheme);
	struct proxy_variable not_for = proxy_exceptions();
	CLEANUP_FREE char *shown =
		used.value ? endpoint_dup_shown(used.value) : NULL;

	add(x, "network", "proxy", shown ? shown : "none", "origin",
	    used.value || !named.value ? used.name : not_for.name);
	if (named.value && not_for.value)
		add(x, "network", "no_proxy", not_for.value, "origin",
		    not_for.name);
}

static void
add_tls(struct explainer *x)
{
	const char *ca = x->store->ca_bundle;
	bool is_empty = trust_is_empty(x->o->probe.trust);

	if (strcmp(endpoint_scheme(x->o->probe.endpoint), "https") != 0)
		add(x, "network", "TLS", "none", NULL, NULL);
	else if (ca)
		add(x, "network", "certificates", ca, "origin",
		    conf_origin_text(x->o->conf, "ca_bundle"));
	else
		add(x, "network", "certificates",
		    is_empty ? "none" : "the system's", NULL, NULL);
}

static void
add_network(struct explainer *x)
{
	const struct conf_store *s = x->store;

	add_proxy(x);
	add_tls(x);
	if (s->client_cert)
		add(x, "network", "client_certificate", s->client_cert, "key",
		    s->client_key ? s->client_key : "in the same file");
}

/* --- keys --- */

static const char *
word_of(const struct err *said)
{
	switch (said->code) {
	case 0:
		return "has the keys";
	case ENOENT:
		return "none";
	case EINPROGRESS:
		return "hangs";
	default:
		return "fails";
	}
}

static void
add_source(struct explainer *x, const struct creds_said *said)
{
	report_add(&x->report,
		   &(struct report_row){
			   .section = "sources",
			   .name = said->source,
			   .value = word_of(&said->err),
			   .at = said->host[0] ? said->host : NULL,
			   .label = "said",
			   .detail = said->err.msg[0] ? said->err.msg : NULL,
			   .ms = -1 });
}

/* What the last one has said. */
static struct creds_said
add_sources(struct explainer *x)
{
	struct creds_said said[CREDS_SOURCES_MAX];
	size_t n = creds_said(x->o->probe.creds, said);

	for (size_t i = 0; i < n; i++)
		add_source(x, &said[i]);
	return n ? said[n - 1] : (struct creds_said){ .err = ERR_INIT };
}

/* So much of it that one tells two apart, and no more. */
static char *
dup_key_id(const char *access_key)
{
	size_t len = strlen(access_key);

	return xasprintf("...%s", len > KEY_ID_SHOWN
					  ? access_key + len - KEY_ID_SHOWN
					  : "");
}

static void
add_expiry(struct explainer *x)
{
	int64_t left_s = x->keys->expires_at - date_now();
	CLEANUP_FREE char *left = NULL;
	char date[DATE_ISO_LEN];

	if (!x->keys->expires_at)
		return;
	date_print_iso(x->keys->expires_at, date);
	left = left_s > 0 ? xasprintf("in %lld s", (long long)left_s)
			  : xstrdup("they have expired");
	add(x, "keys", "expire", date, "in", left);
}

static void
add_keys(struct explainer *x)
{
	CLEANUP_FREE char *id = NULL;

	if (!x->keys->access_key) {
		add(x, "keys", "source", "none: requests are not signed", NULL,
		    NULL);
		return;
	}
	id = dup_key_id(x->keys->access_key);
	add(x, "keys", "source", x->keys->source, NULL, NULL);
	add(x, "keys", "key_id", id, "token",
	    x->keys->session_token ? "temporary, with a session token" : NULL);
	add_expiry(x);
}

static void
fail(struct explainer *x, const struct advice_case *c)
{
	const char *advice = advice_for(c);

	x->report.has_failed = true;
	if (advice)
		report_advise(&x->report, advice);
}

static void
get_keys(struct explainer *x)
{
	struct err err = ERR_INIT;
	int rc = probe_keys(x->probe, &x->keys, &err);
	struct creds_said last = add_sources(x);

	if (rc == 0) {
		add_keys(x);
		return;
	}
	add(x, "keys", "source", NULL, "said", err.msg);
	x->report.has_failed = true;
	report_advise(&x->report, advice_for_keys(&last));
}

/* --- the store --- */

/* Its answer has whole seconds, and took some time. */
#define CLOCK_NOISE_S 5

static void
add_clock(struct explainer *x, int64_t ahead_s)
{
	CLEANUP_FREE char *value = xasprintf(
		"%lld s %s", (long long)llabs(ahead_s),
		ahead_s < 0 ? "behind the one here" : "ahead of the one here");
	bool is_off = llabs(ahead_s) > ADVICE_SKEW_S;

	add(x, "store", "clock",
	    llabs(ahead_s) <= CLOCK_NOISE_S ? "that of this machine" : value,
	    NULL, NULL);
	if (is_off)
		report_advise(&x->report,
			      "set the clock of this machine (timedatectl, "
			      "chrony, ntpd): requests are signed with the "
			      "store's time meanwhile");
}

/* What any answer tells, once. */
static void
add_store(struct explainer *x, const struct probe_answer *a)
{
	if (a->server[0] && !x->has_server)
		add(x, "store", "server", a->server, NULL, NULL);
	if (a->metadata && !x->has_metadata) {
		add(x, "store", "metadata_in_listings", a->metadata, NULL,
		    NULL);
	}
	if (a->has_clock && !x->has_clock)
		add_clock(x, a->clock_s);
	x->has_metadata |= a->metadata != NULL;
	x->has_server |= a->server[0] != '\0';
	x->has_clock |= a->has_clock;
}

static void
add_check(struct explainer *x, const char *name, const struct probe_answer *a)
{
	report_add(&x->report,
		   &(struct report_row){
			   .section = "checks",
			   .name = name,
			   .value = a->err.code ? "fails" : "works",
			   .label = "said",
			   .detail = a->err.code ? a->err.msg : a->found,
			   .ms = a->ms });
}

static struct advice_case
case_of(const struct explainer *x, const struct probe_answer *a,
	const char *bucket)
{
	return (struct advice_case){
		.err = &a->err,
		.has_proxy = proxy_to(x, bucket).value,
		.is_paying = x->store->is_requester_paying,
		.is_signed = x->keys->access_key,
		.has_owner = x->store->expected_bucket_owner,
	};
}

/* Who has named his buckets needs no list of them. */
static void
try_list_buckets(struct explainer *x, struct probe_answer *a)
{
	struct advice_case c;

	probe_list_buckets(x->probe, a);
	add_check(x, "ListBuckets", a);
	c = case_of(x, a, NULL);
	c.is_of_all_buckets = true;
	if (a->err.code && x->store->n_buckets == 0)
		fail(x, &c);
}

static void
add_region(struct explainer *x, const char *bucket)
{
	const char *region = probe_region(x->probe, bucket);
	CLEANUP_FREE char *advice = NULL;

	if (strcmp(region, endpoint_region(x->o->probe.endpoint)) == 0)
		return;
	advice = xasprintf("%s is in region %s: region=%s saves a request",
			   bucket, region, region);
	report_advise(&x->report, advice);
}

static void
try_list(struct explainer *x, const char *bucket, struct probe_answer *a)
{
	CLEANUP_FREE char *name = xasprintf("LIST %s", bucket);
	struct advice_case c;

	probe_list(x->probe, bucket, a);
	add_check(x, name, a);
	c = case_of(x, a, bucket);
	if (a->err.code)
		fail(x, &c);
	else
		add_region(x, bucket);
}

/* What a mount would do, and only where one has written before. */
static void
try_condition(struct explainer *x, const char *bucket)
{
	const struct probe_document d = { .bucket = bucket,
					  .key = x->o->document,
					  .sse = x->store->sse,
					  .sse_kms_key_id =
						  x->store->sse_kms_key_id };
	struct probe_answer a = { .err = ERR_INIT };

	if (!d.key) {
		add(x, "store", "conditional_put", "not tried", "said",
		    "cache is not rw: nothing is written");
		return;
	}
	probe_condition(x->probe, &d, &a);
	if (a.err.status == 404)
		add(x, "store", "conditional_put", "not tried", "said",
		    "no document of ours is in the bucket, which could be "
		    "written again");
	else
		add(x, "store", "conditional_put",
		    a.err.code ? "not known" : a.found, "said",
		    a.err.code ? a.err.msg : NULL);
}

static void
try_store(struct explainer *x)
{
	const char *listed = NULL;
	size_t n = x->store->n_buckets;
	struct probe_answer *answers = xcalloc(n + 1, sizeof(answers[0]));

	try_list_buckets(x, &answers[0]);
	for (size_t i = 0; i < n; i++) {
		try_list(x, x->store->buckets[i], &answers[i + 1]);
		if (!listed && !answers[i + 1].err.code)
			listed = x->store->buckets[i];
	}
	if (n == 0)
		add(x, "checks", "LIST", "not tried", "said",
		    "no bucket is named: bucket=NAME");
	for (size_t i = 0; i <= n; i++)
		add_store(x, &answers[i]);
	if (listed)
		try_condition(x, listed);
	free(answers);
}

/* --- all of it --- */

/* Nobody else ends what is written to a pipe that is full. */
static void
let_signals_end_us(void)
{
	sigset_t ends;

	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	pthread_sigmask(SIG_UNBLOCK, &ends, NULL);
}

static void
print(const struct explainer *x, FILE *f)
{
	if (x->o->conf->wants_json)
		report_print_json(&x->report, f);
	else
		report_print(&x->report, f);
	fflush(f);
}

int
explain(const struct explain_options *o, FILE *f)
{
	struct explainer x = { .o = o, .store = &o->conf->store };
	struct err err = ERR_INIT;
	bool has_failed;
	int signal;

	add(&x, "program", program_invocation_short_name, PACKAGE_VERSION, NULL,
	    NULL);
	conf_for_each_option(o->conf, on_option, &x);
	add_endpoint(&x);
	add_network(&x);
	if (probe_new(&x.probe, &o->probe, &err) != 0) {
		add(&x, "checks", "start", "fails", "said", err.msg);
		x.report.has_failed = true;
	} else {
		get_keys(&x);
		if (x.keys)
			try_store(&x);
	}
	signal = x.probe ? probe_signal(x.probe) : 0;
	keys_unref(x.keys);
	probe_free(x.probe);
	let_signals_end_us();
	print(&x, f);
	has_failed = x.report.has_failed;
	report_clear(&x.report);
	return signal ? EXIT_SIGNAL + signal : has_failed;
}
