/* SPDX-License-Identifier: MIT */
/* The certificates that TLS trusts: see trust.h.  Any thread. */
#include "config.h"

#include "net/trust.h"

#include <dirent.h>
#include <errno.h>
#include <stdatomic.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

struct trust {
	atomic_uint n_refs;
	X509_STORE *store;
	X509 *certificate; /* our own; NULL: none */
	STACK_OF(X509) * chain; /* what is between it and its CA */
	EVP_PKEY *key;
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

/* --- our own --- */

/* Nobody is there who could be asked. */
static int
no_password(char *buf, int size, int is_writing, void *arg)
{
	(void)buf;
	(void)size;
	(void)is_writing;
	(void)arg;
	return 0;
}

static void
bio_clear(BIO **bio)
{
	BIO_free(*bio);
	ERR_clear_error();
}

/* The first one is ours. */
static bool
read_chain(struct trust *t, BIO *bio)
{
	X509 *next;

	t->certificate = PEM_read_bio_X509(bio, NULL, no_password, NULL);
	t->chain = sk_X509_new_null();
	if (!t->certificate || !t->chain)
		return false;
	while ((next = PEM_read_bio_X509(bio, NULL, no_password, NULL)))
		if (!sk_X509_push(t->chain, next)) {
			X509_free(next);
			return false;
		}
	return ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
}

static int
read_certificate(struct trust *t, const char *path, struct err *err)
{
	BIO *bio CLEANUP(bio_clear) = BIO_new_file(path, "re");

	if (!bio)
		return err_set(err, errno ? errno : EIO, "client_cert %s: %s",
			       path, strerror(errno));
	if (!read_chain(t, bio))
		return err_set(err, EINVAL, "client_cert %s: %s", path,
			       t->certificate ? "damaged behind the first one"
					      : "no certificate in PEM");
	return 0;
}

static int
read_key(struct trust *t, const char *path, struct err *err)
{
	BIO *bio CLEANUP(bio_clear) = BIO_new_file(path, "re");

	if (!bio)
		return err_set(err, errno ? errno : EIO, "client_key %s: %s",
			       path, strerror(errno));
	t->key = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
	if (!t->key)
		return err_set(
			err, EINVAL,
			"client_key %s: no key in PEM without a password",
			path);
	if (X509_check_private_key(t->certificate, t->key) != 1)
		return err_set(err, EINVAL,
			       "client_key %s: not the key of the certificate",
			       path);
	return 0;
}

static bool
show_identity(const struct trust *t, SSL_CTX *ctx)
{
	return SSL_CTX_use_certificate(ctx, t->certificate) == 1 &&
	       SSL_CTX_use_PrivateKey(ctx, t->key) == 1 &&
	       SSL_CTX_set1_chain(ctx, t->chain) == 1;
}

/* OpenSSL may find it too weak, which nobody could be told later. */
static int
try_identity(const struct trust *t, const char *path, struct err *err)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	bool ok = ctx && show_identity(t, ctx);
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	SSL_CTX_free(ctx);
	ERR_clear_error();
	if (ok)
		return 0;
	return err_set(err, EINVAL, "client_cert %s: %s", path,
		       reason ? reason : "not accepted");
}

int
trust_identify(struct trust *t, const char *certificate, const char *key,
	       struct err *err)
{
	int rc = read_certificate(t, certificate, err);

	if (rc == 0)
		rc = read_key(t, key ? key : certificate, err);
	return rc ? rc : try_identity(t, certificate, err);
}

/* --- all of it --- */

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
	X509_free(t->certificate);
	sk_X509_pop_free(t->chain, X509_free);
	EVP_PKEY_free(t->key);
	free(t);
}

void
trust_apply(struct trust *t, void *ssl_ctx)
{
	X509_STORE_up_ref(t->store);
	SSL_CTX_set_cert_store(ssl_ctx, t->store); /* takes it */
	if (!t->certificate)
		return;
	if (!show_identity(t, ssl_ctx))
		ERR_clear_error(); /* out of memory: it was tried before */
}
