/* SPDX-License-Identifier: MIT */
/*
 * Keys in JSON: see key-json.h.  Pure; any thread.  The tree is wiped.
 */
#include "config.h"

#include "auth/key-json.h"

#include <cjson/cJSON.h>
#include <errno.h>

#include "util/date.h"
#include "util/json-strict.h"
#include "util/number.h"
#include "util/wipe.h"

/* A number becomes `"#1"`, so one digit and a comma may grow by three bytes. */
#define REWRITTEN_MAX (3 * KEY_JSON_MAX)

static void
wipe_tree(cJSON *value)
{
	for (; value; value = value->next) {
		if (value->valuestring)
			explicit_bzero(value->valuestring,
				       strlen(value->valuestring));
		wipe_tree(value->child);
	}
}

static void
free_tree(cJSON **tree)
{
	wipe_tree(*tree);
	cJSON_Delete(*tree);
}

/* A text or a number, by its tag (json-strict.h); NULL: there is none. */
static const char *
member(const cJSON *object, const char *name, char tag)
{
	const cJSON *value =
		name ? cJSON_GetObjectItemCaseSensitive(object, name) : NULL;

	return cJSON_IsString(value) && value->valuestring[0] == tag
		       ? value->valuestring + 1
		       : NULL;
}

static int
missing(const char *name, struct err *err)
{
	return err_set(err, EACCES, "no %s in its JSON", name);
}

/* Absent or null: they do not expire. */
static int
read_expiry(struct keys *k, const cJSON *object, const struct key_names *n,
	    struct err *err)
{
	const cJSON *value = n->expiration ? cJSON_GetObjectItemCaseSensitive(
						     object, n->expiration)
					   : NULL;
	const char *text =
		member(object, n->expiration,
		       n->has_expiry_in_ms ? JSON_NUMBER : JSON_STRING);
	bool is_time = false;

	if (!value || cJSON_IsNull(value))
		return 0;
	if (text && n->has_expiry_in_ms) {
		is_time = number_parse(text, &k->expires_at);
		k->expires_at /= 1000;
	} else if (text) {
		is_time = date_parse_any_zone(text, &k->expires_at);
	}
	if (!is_time || k->expires_at <= 0)
		return err_set(err, EACCES, "its %s is not a time",
			       n->expiration);
	return 0;
}

/* What the text says of itself. */
static int
check(const cJSON *tree, const struct key_names *n, struct err *err)
{
	const char *version = member(tree, "Version", JSON_NUMBER);
	const char *code = member(tree, "Code", JSON_STRING);

	if (!cJSON_IsObject(tree))
		return err_set(err, EACCES, "not a JSON object");
	if (n->has_version && (!version || strcmp(version, "1") != 0))
		return err_set(err, EACCES,
			       "the Version in its JSON is not the number 1");
	if (n->has_code && code && strcmp(code, "Success") != 0)
		return err_set(err, EACCES, "it says %.64s", code);
	return 0;
}

static int
read_tree(struct keys **out, const cJSON *tree, const struct key_names *n,
	  const char *source, struct err *err)
{
	const cJSON *object =
		n->parent ? cJSON_GetObjectItemCaseSensitive(tree, n->parent)
			  : tree;
	struct keys k = {
		.access_key = member(object, n->access_key, JSON_STRING),
		.secret_key = member(object, n->secret_key, JSON_STRING),
		.session_token = member(object, n->session_token, JSON_STRING),
		.source = source,
	};

	if (!k.access_key || !*k.access_key)
		return missing(n->access_key, err);
	if (!k.secret_key || !*k.secret_key)
		return missing(n->secret_key, err);
	if (k.session_token && !*k.session_token)
		k.session_token = NULL;
	if (read_expiry(&k, object, n, err) != 0)
		return -err->code;
	return keys_new(out, &k, err);
}

static int
parse(cJSON **tree, const char *text, size_t len, struct err *err)
{
	CLEANUP_BUF struct buf strict = BUF_INIT_SECRET(REWRITTEN_MAX);

	if (len > KEY_JSON_MAX)
		return err_set(err, EACCES, "more than %d bytes", KEY_JSON_MAX);
	if (json_strict(&strict, text, len, err) != 0) {
		err->code = EACCES;
		return -EACCES;
	}
	*tree = cJSON_ParseWithLength(strict.data, strict.len);
	return *tree ? 0 : err_set(err, EACCES, "not JSON");
}

int
key_json_parse(struct keys **out, const char *text, size_t len,
	       const struct key_names *names, const char *source,
	       struct err *err)
{
	CLEANUP(free_tree) cJSON *tree = NULL;

	if (parse(&tree, text, len, err) != 0)
		return -err->code;
	if (check(tree, names, err) != 0)
		return -err->code;
	return read_tree(out, tree, names, source, err);
}

/* --- logins --- */

int
login_json_parse(struct login *out, const char *text, size_t len,
		 struct err *err)
{
	CLEANUP(free_tree) cJSON *tree = NULL;
	const char *token, *expires_at;

	*out = (struct login){ .token = NULL };
	if (parse(&tree, text, len, err) != 0)
		return -err->code;
	token = member(tree, "accessToken", JSON_STRING);
	expires_at = member(tree, "expiresAt", JSON_STRING);
	if (!token || !*token)
		return missing("accessToken", err);
	if (strpbrk(token, "\r\n"))
		return err_set(err, EACCES, "its accessToken has lines");
	if (!expires_at || !date_parse_any_zone(expires_at, &out->expires_at))
		return err_set(err, EACCES, "its expiresAt is not a time");
	out->token = xstrdup(token);
	return 0;
}

void
login_clear(struct login *l)
{
	wipe_free(l->token);
	*l = (struct login){ .token = NULL };
}
