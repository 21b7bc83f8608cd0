/* SPDX-License-Identifier: MIT */
/*
 * Texts over HTTP: see web.h.  Main thread: libmicrohttpd has none of its own here, it
 * is called when its sockets, or we, have something to do.
 */
#include "config.h"

#include "cli/web.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <microhttpd.h>
#include <utlist.h>

#include "util/date.h"
#include "util/hangup.h"
#include "util/log.h"

#define CLIENT_MS 10000 /* as long as Prometheus waits for an answer */
#define CLIENT_FULL_MS 1000 /* while all connections are taken */
#define HEAD_MAX (16 * 1024) /* with what libmicrohttpd needs besides */
#define SHARED_MS 1000

const bool web_is_built = true;

struct client {
	int fd;
	int64_t since_ms;
	bool is_over; /* it is shut down, and will be closed */
	struct client *prev, *next;
};

/* A page as it was made last. */
struct shown {
	struct MHD_Response *response; /* NULL: not yet */
	unsigned status;
	int64_t until_ms;
};

struct web {
	const struct web_options *o;
	struct MHD_Daemon *daemon;
	struct client *clients; /* the oldest first */
	size_t n_clients;
	struct shown *shown; /* by page */
};

/* --- texts --- */

/* Takes the text. */
static struct MHD_Response *
new_response(struct buf *text, const char *type)
{
	size_t len = text->len;
	struct MHD_Response *r = MHD_create_response_from_buffer(
		len, buf_steal(text), MHD_RESPMEM_MUST_FREE);

	if (!r)
		die_no_memory();
	MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	MHD_add_response_header(r, MHD_HTTP_HEADER_CONNECTION, "close");
	return r;
}

static void
make(const struct web *w, const struct web_page *page, struct shown *s)
{
	struct buf text CLEANUP_BUF = BUF_INIT(w->o->text_max);
	int rc = page->make(w->o->arg, &text);

	s->status = rc < 0 ? MHD_HTTP_INTERNAL_SERVER_ERROR : (unsigned)rc;
	if (rc < 0) { /* half of it would be wrong */
		log_warn("%s: %s", page->path, strerror(-rc));
		buf_clear(&text);
		buf_printf(&text, "%s\n", strerror(-rc));
	}
	if (s->response)
		MHD_destroy_response(s->response); /* who reads it keeps it */
	s->response = new_response(&text, page->type);
	s->until_ms = date_mono_ms() + SHARED_MS;
}

static enum MHD_Result
answer_with_page(struct web *w, struct MHD_Connection *c, size_t i)
{
	struct shown *s = &w->shown[i];

	if (!s->response || date_mono_ms() >= s->until_ms)
		make(w, &w->o->pages[i], s);
	return MHD_queue_response(c, s->status, s->response);
}

static enum MHD_Result
answer_with_error(struct MHD_Connection *c, unsigned status, const char *text)
{
	struct buf copy CLEANUP_BUF = BUF_INIT(strlen(text));
	struct MHD_Response *r;
	enum MHD_Result result;

	buf_add_str(&copy, text);
	r = new_response(&copy, "text/plain; charset=utf-8");
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(r, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	result = MHD_queue_response(c, status, r);
	MHD_destroy_response(r);
	return result;
}

/* Called when there is a head; if there is a body, too, nobody reads it. */
static enum MHD_Result
on_request(void *arg, struct MHD_Connection *c, const char *path,
	   const char *method, const char *version, const char *data,
	   size_t *len, void **state)
{
	struct web *w = arg;

	(void)version;
	(void)data;
	(void)len;
	(void)state;
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 &&
	    strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return answer_with_error(c, MHD_HTTP_METHOD_NOT_ALLOWED,
					 "only GET and HEAD\n");
	for (size_t i = 0; i < w->o->n_pages; i++)
		if (strcmp(path, w->o->pages[i].path) == 0)
			return answer_with_page(w, c, i);
	return answer_with_error(c, MHD_HTTP_NOT_FOUND, "not found\n");
}

/* A path is as it is, so that none has two names. */
static size_t
leave_escaped(void *arg, struct MHD_Connection *c, char *s)
{
	(void)arg;
	(void)c;
	return strlen(s);
}

/* --- clients --- */

static void
on_connection(void *arg, struct MHD_Connection *c, void **state,
	      enum MHD_ConnectionNotificationCode what)
{
	struct web *w = arg;
	struct client *client = *state;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		client = xnew(struct client);
		client->fd = MHD_get_connection_info(
				     c, MHD_CONNECTION_INFO_CONNECTION_FD)
				     ->connect_fd;
		client->since_ms = date_mono_ms();
		DL_APPEND(w->clients, client);
		w->n_clients++;
		*state = client;
	} else {
		DL_DELETE(w->clients, client);
		w->n_clients--;
		free(client);
	}
}

/* The time of the oldest is up in so much; -1: there is none. */
static int64_t
left_ms(const struct web *w)
{
	int64_t limit =
		w->n_clients < WEB_CLIENTS_MAX ? CLIENT_MS : CLIENT_FULL_MS;
	const struct client *c;
	int64_t left;

	DL_FOREACH (w->clients, c) {
		if (c->is_over)
			continue;
		left = c->since_ms + limit - date_mono_ms();
		return left < 0 ? 0 : left;
	}
	return -1;
}

/* The library's own limit is one of silence.  It finds the connection ended. */
static void
end_slow(struct web *w)
{
	struct client *c;

	while (left_ms(w) == 0) {
		DL_FOREACH (w->clients, c)
			if (!c->is_over)
				break;
		c->is_over = true;
		shutdown(c->fd, SHUT_RDWR);
	}
}

/* --- the loop --- */

static int
wait_ms(const struct web *w)
{
	MHD_UNSIGNED_LONG_LONG of_library;
	int64_t left = left_ms(w);

	if (MHD_get_timeout(w->daemon, &of_library) == MHD_YES &&
	    (left < 0 || of_library < (uint64_t)left))
		left = (int64_t)of_library;
	return left > INT32_MAX ? INT32_MAX : (int)left;
}

static void
run(struct web *w)
{
	struct pollfd fds[] = {
		{ .fd = MHD_get_daemon_info(w->daemon, MHD_DAEMON_INFO_EPOLL_FD)
				->epoll_fd,
		  .events = POLLIN },
		{ .fd = w->o->end_fd, .events = POLLIN },
	};

	while (!fds[1].revents) {
		poll(fds, ARRAY_SIZE(fds), wait_ms(w));
		MHD_run(w->daemon);
		end_slow(w);
	}
}

static void
forget_pages(struct web *w)
{
	for (size_t i = 0; i < w->o->n_pages; i++)
		if (w->shown[i].response)
			MHD_destroy_response(w->shown[i].response);
	free(w->shown);
}

int
web_serve(const struct web_options *o, struct err *err)
{
	struct web w = { .o = o };

	hangup_block(SIGPIPE); /* of clients who do not wait */
	w.daemon = MHD_start_daemon(
		MHD_USE_EPOLL, 0, NULL, NULL, on_request, &w,
		MHD_OPTION_LISTEN_SOCKET, o->listen_fd,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)WEB_CLIENTS_MAX,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEAD_MAX,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, &w,
		MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL,
		MHD_OPTION_END);
	if (!w.daemon) {
		close(o->listen_fd);
		return err_set(err, EIO, "libmicrohttpd does not start");
	}
	w.shown = xcalloc(o->n_pages, sizeof(*w.shown));
	run(&w);
	MHD_stop_daemon(w.daemon);
	forget_pages(&w);
	return 0;
}
