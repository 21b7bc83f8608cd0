/* SPDX-License-Identifier: MIT */
/* The certificates that TLS trusts: see trust.h.  Any thread. */
#include "config.h"

#include "net/trust.h"

#include <dirent.h>
#include <errno.h>
#include <stdatomic.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

struct trust {
	atomic_uint n_refs;
	X509_STORE *store;
};

/* Directories of certificates hold links named for a hash: "5ad8a5d6.0". */
static bool
is_hash_name(const char *name)
{
	return strspn(name, "0123456789abcdef") == 8 && name[8] == '.' &&
	       name[9] && strspn(name + 9, "0123456789") == strlen(name + 9);
}

static bool
load_file(X509_STORE *store, const char *path)
{
	bool is_good = X509_STORE_load_file(store, path) == 1;

	ERR_clear_error();
	return is_good;
}

/* What can't be read is passed over: one of many. */
static void
load_directory(X509_STORE *store, const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		char name[4096];

		if (is_hash_name(entry->d_name) &&
		    (size_t)snprintf(name, sizeof(name), "%s/%s", path,
				     entry->d_name) < sizeof(name))
			load_file(store, name);
	}
	closedir(dir);
}

/* NULL if there is no memory. */
static struct trust *
trust_new(void)
{
	struct trust *t = xnew(struct trust);

	atomic_store(&t->n_refs, 1);
	t->store = X509_STORE_new();
	/* as curl does, so that an intermediate may be trusted by itself */
	if (t->store &&
	    X509_STORE_set_flags(t->store, X509_V_FLAG_TRUSTED_FIRST |
						   X509_V_FLAG_PARTIAL_CHAIN))
		return t;
	trust_unref(t);
	return NULL;
}

int
trust_prepare(struct err *err)
{
	if (OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL) != 1)
		return err_set(err, EIO, "OpenSSL can't be initialised");
	return 0;
}

int
trust_load(struct trust **out, const char *path, const char *file,
	   const char *dir, struct err *err)
{
	struct trust *t = trust_new();

	if (!t)
		return err_set(err, ENOMEM, "no memory for certificates");
	if (path && !load_file(t->store, path)) {
		trust_unref(t);
		return err_set(err, EINVAL,
			       "ca_bundle %s: no certificates in PEM", path);
	}
	if (!path && file)
		load_file(t->store, file);
	if (!path && dir)
		load_directory(t->store, dir);
	*out = t;
	return 0;
}

bool
trust_is_empty(const struct trust *t)
{
	return sk_X509_OBJECT_num(X509_STORE_get0_objects(t->store)) == 0;
}

struct trust *
trust_ref(struct trust *t)
{
	atomic_fetch_add(&t->n_refs, 1);
	return t;
}

void
trust_unref(struct trust *t)
{
	if (!t || atomic_fetch_sub(&t->n_refs, 1) > 1)
		return;
	X509_STORE_free(t->store);
	free(t);
}

void
trust_apply(struct trust *t, void *ssl_ctx)
{
	X509_STORE_up_ref(t->store);
	SSL_CTX_set_cert_store(ssl_ctx, t->store); /* takes it */
}
