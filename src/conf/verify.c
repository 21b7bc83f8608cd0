/* SPDX-License-Identifier: MIT */
/*
 * What can't be meant, or can't be: see verify.h.  Main thread, before the fork.
 */
#include "config.h"

#include "conf/verify.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/options.h"

/* 0 or a positive errno. */
static int
check_file(const char *path)
{
	struct stat st;

	if (access(path, R_OK) != 0 || stat(path, &st) != 0)
		return errno;
	return S_ISDIR(st.st_mode) ? EISDIR : 0;
}

/* S3 Express has hosts, sessions and signatures of its own. */
static int
check_buckets(const struct conf_store *s, struct err *err)
{
	static const char *const endings[] = { "--x-s3", "--xa-s3" };

	for (size_t i = 0; i < s->n_buckets && !s->endpoint_url; i++) {
		const char *name = s->buckets[i];

		for (size_t k = 0; k < ARRAY_SIZE(endings); k++) {
			const char *end = strstr(name, endings[k]);

			if (end && strcmp(end, endings[k]) == 0)
				return err_set(
					err, EINVAL,
					"bucket %s: S3 Express directory "
					"buckets are not supported",
					name);
		}
	}
	return 0;
}

/* What is wrong now would be wrong at every open. */
static int
check_store(const struct conf *c, struct err *err)
{
	const struct conf_store *s = &c->store;
	struct endpoint *e = NULL;
	int rc = s->ca_bundle ? check_file(s->ca_bundle) : 0;

	if (rc) {
		err_set(err, rc, "ca_bundle %s: %s", s->ca_bundle,
			strerror(rc));
		return conf_add_origin(c, "ca_bundle", err);
	}
	if (s->client_key && !s->client_cert)
		return err_set(err, EINVAL,
			       "option client_key is for client_cert");
	if (s->sse_kms_key_id && (!s->sse || strcmp(s->sse, "AES256") == 0))
		return err_set(err, EINVAL,
			       "option sse_kms_key_id is for sse=aws:kms and "
			       "sse=aws:kms:dsse");
	if (check_buckets(s, err) != 0)
		return -err->code;
	/* the URL was looked at when it was set */
	rc = endpoint_new(&e, &(struct endpoint_options){ CONF_ENDPOINT(s) },
			  err);
	endpoint_free(e);
	return rc ? conf_add_origin(c, "region", err) : 0;
}

/* How figures are printed is said. */
static bool
has_form(const struct conf *c)
{
	const struct conf_cli *cli = &c->cli;

	return c->wants_json || cli->json_lines || cli->document ||
	       cli->integrity || cli->bytes || cli->sort != SORT_AS_GIVEN;
}

/* Of --cache and --cache-clear: who wanted less must not lose all. */
static int
check_by_hand(const struct conf *c, struct err *err)
{
	const struct conf_cli *cli = &c->cli;

	if (!cli->shows_cache && !cli->clears_cache)
		return 0;
	if (cli->shows_cache && cli->clears_cache)
		return err_set(err, EINVAL, "both --cache and --cache-clear");
	if (cli->clears_cache && c->store.n_buckets == 0)
		return err_set(err, EINVAL, "--cache-clear of no bucket");
	if (cli->clears_cache && c->store.cache != CACHE_RW)
		return err_set(err, EINVAL,
			       "--cache-clear, but cache is not rw");
	if (cli->quick || cli->sampled || cli->detailed || cli->prefixes ||
	    cli->ncdu)
		return err_set(err, EINVAL,
			       "--cache and --cache-clear take no switch of a "
			       "mode; --cache-clear=MODE is of one");
	if (cli->refresh || cli->no_cache || cli->json_lines || cli->document ||
	    cli->integrity || cli->sort != SORT_AS_GIVEN ||
	    (cli->clears_cache && cli->bytes))
		return err_set(err, EINVAL,
			       "--cache and --cache-clear print no "
			       "statistics: there are --json and, of --cache, "
			       "--bytes");
	return 0;
}

/* Which of several is wanted, nobody can know. */
static int
check_cli(const struct conf *c, struct err *err)
{
	const struct conf_cli *cli = &c->cli;

	if (cli->quick + cli->sampled + cli->detailed + cli->prefixes +
		    cli->ncdu >
	    1)
		return err_set(err, EINVAL,
			       "more than one of --quick, --sampled, "
			       "--detailed, --prefixes and --ncdu");
	if ((cli->prefixes || cli->ncdu) && has_form(c))
		return err_set(err, EINVAL,
			       "--prefixes and --ncdu print a document, in no "
			       "other form");
	if (c->program == CONF_CHECK && c->store.n_buckets != 1)
		return err_set(err, EINVAL,
			       "not one bucket: -B BUCKET is needed");
	if (cli->refresh && cli->no_cache)
		return err_set(err, EINVAL, "both --refresh and --no-cache");
	if (c->wants_json + cli->json_lines + cli->document > 1)
		return err_set(err, EINVAL,
			       "more than one of --json, --json-lines and "
			       "--document");
	if (cli->integrity && (cli->json_lines || cli->document))
		return err_set(err, EINVAL,
			       "--integrity has no --json-lines and no "
			       "--document");
	if ((cli->document || cli->integrity) &&
	    (cli->bytes || cli->sort != SORT_AS_GIVEN))
		return err_set(err, EINVAL,
			       "--document and --integrity have no --bytes and "
			       "no --sort");
	return 0;
}

/* What is printed for people, or once. */
static bool
is_for_printing(const struct conf *c)
{
	const struct conf_cli *cli = &c->cli;

	return cli->shows_cache || cli->clears_cache || cli->refresh ||
	       cli->no_cache || cli->json_lines || cli->document ||
	       cli->prefixes || cli->ncdu || cli->bytes || cli->integrity ||
	       cli->sort != SORT_AS_GIVEN ||
	       (c->wants_json && !c->show_explanation);
}

static int
check_listen(const struct conf *c, struct err *err)
{
	const struct conf_cli *cli = &c->cli;

	if (!cli->listen.host)
		return conf_option_is_given(c, "interval") ||
				       conf_option_is_given(c, "interval_modes")
			       ? err_set(err, EINVAL,
					 "--interval and --interval-modes are "
					 "for --listen")
			       : 0;
	if (is_for_printing(c))
		return err_set(err, EINVAL,
			       "--listen takes no option for what is printed "
			       "or done once");
	if (c->limits.interval_ms == 0)
		return err_set(err, EINVAL,
			       "--listen with --interval=0 would never have "
			       "anything to tell");
	if ((cli->quick || cli->sampled || cli->detailed) &&
	    conf_option_is_given(c, "interval_modes"))
		return err_set(
			err, EINVAL,
			"both --interval-modes and the switch of a mode");
	return 0;
}

int
conf_verify(const struct conf *c, struct err *err)
{
	int rc = check_store(c, err);

	if (rc == 0)
		rc = check_cli(c, err);
	if (rc == 0)
		rc = check_by_hand(c, err);
	if (rc == 0 && c->program == CONF_DGSTAT)
		rc = check_listen(c, err);
	return rc;
}
