/* SPDX-License-Identifier: MIT */
/*
 * How fast the store itself is: a client that does nothing but ask.
 *
 *     ceiling PORT BUCKET CONNECTIONS list     all pages, of 1,000 objects
 *     ceiling PORT BUCKET CONNECTIONS all      and then HEAD each delta
 *
 * It knows the formula of the bucket, so the pages need not wait for each
 * other, and it reads answers but does not look into them.  Nothing that must
 * find out what is in the bucket can be faster on this store, with as many
 * connections.  Prints one object in JSON.  One thread.
 */
#include "config.h"

#include "formula.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PAGE 1000
#define HEAD_MAX 4096
#define CHUNK (256 << 10)

struct peer {
	int fd;
	char head[HEAD_MAX];
	size_t head_len;
	size_t to_come; /* of the body */
	bool is_head; /* what was asked with HEAD has no body */
};

struct client {
	struct formula f;
	const char *bucket;
	bool does_heads;
	uint32_t next_page, next_object; /* what is asked next */
	struct dir dir; /* of next_object */
	unsigned pages, heads, failed; /* answered */
	unsigned n_open; /* requests */
	uint64_t bytes;
	char *chunk; /* where bodies go */
};

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
die(const char *what)
{
	fprintf(stderr, "ceiling: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* --- what is asked ---------------------------------------------------------------- */

static void
write_page_request(struct client *c, struct text *out)
{
	char after[KEY_SIZE];

	text_printf(out, "GET /%s?list-type=2&encoding-type=url&max-keys=%u",
		    c->bucket, PAGE);
	if (c->next_page) {
		text_str(out, "&start-after=");
		text_uri(out, after,
			 formula_key(&c->f, c->next_page - 1, after));
	}
	c->next_page += PAGE;
}

/* Whether there is a delta at or behind next_object, which becomes it. */
static bool
find_delta(struct client *c)
{
	struct item item;

	for (; c->next_object < c->f.n_objects; c->next_object++) {
		if (c->next_object >= c->dir.end)
			formula_dir(&c->f, c->next_object, &c->dir);
		formula_item(&c->f, &c->dir, c->next_object, &item);
		if (item.kind == DELTA)
			return true;
	}
	return false;
}

static void
write_head_request(struct client *c, struct text *out)
{
	char key[KEY_SIZE];
	struct text encoded = { 0 };

	text_uri(&encoded, key, formula_key(&c->f, c->next_object++, key));
	text_printf(out, "HEAD /%s/", c->bucket);
	for (size_t i = 0; i < encoded.len; i++) /* a path has no "+" */
		text_add(out, encoded.data[i] == '+' ? "%20" : encoded.data + i,
			 encoded.data[i] == '+' ? 3 : 1);
	text_clear(&encoded);
}

/* Ask for what comes next; false if there is nothing left. */
static bool
ask(struct client *c, struct peer *p)
{
	struct text out = { 0 };

	if (c->next_page < c->f.n_objects) {
		write_page_request(c, &out);
		p->is_head = false;
	} else if (c->does_heads && find_delta(c)) {
		write_head_request(c, &out);
		p->is_head = true;
	} else {
		return false;
	}
	text_str(&out, " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
	p->head_len = p->to_come = 0;
	if (send(p->fd, out.data, out.len, MSG_NOSIGNAL) != (ssize_t)out.len)
		die("send");
	text_clear(&out);
	c->n_open++;
	return true;
}

/* --- what is answered --------------------------------------------------------------- */

static void
count_answer(struct client *c, struct peer *p)
{
	c->n_open--;
	if (strncmp(p->head, "HTTP/1.1 200", 12) != 0)
		c->failed++;
	else if (p->is_head)
		c->heads++;
	else
		c->pages++;
	ask(c, p);
}

/* The head is read for the sake of the length in it. */
static void
take_head(struct client *c, struct peer *p, const char *data, size_t len)
{
	size_t room = HEAD_MAX - 1 - p->head_len, more = len;
	const char *end, *value;

	if (more > room)
		more = room;
	memcpy(p->head + p->head_len, data, more);
	p->head[p->head_len + more] = '\0';
	end = strstr(p->head, "\r\n\r\n");
	value = strstr(p->head, "Content-Length: ");
	if (!end || !value)
		die("not a head");
	p->to_come = p->is_head ? 0 : strtoul(value + 16, NULL, 10);
	p->to_come -= len - ((size_t)(end + 4 - p->head) - p->head_len);
	p->head_len = (size_t)(end + 4 - p->head);
	if (!p->to_come)
		count_answer(c, p);
}

static void
on_readable(struct client *c, struct peer *p)
{
	ssize_t n;

	while ((n = recv(p->fd, c->chunk, CHUNK, MSG_DONTWAIT)) > 0) {
		c->bytes += (size_t)n;
		if (!p->head_len) {
			take_head(c, p, c->chunk, (size_t)n);
			continue;
		}
		p->to_come -= (size_t)n;
		if (!p->to_come)
			count_answer(c, p);
	}
	if (n == 0 || errno != EAGAIN)
		die("the store closed the connection");
}

/* --- the run ------------------------------------------------------------------------ */

static void
connect_peer(struct peer *p, int epoll, uint16_t port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons(port),
				       .sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct epoll_event e = { EPOLLIN, { .ptr = p } };
	int on = 1;

	*p = (struct peer){ .fd = socket(AF_INET, SOCK_STREAM, 0) };
	if (p->fd < 0 ||
	    connect(p->fd, (struct sockaddr *)&address, sizeof(address)))
		die("connect");
	setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	epoll_ctl(epoll, EPOLL_CTL_ADD, p->fd, &e);
}

static void
run(struct client *c, uint16_t port, unsigned connections)
{
	struct peer *peers = must_realloc(NULL, connections * sizeof(*peers));
	struct epoll_event events[64];
	int epoll = epoll_create1(0), n;
	unsigned n_peers = 0;

	do
		connect_peer(&peers[n_peers], epoll, port);
	while (ask(c, &peers[n_peers++]) && n_peers < connections);
	while (c->n_open) {
		n = epoll_wait(epoll, events, 64, -1);
		for (int i = 0; i < n; i++)
			on_readable(c, events[i].data.ptr);
	}
	while (n_peers)
		close(peers[--n_peers].fd);
	close(epoll);
	free(peers);
}

int
main(int argc, char **argv)
{
	struct client c = { .chunk = must_realloc(NULL, CHUNK) };
	struct rlimit files;
	struct rusage usage;
	double start;

	if (argc != 5 || !formula_parse(&c.f, argv[2]) || atoi(argv[3]) < 1) {
		fprintf(stderr, "usage: ceiling PORT BUCKET CONNECTIONS "
				"list|all\n");
		return 2;
	}
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	c.bucket = argv[2];
	c.does_heads = strcmp(argv[4], "all") == 0;
	start = now();
	run(&c, (uint16_t)atoi(argv[1]), (unsigned)atoi(argv[3]));
	start = now() - start;
	getrusage(RUSAGE_SELF, &usage);
	printf("{\"seconds\": %.6f, \"pages\": %u, \"heads\": %u, "
	       "\"failed\": %u, \"bytes\": %" PRIu64 ", \"cpu\": %.3f}\n",
	       start, c.pages, c.heads, c.failed, c.bytes,
	       (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec +
		       (double)(usage.ru_utime.tv_usec +
				usage.ru_stime.tv_usec) /
			       1e6);
	free(c.chunk);
	return c.failed != 0;
}
