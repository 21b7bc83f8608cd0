/* SPDX-License-Identifier: MIT */
/*
 * What a page says of itself: see claims.h.  Pure.
 */
#include "config.h"

#include "list/claims.h"

#include <errno.h>

#include "util/uri.h"

#define SHOWN_MAX 100 /* bytes of a text in a message */

static bool
is_blank(const char *text)
{
	return text[strspn(text, " \t\r\n")] == '\0';
}

static int
contradict(struct list_claims *c, struct err *err, const char *what,
	   const char *text)
{
	c->is_contradiction = true;
	return err_set(err, EIO, "contradictory listing: %s%s%.*s%s", what,
		       *text ? " \"" : "", SHOWN_MAX, text, *text ? "\"" : "");
}

/* Of an access point, or one of Object Lambda: the bucket has another name. */
static bool
is_alias(const char *bucket)
{
	static const char *const suffixes[] = { "-s3alias", "--ol-s3" };
	size_t len = strlen(bucket);

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		size_t n = strlen(suffixes[i]);

		if (len > n && strcmp(bucket + len - n, suffixes[i]) == 0)
			return true;
	}
	return false;
}

int
list_claim_name(struct list_claims *c, const char *text, struct err *err)
{
	const char *bucket = c->asked.bucket;

	if (is_blank(text) || !bucket || strcasestr(text, bucket) ||
	    is_alias(bucket))
		return 0;
	return contradict(c, err, "of bucket", text);
}

int
list_claim_prefix(struct list_claims *c, const char *text, struct err *err)
{
	return is_blank(text)
		       ? 0
		       : contradict(c, err, "only what begins with", text);
}

int
list_claim_common_prefixes(struct list_claims *c, struct err *err)
{
	return contradict(c, err, "common prefixes instead of keys", "");
}

int
list_claim_delimiter(struct list_claims *c, const char *text, struct err *err)
{
	if (is_blank(text))
		return 0;
	if (strlen(text) >= sizeof(c->delimiter))
		return contradict(c, err, "only up to", text);
	memcpy(c->delimiter, text, strlen(text) + 1);
	return 0;
}

/* Bare or encoded: what was sent. */
static bool
is_same(const char *text, const char *sent)
{
	CLEANUP_FREE char *decoded = xstrdup(text);
	size_t sent_len = strlen(sent);
	ssize_t len;

	if (strcmp(text, sent) == 0)
		return true;
	len = uri_decode(decoded, strlen(decoded));
	return len >= 0 && (size_t)len == sent_len &&
	       memcmp(decoded, sent, sent_len) == 0;
}

/* `sent` is NULL: the page begins where nobody asked it to. */
static int
compare_echo(struct list_claims *c, const char *text, const char *sent,
	     struct err *err)
{
	if (is_blank(text) || !c->asked.bucket)
		return 0;
	if (!sent)
		return contradict(c, err, "only what comes after", text);
	c->echo = is_same(text, sent) ? LIST_ECHO_SAME : LIST_ECHO_OTHER;
	if (c->echo == LIST_ECHO_SAME || c->asked.may_echo_other)
		return 0;
	return contradict(c, err, "of the page after", text);
}

int
list_claim_token(struct list_claims *c, const char *text, struct err *err)
{
	return compare_echo(c, text, c->asked.token, err);
}

/* Once there are tokens, where it all began may be repeated or not. */
int
list_claim_start_after(struct list_claims *c, const char *text, struct err *err)
{
	return c->asked.token
		       ? 0
		       : compare_echo(c, text, c->asked.start_after, err);
}

/* An answer of the first version, which may have put either into it. */
int
list_claim_marker(struct list_claims *c, const char *text, struct err *err)
{
	if (c->asked.token || c->asked.start_after)
		return 0;
	return compare_echo(c, text, NULL, err);
}

int
list_claim_next_marker(struct list_claims *c, const char *text, struct err *err)
{
	(void)err;
	c->has_next_marker = !is_blank(text);
	return 0;
}

int
list_claims_check(struct list_claims *c, const struct list_counts *n,
		  struct err *err)
{
	if (n->key_count >= 0 && n->key_count != (int64_t)n->n_objects) {
		c->is_contradiction = true;
		return err_set(err, EIO,
			       "contradictory listing: %zu objects of %lld",
			       n->n_objects, (long long)n->key_count);
	}
	if (n->is_last && (n->has_token || c->has_next_marker))
		return contradict(c, err,
				  "the last page, and a token for the next one",
				  "");
	return 0;
}

/* Where it was applied, no key that is left has it. */
int
list_claims_check_delimiter(struct list_claims *c, bool is_encoded,
			    const struct object *objects, size_t n,
			    struct err *err)
{
	char delimiter[sizeof(c->delimiter)];
	ssize_t len = (ssize_t)strlen(c->delimiter);

	if (len == 0 || n == 0)
		return 0;
	memcpy(delimiter, c->delimiter, sizeof(delimiter));
	if (is_encoded)
		len = uri_decode(delimiter, (size_t)len);
	for (size_t i = 0; len > 0 && i < n; i++)
		if (memmem(objects[i].key, objects[i].key_len, delimiter,
			   (size_t)len))
			return 0;
	return contradict(c, err, "only up to", c->delimiter);
}
