/* SPDX-License-Identifier: MIT */
/*
 * Bytes of an answer that wait, with the real curl: taken later, the connection serves
 * the next request; refused later, it is closed, as if they had been refused at once.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/http.h"
#include "util/thread.h"

static const char whole[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

/* Answers all requests of one connection after the other. */
struct server {
	int fd;
	char url[64];
	pthread_t thread;
	unsigned n_connections; /* when the thread has ended */
};

static void
serve_connection(int fd)
{
	char request[4096];

	while (recv(fd, request, sizeof(request), 0) > 0)
		if (send(fd, whole, strlen(whole), MSG_NOSIGNAL) < 0)
			break;
	close(fd);
}

static void *
serve(void *arg)
{
	struct server *s = arg;
	int fd;

	while ((fd = accept(s->fd, NULL, NULL)) >= 0) {
		s->n_connections++;
		serve_connection(fd);
	}
	return NULL;
}

static void
server_start(struct server *s)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof(a);

	*s = (struct server){ .fd = socket(AF_INET, SOCK_STREAM, 0) };
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(s->fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(s->fd, 5), 0);
	assert_int_equal(getsockname(s->fd, (struct sockaddr *)&a, &len), 0);
	snprintf(s->url, sizeof(s->url), "http://127.0.0.1:%d/",
		 ntohs(a.sin_port));
	assert_int_equal(thread_start(&s->thread, serve, s), 0);
}

/* All clients are gone. */
static void
server_stop(struct server *s)
{
	shutdown(s->fd, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	close(s->fd);
}

/* A request whose bytes wait once, and what is said of them then. */
struct call {
	struct http_transfer *transfer;
	int says;
	bool has_paused, is_done;
	int status, code;
	bool was_refused;
};

static int
on_data(void *arg, const char *data, size_t len)
{
	struct call *c = arg;

	assert_memory_equal(data, "hello", len);
	if (c->has_paused)
		return c->says;
	c->has_paused = true;
	return HTTP_PAUSE;
}

static void
on_done(void *arg, const struct http_answer *a)
{
	struct call *c = arg;

	c->is_done = true;
	c->status = a->status;
	c->code = a->err.code;
	c->was_refused = a->was_refused;
}

static struct call
ask(struct http *h, const char *url, int says)
{
	const char *none = NULL;
	struct call c = { .says = says };

	c.transfer = http_submit(h, &(struct http_request){
					    .method = "GET",
					    .url = url,
					    .headers = &none,
					    .on_data = on_data,
					    .on_done = on_done,
					    .arg = &c,
				    });
	while (!c.has_paused)
		http_poll(h, 1000);
	http_resume(c.transfer);
	assert_false(c.is_done);
	while (!c.is_done)
		http_poll(h, 1000);
	return c;
}

static void
test_resume(void **state)
{
	static const struct limits limits = { .connect_timeout_ms = 60000,
					      .request_timeout_ms = 60000,
					      .connections = 4 };
	struct timers timers = { 0 };
	struct err err = ERR_INIT;
	struct trust *trust;
	struct server server;
	struct http *h;
	struct call c;

	(void)state;
	server_start(&server);
	assert_int_equal(http_load_trust(&trust, NULL, &err), 0);
	assert_int_equal(http_new(&h,
				  &(struct http_options){ .trust = trust,
							  .user_agent = "test",
							  .limits = &limits,
							  .max_connections = 4,
							  .is_direct = true },
				  &timers, &err),
			 0);
	for (int i = 0; i < 2; i++) {
		c = ask(h, server.url, 0);
		assert_int_equal(c.code, 0);
		assert_int_equal(c.status, 200);
	}
	for (int i = 0; i < 3; i++) {
		c = ask(h, server.url, -1);
		assert_int_equal(c.code, EIO);
		assert_true(c.was_refused);
	}
	http_free(h);
	trust_unref(trust);
	server_stop(&server);
	assert_int_equal(server.n_connections, 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_resume),
	};
	struct err err = ERR_INIT;

	if (http_prepare(&err))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
