/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as what a program or a service prints for keys, as a login that is cached,
 * as the line that names the program, and as the files of older tools: keys that can be
 * sent, or one error.
 */
#include "config.h"

#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "auth/key-json.h"
#include "auth/source.h"
#include "auth/words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct key_names forms[] = {
	{ NULL, "AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration",
	  false, true, false },
	{ NULL, "AccessKeyId", "SecretAccessKey", "Token", "Expiration", false,
	  false, true },
	{ "roleCredentials", "accessKeyId", "secretAccessKey", "sessionToken",
	  "expiration", true, false, false },
};

static void
parse(const uint8_t *data, size_t size, const struct key_names *names)
{
	struct err err = ERR_INIT;
	struct keys *k = NULL;
	int rc = key_json_parse(&k, (const char *)data, size, names, "fuzz",
				&err);

	if (rc != -err.code || (rc == 0) != (k != NULL))
		abort();
	if (k && (!*k->access_key || !*k->secret_key || k->expires_at < 0))
		abort();
	keys_unref(k);
}

static void
parse_login(const uint8_t *data, size_t size)
{
	struct err err = ERR_INIT;
	struct login l;
	int rc = login_json_parse(&l, (const char *)data, size, &err);

	if (rc != -err.code || (rc == 0) != (l.token != NULL))
		abort();
	if (l.token && (!*l.token || strpbrk(l.token, "\r\n")))
		abort();
	login_clear(&l);
}

static void
split(const uint8_t *data, size_t size)
{
	CLEANUP_FREE char *text = xstrndup((const char *)data, size);
	struct err err = ERR_INIT;
	struct words w;
	size_t len = 0;
	int rc = words_split(&w, text, &err);

	if (rc != -err.code || w.word[w.n])
		abort();
	for (size_t i = 0; i < w.n; i++)
		len += strlen(w.word[i]);
	if (len > size)
		abort();
	words_clear(&w);
}

static void
ask(const struct source *source, const char *variable, const char *path)
{
	static const struct creds_options options = { .profile = "default" };
	struct err err = ERR_INIT;
	struct keys *k = NULL;
	void *it;
	int rc;

	setenv(variable, path, true);
	it = source->prepare(&options);
	rc = source->ask(it, LOOK_IF_CHANGED, &k, &err);
	source->free(it);
	if (rc != -err.code || (rc == 0) != (k != NULL))
		abort();
	if (k && (!*k->access_key || !*k->secret_key || k->session_token))
		abort();
	keys_unref(k);
}

static void
read_file(const uint8_t *data, size_t size)
{
	int fd = memfd_create("keys", MFD_CLOEXEC);
	char path[64];

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ask(&source_credential_file, "AWS_CREDENTIAL_FILE", path);
	ask(&source_boto, "BOTO_CONFIG", path);
	close(fd);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!data) /* libFuzzer's empty input */
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
		parse(data, size, &forms[i]);
	parse_login(data, size);
	split(data, size);
	read_file(data, size);
	return 0;
}
