/* SPDX-License-Identifier: MIT */
/* The certificates that TLS trusts: see trust.h.  Any thread. */
#include "config.h"

#include "net/trust.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "util/lock.h"
#include "util/log.h"

struct trust {
	atomic_uint n_refs;
	X509_STORE *store;
	X509 *certificate; /* our own; NULL: none */
	STACK_OF(X509) * chain; /* what is between it and its CA */
	EVP_PKEY *key;

	/* under lock */
	pthread_mutex_t lock;
	bool is_due; /* what follows is to be read into `store` yet */
	char *path, *file, *dir; /* as trust_load() has them */
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
	pthread_mutex_init(&t->lock, NULL);
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

/* --- later --- */

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

/* Its text, which takes no time: it is not parsed. */
static bool
has_certificate(const char *path)
{
	BIO *bio CLEANUP(bio_clear) = BIO_new_file(path, "re");
	unsigned char *data = NULL;
	long len;
	bool has = bio && PEM_bytes_read_bio(&data, &len, NULL,
					     PEM_STRING_X509_TRUSTED, bio,
					     no_password, NULL) == 1;

	OPENSSL_free(data);
	return has;
}

/* Others, such as a FIFO, can be read only once. */
static bool
is_regular(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

int
trust_load_later(struct trust **out, const char *path, const char *file,
		 const char *dir, struct err *err)
{
	struct trust *t;

	if (path && (!is_regular(path) || !has_certificate(path)))
		return trust_load(out, path, NULL, NULL, err);
	t = trust_new();
	if (!t)
		return err_set(err, ENOMEM, "no memory for certificates");
	t->is_due = true;
	t->path = xstrdup_or_null(path);
	t->file = xstrdup_or_null(file);
	t->dir = xstrdup_or_null(dir);
	*out = t;
	return 0;
}

/* Of the system: a directory is looked into for those that are asked for. */
static void
read_system(struct trust *t)
{
	if (t->file)
		load_file(t->store, t->file);
	if (t->dir && trust_is_empty(t))
		load_directory(t->store, t->dir);
	else if (t->dir)
		X509_STORE_load_path(t->store, t->dir);
	ERR_clear_error();
	if (trust_is_empty(t))
		log_warn(TRUST_NOTHING);
}

static void
read_due(struct trust *t)
{
	LOCKED(t);

	if (t->is_due && !t->path)
		read_system(t);
	else if (t->is_due && !load_file(t->store, t->path))
		log_warn("ca_bundle %s: what is there is no PEM", t->path);
	t->is_due = false;
}

/* --- our own --- */

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
	pthread_mutex_destroy(&t->lock);
	free(t->path);
	free(t->file);
	free(t->dir);
	free(t);
}

void
trust_apply(struct trust *t, void *ssl_ctx)
{
	read_due(t);
	X509_STORE_up_ref(t->store);
	SSL_CTX_set_cert_store(ssl_ctx, t->store); /* takes it */
	if (!t->certificate)
		return;
	if (!show_identity(t, ssl_ctx))
		ERR_clear_error(); /* out of memory: it was tried before */
}
