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
	void *of_profiles[4]; /* likewise, see profile_sources */
	struct keys *environment; /* NULL: none */
	struct sts_settings sts;
	unsigned version; /* of the files that had the role */
	struct renewal renewal;
};

/* Who is asked for the keys of a profile that is a source, in the chain's order. */
static const struct source *const profile_sources[] = {
	&source_web_identity,
	&source_sso,
	&source_login, /* this one and the next: after the credentials file */
	&source_process,
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
			return sources[i].source->ask(sources[i].state,
						      LOOK_TOLD, out, err);
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
	struct sts sts = sts_settings_get(&r->sts, found(r));
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

/* -EACCES: a loop.  Its own source may only be who has keys. */
static int
refuse_loop(const struct chain *c, const struct aws_profile *p,
	    const char *name, struct err *err)
{
	bool has_keys = p->access_key || p->secret_key;

	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->names[i], name) == 0 &&
		    (i + 1 < c->n || !has_keys))
			return err_set(err, EACCES,
				       "source_profile %s is a loop", name);
	return 0;
}

static int
enter(struct chain *c, const char *name, struct err *err)
{
	if (c->n == CHAIN_MAX)
		return err_set(err, EACCES, "more than %d roles in a row",
			       CHAIN_MAX);
	c->names[c->n++] = name;
	return 0;
}

/* Whatever gives keys to a profile but a role, in the chain's order. */
static int
keys_without_role(struct role *r, const struct aws_profile *p, const char *name,
		  struct keys **out, struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(profile_sources); i++) {
		const struct source *s = profile_sources[i];
		int rc;

		if (s == &source_login && p->access_key &&
		    !p->has_keys_of_config)
			break;
		rc = s->of_profile(r->of_profiles[i], p, name, out, err);
		if (rc != -ENOENT)
			return rc;
	}
	if (p->access_key && p->secret_key)
		return keys_in(p, out, err);
	return err_set(err, EACCES,
		       "source_profile %s has neither keys nor a role", name);
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
	if (refuse_loop(c, &p, name, err) != 0)
		return -err->code;
	if (!has_role(&p) || p.access_key || p.secret_key)
		return keys_without_role(r, &p, name, out, err);
	rc = enter(c, name, err);
	return rc ? rc : assume(r, c, &p, out, err);
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

/* For other profiles, so that nothing of it is the environment's. */
static void
prepare_profile_sources(struct role *r, const struct creds_options *o)
{
	struct creds_options of_files = *o;

	_Static_assert(ARRAY_SIZE(r->of_profiles) ==
			       ARRAY_SIZE(profile_sources),
		       "one for each");
	of_files.skip_environment = true;
	for (size_t i = 0; i < ARRAY_SIZE(profile_sources); i++)
		r->of_profiles[i] = profile_sources[i]->prepare(&of_files);
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
	prepare_profile_sources(r, o);
	if (o->skip_environment)
		r->environment = dup_environment(o->variables);
	sts_settings_init(&r->sts, o);
	return r;
}

static int
ask(void *source, enum must_look must_look, struct keys **out, struct err *err)
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

static char *
dup_url(void *source)
{
	const struct role *r = source;
	struct sts sts = sts_settings_get(&r->sts, found(r));

	return sts_dup_url(&sts);
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
	for (size_t i = 0; i < ARRAY_SIZE(profile_sources); i++)
		profile_sources[i]->free(r->of_profiles[i]);
	keys_unref(r->environment);
	sts_settings_clear(&r->sts);
	free(r);
}

const struct source source_role = {
	.name = "role",
	.prepare = prepare,
	.ask = ask,
	.is_configured = is_configured,
	.dup_url = dup_url,
	.due_ms = due_ms,
	.free = role_free,
};
