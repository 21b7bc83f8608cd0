/* SPDX-License-Identifier: MIT */
/*
 * To be preloaded: lets one call fail that hardly ever does.  failing.py writes into
 * the file FAULT_CONTROL, while the program runs, which kind of call and which of
 * those that come.  Any thread.
 *
 * Allocations are told apart by who asks: a library, or the program itself.  What
 * libcurl takes through the program's wipe_realloc() is libcurl's.
 */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* The numbers are those of failing.py. */
enum kind {
	NONE,
	CURL,
	XML,
	CRYPTO,
	CJSON,
	FUSE,
	LIBC,
	OWN,
	SOCKET,
	CONNECT,
	THREAD,
	SEND, /* to the store */
	WAKE, /* the same call, from thread to thread */
	WRITE,
	LOOKUP, /* of a name */
};

struct control {
	_Atomic int64_t kind;
	_Atomic int64_t countdown; /* the call that makes it 0 fails */
	_Atomic int64_t is_lasting; /* and all that follow it */
	_Atomic int64_t hits;
};

static struct control *control;
static __thread bool is_inside; /* what is called from here never fails */

static const struct {
	const char *name;
	enum kind kind;
} libraries[] = {
	{ "libcurl", CURL },  { "libxml2", XML },    { "libcrypto", CRYPTO },
	{ "libssl", CRYPTO }, { "libcjson", CJSON }, { "libfuse3", FUSE },
	{ "libc.so", LIBC },  { "dgstatfs", OWN },
};

static enum kind
kind_of(const void *address)
{
	Dl_info info;
	const char *name;

	if (!dladdr(address, &info) || !info.dli_fname)
		return NONE;
	name = strrchr(info.dli_fname, '/');
	name = name ? name + 1 : info.dli_fname;
	for (size_t i = 0; i < sizeof(libraries) / sizeof(libraries[0]); i++)
		if (strncmp(name, libraries[i].name,
			    strlen(libraries[i].name)) == 0)
			return libraries[i].kind;
	return NONE;
}

static enum kind
kind_of_caller(const void *caller)
{
	enum kind kind = kind_of(caller);
	void *frames[8];
	int n;

	if (kind != OWN)
		return kind;
	n = backtrace(frames, 8);
	for (int i = 0; i + 1 < n; i++)
		if (frames[i] == caller && kind_of(frames[i + 1]) == CURL)
			return CURL;
	return OWN;
}

/*
 * Where libcurl 7.88 has no memory for a piece of a URL that it parses, or for a copy
 * of a string by libc's strdup() while it sets up a connection, it frees others twice.
 * What OpenSSL sets up once for all and had no memory for, it never tries again: there
 * is no TLS then until the process ends.  Nothing that a program does can make up for
 * that.
 */
static const char *const beyond_repair[] = { "curl_url_set",
					     "CRYPTO_THREAD_run_once" };

static bool
is_named_beyond_repair(const char *name)
{
	size_t n = sizeof(beyond_repair) / sizeof(beyond_repair[0]);

	for (size_t i = 0; i < n; i++)
		if (strcmp(name, beyond_repair[i]) == 0)
			return true;
	return false;
}

static bool
is_beyond_repair(void)
{
	bool is_libc_only = true;
	void *frames[24];
	Dl_info info;
	int n = backtrace(frames, 24);

	for (int i = 2; i < n; i++) { /* behind this file's own */
		enum kind kind = kind_of(frames[i]);

		if (is_libc_only && kind == CURL && i > 2 &&
		    kind_of(frames[i - 1]) == LIBC)
			return true;
		is_libc_only = is_libc_only && (kind == LIBC || kind == NONE);
		if (dladdr(frames[i], &info) && info.dli_sname &&
		    is_named_beyond_repair(info.dli_sname))
			return true;
	}
	return false;
}

/* Only where it would be hit is it asked who calls: that takes long. */
static bool
is_hit(bool is_allocation)
{
	int64_t left = atomic_fetch_sub(&control->countdown, 1);

	if (left > 1 || (left < 1 && !atomic_load(&control->is_lasting)))
		return false;
	if (is_allocation && is_beyond_repair()) {
		atomic_fetch_add(&control->countdown, 1); /* the next one */
		return false;
	}
	atomic_fetch_add(&control->hits, 1);
	return true;
}

static bool
fails(enum kind kind)
{
	return control && !is_inside &&
	       atomic_load(&control->kind) == (int64_t)kind && is_hit(false);
}

static bool
allocation_fails(const void *caller)
{
	bool does = false;
	int64_t wanted;

	if (!control || is_inside)
		return false;
	wanted = atomic_load(&control->kind);
	if (wanted < CURL || wanted > OWN)
		return false;
	is_inside = true;
	does = (int64_t)kind_of_caller(caller) == wanted && is_hit(true);
	is_inside = false;
	if (does)
		errno = ENOMEM;
	return does;
}

static void __attribute__((constructor)) start(void)
{
	const char *path = getenv("FAULT_CONTROL");
	void *frames[1], *memory;
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;

	if (fd < 0)
		return;
	backtrace(frames, 1); /* loads what it needs */
	memory = mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE,
		      MAP_SHARED, fd, 0);
	close(fd);
	if (memory != MAP_FAILED)
		control = memory;
}

/* --- allocations ----------------------------------------------------------- */

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);

void *
malloc(size_t n)
{
	return allocation_fails(__builtin_return_address(0)) ? NULL
							     : __libc_malloc(n);
}

void *
calloc(size_t n, size_t size)
{
	return allocation_fails(__builtin_return_address(0))
		       ? NULL
		       : __libc_calloc(n, size);
}

void *
realloc(void *p, size_t n)
{
	return allocation_fails(__builtin_return_address(0))
		       ? NULL
		       : __libc_realloc(p, n);
}

/* --- system calls ---------------------------------------------------------- */

/* Define `name` so that it fails with `error`, returning `value`, when told to. */
#define WRAP(type, name, kind, error, value, parameters, ...)                  \
	type name parameters                                                   \
	{                                                                      \
		static type(*real) parameters;                                 \
                                                                               \
		if (!real)                                                     \
			real = (type(*) parameters)dlsym(RTLD_NEXT, #name);    \
		if (fails(kind)) {                                             \
			errno = error;                                         \
			return value;                                          \
		}                                                              \
		return real(__VA_ARGS__);                                      \
	}

/* A name for this machine that libcurl asks a thread to resolve. */
int
getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
	    struct addrinfo **out)
{
	static int (*real)(const char *, const char *, const struct addrinfo *,
			   struct addrinfo **);

	if (!real)
		real = (typeof(real))dlsym(RTLD_NEXT, "getaddrinfo");
	if (node && strcmp(node, "store.test") == 0)
		node = "127.0.0.1";
	if (fails(LOOKUP))
		return EAI_AGAIN;
	return real(node, service, hints, out);
}

static bool
is_local(int fd)
{
	struct sockaddr_storage name = { .ss_family = AF_UNSPEC };
	socklen_t len = sizeof(name);

	getsockname(fd, (struct sockaddr *)&name, &len);
	return name.ss_family == AF_UNIX;
}

WRAP(int, socket, SOCKET, EMFILE, -1, (int domain, int kind, int protocol),
     domain, kind, protocol)
WRAP(int, connect, CONNECT, ENOBUFS, -1,
     (int fd, const struct sockaddr *address, socklen_t len), fd, address, len)
WRAP(ssize_t, send, is_local(fd) ? WAKE : SEND, ENOBUFS, -1,
     (int fd, const void *data, size_t n, int flags), fd, data, n, flags)
WRAP(ssize_t, write, WRITE, ENOSPC, -1, (int fd, const void *data, size_t n),
     fd, data, n)
WRAP(int, pthread_create, THREAD, EAGAIN, EAGAIN,
     (pthread_t * thread, const pthread_attr_t *attributes,
      void *(*run)(void *), void *arg),
     thread, attributes, run, arg)
