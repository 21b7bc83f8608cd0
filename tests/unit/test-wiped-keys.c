/* SPDX-License-Identifier: MIT */
/*
 * What signing leaves on the stack: none of the keys that follow from the secret
 * one, no signature.  It runs in a thread whose stack is ours, and is looked for
 * there once the thread has ended, before anything else can have covered it.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "auth/sigv4.h"

#define SECRET_KEY "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
#define STACK_SIZE ((size_t)1 << 20)

static const struct sigv4_scope scope = {
	.amz_date = "20130524T000000Z",
	.region = "us-east-1",
	.service = "s3",
};

static const unsigned char some_key[SHA256_LEN] =
	"a key that is found if it stays";

typedef void run_fn(void);

/* Deep enough that the end of the thread covers nothing. */
static void *
run_deep(void *arg)
{
	char room[16 * 1024];
	run_fn *const *run = arg;

	explicit_bzero(room, sizeof(room));
	(*run)();
	explicit_bzero(room, sizeof(room));
	return NULL;
}

/* The stack after `run`, to be freed. */
static char *
stack_after(run_fn *run)
{
	void *stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	char *copy = xmalloc(STACK_SIZE);
	pthread_attr_t attributes;
	pthread_t thread;

	assert_true(stack != MAP_FAILED);
	pthread_attr_init(&attributes);
	pthread_attr_setstack(&attributes, stack, STACK_SIZE);
	assert_int_equal(pthread_create(&thread, &attributes, run_deep, &run),
			 0);
	pthread_join(thread, NULL);
	pthread_attr_destroy(&attributes);
	/* by the kernel: to valgrind it is nobody's memory any more */
	assert_int_equal(
		pread(memory, copy, STACK_SIZE, (off_t)(uintptr_t)stack),
		STACK_SIZE);
	close(memory);
	munmap(stack, STACK_SIZE);
	return copy;
}

/* Either half: the rest may have been covered. */
static bool
has(const char *stack, const unsigned char bytes[SHA256_LEN])
{
	return memmem(stack, STACK_SIZE, bytes, SHA256_LEN / 2) ||
	       memmem(stack, STACK_SIZE, bytes + SHA256_LEN / 2,
		      SHA256_LEN / 2);
}

/* As it is, as a hash is keyed with it, and as the state of one that gave it. */
static bool
has_any_form(const char *stack, const unsigned char key[SHA256_LEN])
{
	unsigned char inner[SHA256_LEN], outer[SHA256_LEN], words[SHA256_LEN];

	for (size_t i = 0; i < SHA256_LEN; i++) {
		inner[i] = key[i] ^ 0x36;
		outer[i] = key[i] ^ 0x5c;
		words[i] = key[i ^ 3];
	}
	return has(stack, key) || has(stack, inner) || has(stack, outer) ||
	       has(stack, words);
}

static void
leave_key(void)
{
	volatile unsigned char key[SHA256_LEN];

	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = some_key[i] ^ 0x5c;
}

static void
test_finds_what_stays(void **state)
{
	CLEANUP_FREE char *stack = stack_after(leave_key);

	(void)state;
	assert_true(has_any_form(stack, some_key));
}

static void
authenticate(void)
{
	unsigned char out[SHA256_LEN];

	hmac_sha256(some_key, sizeof(some_key), "text", 4, out);
	explicit_bzero(out, sizeof(out));
}

/* Neither the key nor the inner hash, with which another result could be made. */
static void
test_hmac(void **state)
{
	CLEANUP_FREE char *stack = stack_after(authenticate);
	unsigned char block[64] = { 0 }, inner[SHA256_LEN], out[SHA256_LEN];
	struct sha256 *h = sha256_new();

	(void)state;
	memcpy(block, some_key, sizeof(some_key));
	for (size_t i = 0; i < sizeof(block); i++)
		block[i] ^= 0x36;
	sha256_add(h, block, sizeof(block));
	sha256_add(h, "text", 4);
	sha256_end(h, inner);
	sha256_free(h);
	hmac_sha256(some_key, sizeof(some_key), "text", 4, out);
	assert_false(has_any_form(stack, some_key));
	assert_false(has_any_form(stack, inner));
	assert_false(has_any_form(stack, out));
}

static void
sign(void)
{
	char signature[SHA256_HEX_LEN];

	sigv4_signature(signature, &scope, SECRET_KEY, "text");
	explicit_bzero(signature, sizeof(signature));
}

static void
test_signature(void **state)
{
	static const char *const steps[] = { "20130524", "us-east-1", "s3",
					     "aws4_request", "text" };
	CLEANUP_FREE char *stack = stack_after(sign);
	unsigned char key[SHA256_LEN], next[SHA256_LEN];

	(void)state;
	hmac_sha256("AWS4" SECRET_KEY, strlen("AWS4" SECRET_KEY), steps[0],
		    strlen(steps[0]), key);
	assert_false(has_any_form(stack, key));
	for (size_t i = 1; i < sizeof(steps) / sizeof(steps[0]); i++) {
		hmac_sha256(key, sizeof(key), steps[i], strlen(steps[i]), next);
		memcpy(key, next, sizeof(key));
		assert_false(has_any_form(stack, key));
	}
	assert_null(memmem(stack, STACK_SIZE, &SECRET_KEY[8], 16));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_finds_what_stays),
		cmocka_unit_test(test_hmac),
		cmocka_unit_test(test_signature),
	};

	return cmocka_run_group_tests_name("wiped keys", tests, NULL, NULL);
}
