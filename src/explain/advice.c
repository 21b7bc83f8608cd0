/* SPDX-License-Identifier: MIT */
/*
 * From failures to advice: see advice.h.  Pure.
 *
 * Source of the codes: Amazon S3 API Reference, "Error responses".
 */
#include "config.h"

#include "explain/advice.h"

#include <errno.h>

/* By what the store says. */
static const struct {
	const char *word, *advice;
} words[] = {
	{ "InvalidAccessKeyId",
	  "the store does not know the key id: the keys are another store's or "
	  "were deleted, or endpoint_url is not the one they are for" },
	{ "SignatureDoesNotMatch",
	  "the secret key is not the one of this key id; or something on the "
	  "way changes the request" },
	{ "ExpiredToken", "the keys have expired: log in again, or have "
			  "whatever wrote them write new ones" },
	{ "ExpiredTokenException", "the keys have expired: log in again, or "
				   "have whatever wrote them write new ones" },
	{ "TokenRefreshRequired", "the keys have expired: log in again, or "
				  "have whatever wrote them write new ones" },
	{ "InvalidToken", "the session token is not the one of these keys" },
	{ "InvalidTokenId", "the session token is not the one of these keys" },
	{ "RequestTimeTooSkewed",
	  "set the clock of this machine (timedatectl, chrony, ntpd)" },
	{ "AuthorizationHeaderMalformed",
	  "the store wants signatures for another region: region=NAME; which "
	  "one, whoever runs the store knows" },
	{ "PermanentRedirect", "the bucket is in another region: region=NAME" },
	{ "TemporaryRedirect", "the bucket is in another region: region=NAME" },
	{ "IllegalLocationConstraintException",
	  "the bucket is in another region: region=NAME" },
	{ "NoSuchBucket", "there is no bucket of that name at this endpoint: "
			  "look at the name, and at endpoint_url" },
	{ "SlowDown", "the store is overloaded: try again later" },
	{ "ServiceUnavailable", "the store is overloaded: try again later" },
};

/* By what happened on the way. */
static const struct {
	int code;
	const char *advice, *with_proxy;
} codes[] = {
	{ ECONNREFUSED,
	  "nothing listens there: look at endpoint_url, and whether the store "
	  "runs",
	  "nothing listens there: look at endpoint_url and at the proxy, and "
	  "whether both run" },
	{ EHOSTUNREACH,
	  "the name is not known or there is no way to it: look at "
	  "endpoint_url, and at the network",
	  "the name is not known or there is no way to it: look at "
	  "endpoint_url and at the proxy" },
	{ ETIMEDOUT,
	  "no answer in time: a firewall, a dead host or a slow store; "
	  "connect_timeout and request_timeout are the limits",
	  "no answer in time: from the proxy or from the store behind it; "
	  "connect_timeout and request_timeout are the limits" },
	{ EPROTO,
	  "its certificate is not trusted: ca_bundle=FILE names whom to trust; "
	  "or it does not speak TLS there: http:// is without",
	  NULL },
};

static const char OF_PROXY[] =
	"that does not look like a store's answer: the proxy may have refused; "
	"no_proxy=HOST goes around it";

static const char OF_LOGIN[] =
	"the proxy wants a user and a password: "
	"https_proxy=http://USER:PASSWORD@HOST:PORT (http_proxy for a store "
	"without TLS)";

static const char OF_CERTIFICATE[] =
	"whom the store knows by a certificate: client_cert=FILE, and "
	"client_key=FILE";

static const char *
by_code(const struct advice_case *c)
{
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
		if (codes[i].code == c->err->code)
			return c->has_proxy && codes[i].with_proxy
				       ? codes[i].with_proxy
				       : codes[i].advice;
	return NULL;
}

static const char *
of_access(const struct advice_case *c)
{
	if (!c->is_signed)
		return "the store wants a signature for that: leave out "
		       "no_sign_request, and give keys";
	if (c->is_of_all_buckets)
		return "the keys may not list buckets (the right is "
		       "s3:ListAllMyBuckets): name some, bucket=NAME";
	if (c->has_owner)
		return "the keys may not list the bucket (the right is "
		       "s3:ListBucket), or it is not of the account that "
		       "expected_bucket_owner names";
	if (c->is_paying)
		return "the keys are known but may not list the bucket: the "
		       "right is s3:ListBucket";
	return "the keys are known but may not list the bucket: the right is "
	       "s3:ListBucket; or its owner wants others to pay: "
	       "requester_pays";
}

const char *
advice_for(const struct advice_case *c)
{
	const struct err *err = c->err;

	if (err->status == 407)
		return OF_LOGIN;
	if (err->code == EPROTO && strstr(err->msg, "client certificate"))
		return OF_CERTIFICATE;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(err->word, words[i].word) == 0)
			return words[i].advice;
	if (strcmp(err->word, "AccessDenied") == 0)
		return of_access(c);
	if (err->status == 0 && by_code(c))
		return by_code(c);
	/* no store refuses without a code, nor does curl know why */
	if (c->has_proxy && err->word[0] == '\0')
		return OF_PROXY;
	return err->status && err->word[0] == '\0'
		       ? "that is no answer of an S3 store: look at "
			 "endpoint_url"
		       : NULL;
}

/* What STS says of a role. */
static const struct {
	const char *word, *advice;
} role_words[] = {
	{ "AccessDenied",
	  "the role may not be assumed with these keys: its trust policy has "
	  "to name whose they are, and their own policy has to allow "
	  "sts:AssumeRole; an external_id has to be the one that it wants" },
	{ "NoSuchEntity",
	  "there is no such role: look at role_arn, and at the endpoint of STS" },
	{ "InvalidClientTokenId",
	  "STS does not know the keys that assume the role: look at "
	  "source_profile, and at the endpoint of STS" },
	{ "RegionDisabledException",
	  "STS is switched off in this region: region=NAME names another one" },
	{ "InvalidIdentityToken",
	  "the token of the identity provider is not taken: it has expired, is "
	  "for somebody else, or the provider is not known there" },
	{ "IDPRejectedClaim",
	  "the token of the identity provider is not taken: it has expired, is "
	  "for somebody else, or the provider is not known there" },
};

static const char *
of_word(const char *word)
{
	if (strcmp(word, SOURCE_WORD_LOGIN) == 0)
		return "log in again: what to type is said there";
	for (size_t i = 0; i < ARRAY_SIZE(role_words); i++)
		if (strcmp(word, role_words[i].word) == 0)
			return role_words[i].advice;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(word, words[i].word) == 0)
			return words[i].advice;
	return NULL;
}

const char *
advice_for_keys(const struct creds_said *last)
{
	const struct err *said = &last->err;
	const char *advice = of_word(said->word);

	if (advice)
		return advice;
	if (said->code == EINPROGRESS)
		return "a source of keys hangs: see sources; run the program, or "
		       "read the file, by hand";
	if (said->code == 0 || said->code == ENOENT)
		return "give keys: by AWS_ACCESS_KEY_ID and "
		       "AWS_SECRET_ACCESS_KEY, or in a profile (aws configure)";
	return "a source of keys is configured, and fails: put right what it "
	       "says, or take it away to have the next ones asked";
}
