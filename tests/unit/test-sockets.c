/* SPDX-License-Identifier: MIT */
/*
 * For how long nothing has come in at a socket, found by its port.
 */
#include "config.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/sockets.h"

static struct sockaddr_in
address(int fd)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof(a);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	return a;
}

/* A connection to ourselves; returns our end, its other end in *peer. */
static int
connected(int *peer)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	int listening = socket(AF_INET, SOCK_STREAM, 0);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(listening, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(listening, 1), 0);
	a = address(listening);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	*peer = accept(listening, NULL, NULL);
	assert_true(*peer >= 0);
	close(listening);
	return fd;
}

static void
wait_ms(long ms)
{
	nanosleep(&(struct timespec){ .tv_nsec = ms * 1000000 }, NULL);
}

static void
test_silence(void **state)
{
	struct sockets s = { .fds = NULL };
	int peer, fd = connected(&peer), port = ntohs(address(fd).sin_port);
	int64_t before;

	(void)state;
	assert_int_equal(sockets_silent_ms(&s, port), -1);
	sockets_add(&s, fd);
	sockets_add(&s, peer);
	wait_ms(300);
	before = sockets_silent_ms(&s, port);
	assert_true(before >= 200);
	assert_int_equal(write(fd, "x", 1), 1); /* out, not in */
	assert_true(sockets_silent_ms(&s, port) >= 200);
	assert_int_equal(write(peer, "x", 1), 1);
	assert_true(sockets_silent_ms(&s, port) < before);
	assert_int_equal(sockets_silent_ms(&s, 0), -1);
	assert_int_equal(sockets_silent_ms(&s, 1), -1);
	sockets_remove(&s, fd);
	assert_int_equal(sockets_silent_ms(&s, port), -1);
	sockets_clear(&s);
	close(fd);
	close(peer);
}

/* What is no TCP socket is passed over. */
static void
test_others(void **state)
{
	struct sockets s = { .fds = NULL };
	int fds[40];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		fds[i] = socket(AF_UNIX, SOCK_STREAM, 0);
		sockets_add(&s, fds[i]);
	}
	sockets_add(&s, -1);
	assert_int_equal(sockets_silent_ms(&s, 80), -1);
	sockets_remove(&s, -2);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		sockets_remove(&s, fds[i]);
		close(fds[i]);
	}
	assert_int_equal(s.n, 1);
	sockets_clear(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
