/* SPDX-License-Identifier: MIT */
/*
 * The role of a profile, assumed with the keys of another profile or of the machine: a
 * source as source.h has them.
 *
 * Source: AWS SDKs and Tools Reference Guide, "Assume role credential provider"; botocore
 * for what it leaves open: where a profile that is a source has both keys and a role,
 * the keys win, and a profile may be its own source if it has keys.
 */
#include "config.h"

#include <errno.h>

#include "auth/profiles.h"
#include "auth/renewal.h"
#include "auth/source.h"
#include "auth/sts-settings.h"
#include "auth/variables.h"
#include "util/number.h"

#define CHAIN_MAX 8 /* roles */

struct role {
	const struct profiles *profiles;
	void *container, *imds; /* sources of our own; NULL: not configured */
	struct keys *environment; /* NULL: none */
	struct sts_settings sts;
	unsigned version; /* of the files that had the role */
	struct renewal renewal;
};

/* Profiles whose keys are looked for, each for the one before. */
struct chain {
	const char *names[CHAIN_MAX];
	size_t n;
};

static const struct aws_profile *
found(const struct role *r)
{
	return profiles_found(r->profiles);
}

/* With the token of an identity provider it is another source's. */
static bool
has_role(const struct aws_profile *p)
{
	return p->role_arn && !p->web_identity_token_file;
}

/* --- what a source of keys is --- */

static int keys_of_profile(struct role *r, struct chain *c, const char *name,
			   struct keys **out, struct err *err);

static int
keys_of_machine(struct role *r, const char *name, struct keys **out,
		struct err *err)
{
	const struct {
		const char *name;
		const struct source *source;
		void *state;
	} sources[] = {
		{ "EcsContainer", &source_container, r->container },
		{ "Ec2InstanceMetadata", &source_imds, r->imds },
	};

	if (strcmp(name, "Environment") == 0 && r->environment) {
		*out = keys_ref(r->environment);
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
		if (strcmp(name, sources[i].name) == 0 && sources[i].state)
			return sources[i].source->ask(sources[i].state, true,
						      out, err);
	return err_set(err, EACCES, "credential_source %s has no keys", name);
}

static int
keys_for_role(struct role *r, struct chain *c, const struct aws_profile *p,
	      struct keys **out, struct err *err)
{
	if (!p->source_profile == !p->credential_source)
		return err_set(err, EACCES,
			       "role_arn needs source_profile or "
			       "credential_source, and not both");
	if (p->credential_source)
		return keys_of_machine(r, p->credential_source, out, err);
	return keys_of_profile(r, c, p->source_profile, out, err);
}

static int
keys_in(const struct aws_profile *p, struct keys **out, struct err *err)
{
	return keys_new(out,
			&(struct keys){ .access_key = p->access_key,
					.secret_key = p->secret_key,
					.session_token = p->session_token,
					.source = source_role.name },
			err);
}

/* --- the call --- */

static int64_t
duration_of(const struct aws_profile *p)
{
	int64_t s;

	return p->duration_seconds && number_parse(p->duration_seconds, &s) ? s
									    : 0;
}

static int
assume(struct role *r, struct chain *c, const struct aws_profile *p,
       struct keys **out, struct err *err)
{
	struct sts sts = sts_settings_get(&r->sts, p);
	struct keys *keys = NULL;
	int rc;

	if (p->mfa_serial)
		return err_set(err, EACCES,
			       "mfa_serial: nobody is here to be asked for a "
			       "code");
	rc = keys_for_role(r, c, p, &keys, err);
	if (rc == 0)
		rc = sts_assume(&sts,
				&(struct sts_role){
					.arn = p->role_arn,
					.session_name = p->role_session_name,
					.external_id = p->external_id,
					.duration_s = duration_of(p),
					.keys = keys },
				source_role.name, out, err);
	keys_unref(keys);
	return rc;
}

/* --- profiles that are sources --- */

/* -EACCES: a loop.  Its own source may only be who has keys, which are taken before. */
static int
enter(struct chain *c, const char *name, struct err *err)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->names[i], name) == 0)
			return err_set(err, EACCES,
				       "source_profile %s is a loop", name);
	if (c->n == CHAIN_MAX)
		return err_set(err, EACCES, "more than %d roles in a row",
			       CHAIN_MAX);
	c->names[c->n++] = name;
	return 0;
}

static int
keys_of_profile(struct role *r, struct chain *c, const char *name,
		struct keys **out, struct err *err)
{
	struct aws_profile p CLEANUP(aws_profile_clear);
	int rc = profiles_load(r->profiles, name, &p, err);

	if (rc)
		return rc;
	if (!p.is_present)
		return err_set(err, EACCES, "source_profile %s is not there",
			       name);
	if (p.access_key && p.secret_key)
		return keys_in(&p, out, err);
	rc = enter(c, name, err);
	if (rc)
		return rc;
	if (!has_role(&p))
		return err_set(err, EACCES,
			       "source_profile %s has neither keys nor a role",
			       name);
	return assume(r, c, &p, out, err);
}

static int
fetch(void *source, struct keys **out, struct err *err)
{
	struct role *r = source;
	struct chain c = { .names = { profiles_name(r->profiles) }, .n = 1 };

	if (assume(r, &c, found(r), out, err) == 0)
		return 0;
	err_wrap(err, "role of profile %s", profiles_name(r->profiles));
	err->code = EACCES;
	return -EACCES;
}

/* --- the source --- */

/* For credential_source, where they are not used by themselves. */
static struct keys *
dup_environment(const struct secret_variables *v)
{
	struct keys *k = NULL;

	if (v->access_key && v->secret_key)
		keys_new(&k,
			 &(struct keys){ .access_key = v->access_key,
					 .secret_key = v->secret_key,
					 .session_token = v->session_token,
					 .source = source_role.name },
			 NULL);
	return k;
}

static void *
prepare(const struct creds_options *o)
{
	struct role *r;

	if (!o->fetch_ms)
		return NULL;
	r = xnew(struct role);
	r->profiles = o->profiles;
	r->container = source_container.prepare(o);
	r->imds = source_imds.prepare(o);
	if (o->skip_environment)
		r->environment = dup_environment(o->variables);
	sts_settings_init(&r->sts, o);
	return r;
}

static int
ask(void *source, bool must_look, struct keys **out, struct err *err)
{
	struct role *r = source;

	if (!has_role(found(r)))
		return err_set(err, ENOENT, "%s", "");
	if (r->version != profiles_version(r->profiles))
		renewal_clear(&r->renewal);
	r->version = profiles_version(r->profiles);
	return renewal_ask(&r->renewal, must_look, fetch, r, out, err);
}

static bool
is_configured(void *source)
{
	const struct role *r = source;

	return has_role(found(r));
}

static int64_t
due_ms(void *source)
{
	const struct role *r = source;

	return r->renewal.due_ms;
}

static void
role_free(void *source)
{
	struct role *r = source;

	renewal_clear(&r->renewal);
	if (r->container)
		source_container.free(r->container);
	if (r->imds)
		source_imds.free(r->imds);
	keys_unref(r->environment);
	sts_settings_clear(&r->sts);
	free(r);
}

const struct source source_role = {
	.name = "role",
	.prepare = prepare,
	.ask = ask,
	.is_configured = is_configured,
	.due_ms = due_ms,
	.free = role_free,
};
