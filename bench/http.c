/* SPDX-License-Identifier: MIT */
/*
 * The HTTP server of the store: see http.h.
 *
 * Why not libmicrohttpd: it was measured first, and is fast enough as long as it
 * answers at once (14,000 pages of 286 kB and 80,000 HEADs a second).  But here
 * an answer waits for its time, for which libmicrohttpd suspends and resumes the
 * connection: with that, 5,000 to 7,000 pages and 50,000 HEADs a second.  This
 * file, in the same minute on the same two cores: 7,000 to 11,000 pages, which it
 * also had to make, and 60,000 HEADs.  It is no slower, needs no package to build
 * with, and knows to the byte when a request has ended, which is counted.
 *
 * Why one thread: it makes and sends ten times as many objects a second as a
 * client that looks at them can take, and the second core is the client's.
 */
#include "config.h"

#include "http.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define REQUEST_MAX (16 << 20)
#define EVENTS_AT_ONCE 64

/* Where bytes are sent at a rate, so many at once. */
#define SLICE 16384

/* What comes at once of a page whose tail is late. */
#define FIRST 4096
#define LATE_MAX_US 50000

/* The first window of a connection: 10 segments, as RFC 6928 says. */
#define WINDOW 14600
#define IDLE_US 300000 /* after which the window is that again */

struct conn {
	int fd;
	struct text in;
	struct request request;
	size_t head_len, request_len; /* of `in` */
	bool is_busy; /* `request` is not answered yet */
	bool is_queued;
	bool is_gone; /* the client */
	bool said_continue;
	uint64_t due_us;
	struct conn *next; /* in the queue */
	struct text rest; /* of an answer: what the socket did not take */
	size_t rest_sent;
	uint64_t rate; /* of the rest, bytes a second; 0: no limit */
	uint64_t rtt_us; /* of the rest, for each window; 0: no windows */
	size_t window;
	uint64_t ended_us; /* when the last answer did; 0: none */
	bool is_answered; /* when its turn comes in the queue: the rest is due */
};

struct server {
	const struct http_options *o;
	int epoll, listener;
	struct conn *first, *last; /* the queue, in order of due_us */
	struct response response; /* its memory is used again and again */
};

uint64_t
clock_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

const char *
request_header(const struct request *r, const char *name, size_t *len)
{
	size_t name_len = strlen(name);

	for (const char *line = r->headers; *line;) {
		const char *end = strstr(line, "\r\n");

		if (strncasecmp(line, name, name_len) == 0 &&
		    line[name_len] == ':') {
			line += name_len + 1;
			line += strspn(line, " \t");
			*len = (size_t)(end - line);
			return line;
		}
		line = end + 2;
	}
	return NULL;
}

/* --- the queue ---------------------------------------------------------------- */

/* Mostly the delays are the same, and then its place is the last one. */
static void
enqueue(struct server *s, struct conn *c, uint64_t due_us)
{
	struct conn **link = &s->first;

	c->is_queued = true;
	c->due_us = due_us;
	if (s->last && s->last->due_us <= c->due_us)
		link = &s->last->next;
	while (*link && (*link)->due_us <= c->due_us)
		link = &(*link)->next;
	c->next = *link;
	*link = c;
	if (!c->next)
		s->last = c;
}

static struct conn *
dequeue(struct server *s)
{
	struct conn *c = s->first;

	s->first = c->next;
	if (!s->first)
		s->last = NULL;
	c->is_queued = false;
	return c;
}

/* --- answers -------------------------------------------------------------------- */

static const char *
reason(int status)
{
	switch (status) {
	case 200:
		return "OK";
	case 204:
		return "No Content";
	case 404:
		return "Not Found";
	case 503:
		return "Slow Down";
	}
	return "Error";
}

static void
end_request(struct server *s, struct conn *c)
{
	if (!c->is_busy)
		return;
	s->o->on_end(s->o->arg, &c->request);
	c->in.len -= c->request_len;
	memmove(c->in.data, c->in.data + c->request_len, c->in.len);
	c->ended_us = clock_us();
	c->is_busy = false;
	c->is_answered = false;
	c->said_continue = false;
}

static void
free_conn(struct server *s, struct conn *c)
{
	end_request(s, c);
	close(c->fd);
	text_clear(&c->in);
	text_clear(&c->rest);
	free(c);
}

/* Give the kernel what it takes, keep the rest. */
static void
send_parts(struct conn *c, struct iovec *parts, int n)
{
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = (size_t)n };
	ssize_t sent = sendmsg(c->fd, &message, MSG_NOSIGNAL);

	if (sent < 0 && errno != EAGAIN) {
		c->is_gone = true;
		return;
	}
	for (int i = 0; i < n; i++) {
		size_t skip = 0;

		if (sent > 0)
			skip = (size_t)sent < parts[i].iov_len
				       ? (size_t)sent
				       : parts[i].iov_len;
		sent -= (ssize_t)skip;
		text_add(&c->rest, (char *)parts[i].iov_base + skip,
			 parts[i].iov_len - skip);
	}
}

static void
answer(struct server *s, struct conn *c)
{
	struct response *r = &s->response;
	struct text head = { 0 };
	struct iovec parts[3];
	size_t length, first;

	r->status = 200;
	r->headers.len = r->body[0].len = r->body[1].len = r->length = 0;
	r->has_no_body = false;
	r->rate = r->tail_us = r->rtt_us = 0;
	s->o->on_answer(s->o->arg, &c->request, r);
	length = r->has_no_body ? r->length : r->body[0].len + r->body[1].len;
	text_printf(&head, "HTTP/1.1 %d %s\r\nServer: bench\r\n", r->status,
		    reason(r->status));
	if (r->status != 204)
		text_printf(&head, "Content-Length: %zu\r\n", length);
	text_add(&head, r->headers.data, r->headers.len);
	text_str(&head, "\r\n");
	parts[0] = (struct iovec){ head.data, head.len };
	parts[1] = (struct iovec){ r->body[0].data, r->body[0].len };
	parts[2] = (struct iovec){ r->body[1].data, r->body[1].len };
	c->is_answered = true;
	c->rate = r->has_no_body ? 0 : r->rate;
	c->rtt_us = r->has_no_body ? 0 : r->rtt_us;
	if (!r->has_no_body && (r->rate || r->tail_us || r->rtt_us)) {
		first = r->body[1].len < FIRST ? r->body[1].len : FIRST;
		parts[2].iov_len = first;
		send_parts(c, parts, 3);
		text_add(&c->rest, r->body[1].data + first,
			 r->body[1].len - first);
		enqueue(s, c, clock_us() + r->tail_us);
	} else {
		send_parts(c, parts, r->has_no_body ? 1 : 3);
	}
	text_clear(&head);
}

/*
 * When `n` bytes more may follow.  That we are late does not add up, unless it was
 * the client who did not read.
 */
static uint64_t
slice_due(const struct conn *c, uint64_t n)
{
	uint64_t now = clock_us(), from = c->due_us;

	if (from + LATE_MAX_US < now)
		from = now;
	return from + (c->rtt_us ? c->rtt_us : n * 1000000 / c->rate);
}

/* Returns whether nothing is left to be sent; else it may be in the queue. */
static bool
send_rest(struct server *s, struct conn *c)
{
	while (c->rest_sent < c->rest.len && !c->is_gone) {
		size_t left = c->rest.len - c->rest_sent;
		size_t slice = c->rtt_us ? c->window : c->rate ? SLICE : left;
		size_t most = left > slice ? slice : left;
		ssize_t n = send(c->fd, c->rest.data + c->rest_sent, most,
				 MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN)
			return false;
		if (n < 0) {
			c->is_gone = true;
			break;
		}
		c->rest_sent += (size_t)n;
		if (c->rtt_us && c->window < 4 << 20)
			c->window *= 2;
		if (c->rtt_us && c->rest_sent == c->rest.len)
			break; /* the client has them all */
		if (c->rate || c->rtt_us) {
			enqueue(s, c, slice_due(c, (uint64_t)n));
			return false;
		}
	}
	c->rest.len = c->rest_sent = 0;
	return true;
}

/* --- requests --------------------------------------------------------------------- */

/* Cuts METHOD PATH?QUERY VERSION at the start of `in` into its parts. */
static bool
parse_line(struct request *r, char *line)
{
	char *target = strchr(line, ' '), *version;

	version = target ? strchr(target + 1, ' ') : NULL;
	if (!version || version[1] != 'H' || target[1] != '/')
		return false;
	*target++ = '\0';
	*version = '\0';
	r->method = line;
	r->path = target;
	r->query = strchr(target, '?');
	if (r->query)
		*r->query++ = '\0';
	else
		r->query = version;
	return true;
}

/* The head is complete: it ends at c->head_len. */
static bool
parse_head(struct conn *c)
{
	struct request *r = &c->request;
	char *line_end = memmem(c->in.data, c->head_len, "\r\n", 2);
	const char *value;
	size_t len;

	*r = (struct request){ 0 };
	c->in.data[c->head_len - 2] = '\0';
	*line_end = '\0';
	r->headers = line_end + 2;
	if (!parse_line(r, c->in.data))
		return false;
	value = request_header(r, "content-length", &len);
	r->body_len = value ? strtoul(value, NULL, 10) : 0;
	c->request_len = c->head_len + r->body_len;
	return r->body_len < REQUEST_MAX;
}

/*
 * A head is parsed, which writes NULs into it, when it is complete, and the
 * body is awaited then; `request` points into `in`, which may move meanwhile.
 */
static void
move_request(struct request *r, ptrdiff_t by)
{
	r->method += by;
	r->path += by;
	r->query += by;
	r->headers += by;
}

/* Returns false if nothing came; the connection may be gone then. */
static bool
receive(struct conn *c)
{
	char *before = c->in.data;
	size_t room = c->in.len < 4096 ? 8192 : c->in.len;
	ssize_t n = recv(c->fd, text_room(&c->in, room + 1), room, 0);

	if (c->head_len)
		move_request(&c->request, c->in.data - before);
	if (n > 0)
		c->in.len += (size_t)n;
	else if (n == 0 || errno != EAGAIN)
		c->is_gone = true;
	return n > 0;
}

static void
say_continue(struct conn *c)
{
	static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
	size_t len;

	if (c->said_continue || !request_header(&c->request, "expect", &len))
		return;
	c->said_continue = true;
	if (send(c->fd, text, sizeof(text) - 1, MSG_NOSIGNAL) < 0)
		c->is_gone = true;
}

/* Whether a whole request is there. */
static bool
has_request(struct conn *c)
{
	if (!c->head_len) {
		const char *end =
			c->in.len ? memmem(c->in.data, c->in.len, "\r\n\r\n", 4)
				  : NULL;

		if (!end)
			return false;
		c->head_len = (size_t)(end - c->in.data) + 4;
		if (!parse_head(c)) {
			c->is_gone = true;
			return false;
		}
	}
	if (c->in.len < c->request_len)
		say_continue(c);
	return c->in.len >= c->request_len;
}

static void
begin_request(struct server *s, struct conn *c)
{
	uint64_t now = clock_us(), delay;

	c->is_busy = true;
	c->request.body = c->in.data + c->head_len;
	c->head_len = 0;
	c->request.is_first = !c->ended_us;
	if (c->ended_us + IDLE_US < now)
		c->window = WINDOW;
	delay = s->o->on_begin(s->o->arg, &c->request, now);
	if (delay)
		enqueue(s, c, now + delay);
	else
		answer(s, c);
}

/* Whatever can be done now; may free the connection. */
static void
serve(struct server *s, struct conn *c)
{
	while (!c->is_queued && send_rest(s, c) && !c->is_gone) {
		end_request(s, c);
		if (has_request(c))
			begin_request(s, c);
		else if (!c->is_gone && !receive(c))
			break;
	}
	if (c->is_gone && !c->is_queued)
		free_conn(s, c);
}

/* --- the loop --------------------------------------------------------------------- */

static void
accept_all(struct server *s)
{
	int fd, on = 1;

	while ((fd = accept4(s->listener, NULL, NULL,
			     SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		struct conn *c = must_realloc(NULL, sizeof(*c));
		struct epoll_event e = { EPOLLIN | EPOLLOUT | EPOLLET,
					 { .ptr = c } };

		*c = (struct conn){ .fd = fd, .window = WINDOW };
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &e);
	}
}

static void
answer_due(struct server *s)
{
	while (s->first && s->first->due_us <= clock_us()) {
		struct conn *c = dequeue(s);

		if (!c->is_gone && !c->is_answered)
			answer(s, c);
		serve(s, c);
	}
}

static void
wait_and_serve(struct server *s)
{
	struct epoll_event events[EVENTS_AT_ONCE];
	struct pollfd ready = { s->epoll, POLLIN, 0 };
	struct timespec timeout = { 0, 0 };
	uint64_t now = clock_us(), wait = 0;
	int n;

	if (s->first && s->first->due_us > now)
		wait = s->first->due_us - now;
	timeout.tv_sec = (time_t)(wait / 1000000);
	timeout.tv_nsec = (long)(wait % 1000000 * 1000);
	/* epoll_wait() counts milliseconds, epoll_pwait2() is not everywhere. */
	ppoll(&ready, 1, s->first ? &timeout : NULL, NULL);
	n = epoll_wait(s->epoll, events, EVENTS_AT_ONCE, 0);
	for (int i = 0; i < n; i++) {
		if (events[i].data.ptr)
			serve(s, events[i].data.ptr);
		else
			accept_all(s);
	}
	answer_due(s);
}

static int
begin_listening(struct server *s)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(s->o->port),
		.sin_addr = { htonl(INADDR_LOOPBACK) },
	};
	struct epoll_event e = { EPOLLIN, { .ptr = NULL } };
	int on = 1;

	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	s->listener =
		socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	setsockopt(s->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(s->listener, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(s->listener, 1024) ||
	    epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->listener, &e)) {
		fprintf(stderr, "store: port %u: %s\n", s->o->port,
			strerror(errno));
		return -1;
	}
	return 0;
}

int
http_serve(const struct http_options *options)
{
	struct server s = { .o = options };

	if (begin_listening(&s))
		return -1;
	for (;;)
		wait_and_serve(&s);
}
