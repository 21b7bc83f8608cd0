/* SPDX-License-Identifier: MIT */
/*
 * HTTP over libcurl's multi interface: see http.h.  Net thread only, but for
 * http_wake().  Knows nothing of S3.
 */
#include "config.h"

#include "net/http.h"

#include <errno.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <curl/curl.h>
#include <utlist.h>

#include "net/curl-error.h"
#include "net/proxy.h"
#include "net/sockets.h"
#include "util/date.h"
#include "util/log.h"
#include "util/wipe.h"

/* Should a call of http_wake() be lost, this is how long it is missed. */
#define SLEEP_MAX_MS 5000

struct http_transfer {
	struct http *http;
	CURL *easy; /* NULL once it has ended */
	bool is_urgent;
	enum { TRANSFER_NEW, TRANSFER_WAITING, TRANSFER_RUNNING } state;
	struct curl_slist *fields;
	http_head_fn *on_head;
	http_data_fn *on_data;
	http_done_fn *on_done;
	void *arg;
	const char *body; /* of the request */
	size_t body_len, body_sent;
	struct http_answer answer;
	bool is_head; /* the request */
	bool has_head; /* the answer: the empty line was seen, and all is well */
	bool was_given_up; /* by us, not by curl; answer.err says why */
	bool is_paused; /* by on_data: no byte can come */
	char curl_msg[CURL_ERROR_SIZE];
	int64_t last_byte_ms;
	struct timer idle;
	struct http_transfer *prev, *next; /* in http->waiting or ->ended */
};

struct http {
	CURLM *multi;
	CURLSH *share; /* TLS sessions */
	CURLSH **old_shares; /* maybe still in use */
	size_t n_old_shares;
	struct http_options o;
	struct trust *trust;
	char *user_agent;
	struct timers *timers;
	struct sockets sockets;
	unsigned n_running; /* that curl has, but for urgent ones */
	struct http_transfer *waiting; /* till it has fewer */
	struct http_transfer *ended; /* completions to be delivered */
	CURL **spare; /* easy handles to be used again */
	size_t n_spare;
};

static void
transfer_free(struct http_transfer *t)
{
	curl_slist_free_all(t->fields);
	buf_clear(&t->answer.head);
	buf_clear(&t->answer.body);
	free(t);
}

/* Take the transfer out of curl; the handle is kept for another one. */
static void
transfer_detach(struct http_transfer *t)
{
	struct http *h = t->http;
	CURL *easy = steal(&t->easy);

	timer_disarm(h->timers, &t->idle);
	if (!easy)
		return;
	if (t->state == TRANSFER_WAITING)
		DL_DELETE(h->waiting, t);
	if (t->state == TRANSFER_RUNNING) {
		curl_multi_remove_handle(h->multi, easy);
		h->n_running -= !t->is_urgent;
	}
	curl_easy_reset(easy); /* connections stay; pointers into `t` go */
	if (h->n_spare < (size_t)h->o.limits->connections)
		h->spare[h->n_spare++] = easy;
	else
		curl_easy_cleanup(easy);
}

/* Its completion is due; delivered by the next http_poll(). */
static void
transfer_end(struct http_transfer *t)
{
	transfer_detach(t);
	LL_PREPEND(t->http->ended, t);
}

static void
set_no_memory(struct http_transfer *t)
{
	err_set(&t->answer.err, ENOMEM, "no memory");
	t->answer.is_retryable = true;
}

/* --- what curl calls --- */

/* Another try may bring a better answer.  Returns what callbacks return then. */
static size_t
give_up(struct http_transfer *t, const struct err *err)
{
	t->answer.err = *err;
	t->answer.is_retryable = true;
	t->was_given_up = true;
	return 0;
}

static void
set_status(struct http_transfer *t)
{
	long status = 0;

	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	t->answer.status = (int)status;
}

static bool
has_body(const struct http_transfer *t)
{
	return !t->is_head && t->answer.status != 204 &&
	       t->answer.status != 304;
}

/* The head has ended.  Returns what on_header() is to return. */
static size_t
end_head(struct http_transfer *t, size_t n)
{
	struct http_answer *a = &t->answer;
	struct err err = ERR_INIT;

	if (http_head_check(&a->head, &err))
		return give_up(t, &err);
	set_status(t);
	if (a->status < 200) { /* the final answer follows */
		a->head.len = 0;
		a->status = 0;
		return n;
	}
	t->has_head = true;
	a->was_ended_by_close = has_body(t) && !http_head_has_length(a);
	if (!t->on_head || t->on_head(t->arg, a) == 0)
		return n;
	t->was_given_up = a->was_refused = true;
	err_set(&a->err, EIO, "answer not accepted");
	return 0; /* curl closes the connection */
}

static bool
is_empty_line(const char *line, size_t n)
{
	return (n == 1 && line[0] == '\n') ||
	       (n == 2 && line[0] == '\r' && line[1] == '\n');
}

/* A line of the head, as it came. */
static size_t
on_header(char *data, size_t size, size_t n, void *arg)
{
	struct http_transfer *t = arg;
	int rc;

	n *= size;
	t->last_byte_ms = date_mono_ms();
	if (t->has_head)
		return n; /* a trailer: nobody has asked for it */
	rc = buf_add(&t->answer.head, data, n);
	if (rc == 0)
		return is_empty_line(data, n) ? end_head(t, n) : n;
	t->was_given_up = true;
	if (rc == -EFBIG)
		err_set(&t->answer.err, EIO,
			"more than %d bytes of header fields", HTTP_HEAD_MAX);
	else
		set_no_memory(t);
	return 0;
}

/* Curl sees the end of a head, or goes on without one, where we do not. */
static size_t
refuse_endless_head(struct http_transfer *t)
{
	struct err err = ERR_INIT;

	err_set(&err, EIO, "the head of the answer has no end");
	return give_up(t, &err);
}

static size_t
on_body(char *data, size_t size, size_t n, void *arg)
{
	struct http_transfer *t = arg;
	int rc;

	n *= size;
	t->last_byte_ms = date_mono_ms();
	if (!t->has_head)
		return refuse_endless_head(t);
	if (t->on_data && t->answer.status == 200) {
		rc = t->on_data(t->arg, data, n);
		t->is_paused = rc == HTTP_PAUSE;
		if (t->is_paused)
			return CURL_WRITEFUNC_PAUSE;
		t->answer.was_refused = rc != 0;
		if (rc)
			err_set(&t->answer.err, EIO, "answer not understood");
	} else {
		rc = buf_add(&t->answer.body, data, n);
		if (rc == -EFBIG)
			err_set(&t->answer.err, EFBIG,
				"answer of more than %zu bytes",
				t->answer.body.max);
		else if (rc)
			set_no_memory(t);
	}
	t->was_given_up = rc != 0;
	return rc == 0 ? n : 0;
}

static size_t
on_read(char *out, size_t size, size_t n, void *arg)
{
	struct http_transfer *t = arg;
	size_t left = t->body_len - t->body_sent;

	n *= size;
	if (n > left)
		n = left;
	if (n > 0)
		memcpy(out, t->body + t->body_sent, n);
	t->body_sent += n;
	t->last_byte_ms = date_mono_ms();
	return n;
}

/* Begin the body again: the connection that was tried first was dead. */
static int
on_seek(void *arg, curl_off_t offset, int origin)
{
	struct http_transfer *t = arg;

	if (origin != SEEK_SET || offset < 0 || (size_t)offset > t->body_len)
		return CURL_SEEKFUNC_CANTSEEK;
	t->body_sent = (size_t)offset;
	return CURL_SEEKFUNC_OK;
}

/* Of a connection that may serve other transfers after this one. */
static curl_socket_t
on_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
	struct http *h = arg;
	int fd = socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);

	(void)purpose;
	if (fd < 0)
		return CURL_SOCKET_BAD;
	sockets_add(&h->sockets, fd);
	return fd;
}

static int
on_socket_close(void *arg, curl_socket_t fd)
{
	struct http *h = arg;

	sockets_remove(&h->sockets, fd);
	return close(fd);
}

static CURLcode
on_tls(CURL *easy, void *ssl_ctx, void *arg)
{
	struct http *h = arg;

	(void)easy;
	trust_apply(h->trust, ssl_ctx);
	return CURLE_OK;
}

/* --- time --- */

/* For how long nothing has moved. */
static int64_t
idle_ms(const struct http_transfer *t)
{
	int64_t idle = date_mono_ms() - t->last_byte_ms, silent = -1;
	long port = 0;

	if (t->is_paused || t->state == TRANSFER_WAITING)
		return 0;
	if (t->state == TRANSFER_RUNNING &&
	    curl_easy_getinfo(t->easy, CURLINFO_LOCAL_PORT, &port) == CURLE_OK)
		silent = sockets_silent_ms(&t->http->sockets, (int)port);
	return silent >= 0 && silent < idle ? silent : idle;
}

static void
on_idle(void *arg)
{
	struct http_transfer *t = arg;
	int64_t limit = t->http->o.limits->request_timeout_ms;
	int64_t left = limit - idle_ms(t);

	if (left > 0) {
		timer_arm(t->http->timers, &t->idle, left);
		return;
	}
	err_set(&t->answer.err, ETIMEDOUT, "no byte for %lld ms",
		(long long)limit);
	t->answer.is_retryable = true;
	transfer_end(t);
}

/* --- requests --- */

/* No file is read: all that is trusted is given by on_tls(). */
static void
set_tls(CURL *e, struct http *h)
{
	curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(e, CURLOPT_CAINFO, NULL);
	curl_easy_setopt(e, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(e, CURLOPT_PROXY_CAINFO, NULL);
	curl_easy_setopt(e, CURLOPT_PROXY_CAPATH, NULL);
	/* else curl would go on with the first store that it has seen */
	curl_easy_setopt(e, CURLOPT_CA_CACHE_TIMEOUT, 0L);
	curl_easy_setopt(e, CURLOPT_SSL_CTX_FUNCTION, on_tls);
	curl_easy_setopt(e, CURLOPT_SSL_CTX_DATA, h);
}

/* NULL where the environment names none: so curl finds none there, either. */
static CURLcode
set_proxy(CURL *e, const struct http_options *o, const char *url)
{
	bool is_tls = strncasecmp(url, "https:", 6) == 0;

	/* whom it is not for is decided here, for curl has other words for it */
	curl_easy_setopt(e, CURLOPT_NOPROXY, "");
	if (o->is_direct || proxy_is_exempt(url))
		return curl_easy_setopt(e, CURLOPT_PROXY, "");
	return curl_easy_setopt(e, CURLOPT_PROXY,
				proxy_for(is_tls ? "https" : "http").value);
}

/* What needs memory is checked: the rest can't fail. */
static CURLcode
set_options(struct http_transfer *t, const struct http_request *r)
{
	const struct http_options *o = &t->http->o;
	CURL *e = t->easy;
	bool is_post = strcmp(r->method, "POST") == 0;
	CURLcode rc;

	curl_easy_setopt(e, CURLOPT_PRIVATE, t);
	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, t->curl_msg);
	rc = curl_easy_setopt(e, CURLOPT_URL, r->url);
	/* keys may hold ".." and "//" */
	curl_easy_setopt(e, CURLOPT_PATH_AS_IS, 1L);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
	if (rc == CURLE_OK)
		rc = set_proxy(e, o, r->url);
	if (r->wants_new_connection)
		curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	/* else removing a handle waits for its resolver thread */
	curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS,
			 (long)o->limits->connect_timeout_ms);
	curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, on_socket);
	curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, t->http);
	curl_easy_setopt(e, CURLOPT_CLOSESOCKETFUNCTION, on_socket_close);
	curl_easy_setopt(e, CURLOPT_CLOSESOCKETDATA, t->http);
	set_tls(e, t->http);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(e, CURLOPT_USERAGENT,
				      t->http->user_agent);
	curl_easy_setopt(e, CURLOPT_HTTPHEADER, t->fields);
	curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(e, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(e, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	if (t->is_head) {
		curl_easy_setopt(e, CURLOPT_NOBODY, 1L);
		/* else curl refuses one that is folded */
		curl_easy_setopt(e, CURLOPT_IGNORE_CONTENT_LENGTH, 1L);
	}
	if (strcmp(r->method, "DELETE") == 0 && rc == CURLE_OK)
		return curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, "DELETE");
	if (strcmp(r->method, "PUT") != 0 && !is_post)
		return rc;
	if (is_post && rc == CURLE_OK)
		rc = curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, "POST");
	curl_easy_setopt(e, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(e, CURLOPT_READFUNCTION, on_read);
	curl_easy_setopt(e, CURLOPT_READDATA, t);
	curl_easy_setopt(e, CURLOPT_SEEKFUNCTION, on_seek);
	curl_easy_setopt(e, CURLOPT_SEEKDATA, t);
	curl_easy_setopt(e, CURLOPT_INFILESIZE_LARGE, (curl_off_t)r->body_len);
	return rc;
}

/* NULL if there is no memory. */
static CURL *
take_easy(struct http *h)
{
	CURL *easy;

	if (h->n_spare > 0)
		easy = h->spare[--h->n_spare];
	else
		easy = curl_easy_init();
	if (easy) /* it may have an old one */
		curl_easy_setopt(easy, CURLOPT_SHARE, h->share);
	return easy;
}

/* Copy the header fields; false if there is no memory. */
static bool
set_fields(struct http_transfer *t, const char *const *fields)
{
	for (; *fields; fields++) {
		struct curl_slist *more = curl_slist_append(t->fields, *fields);

		if (!more)
			return false;
		t->fields = more;
	}
	return true;
}

/* Hand it to curl, which may run out of memory; then it ends soon. */
static void
transfer_run(struct http_transfer *t)
{
	if (curl_multi_add_handle(t->http->multi, t->easy) != CURLM_OK) {
		set_no_memory(t);
		transfer_end(t);
		return;
	}
	t->state = TRANSFER_RUNNING;
	t->last_byte_ms = date_mono_ms();
	t->http->n_running += !t->is_urgent;
}

static bool
has_room(const struct http *h)
{
	return h->n_running < (unsigned)h->o.max_connections;
}

/* Those that have waited longest go on. */
static void
run_waiting(struct http *h)
{
	struct http_transfer *t;

	while (h->waiting && has_room(h)) {
		t = h->waiting;
		DL_DELETE(h->waiting, t);
		t->state = TRANSFER_NEW;
		transfer_run(t);
	}
}

static void
transfer_start(struct http_transfer *t, const struct http_request *r)
{
	struct http *h = t->http;

	if (!t->easy || !set_fields(t, r->headers) ||
	    set_options(t, r) != CURLE_OK) {
		set_no_memory(t);
		transfer_end(t);
	} else if (t->is_urgent || (has_room(h) && !h->waiting)) {
		transfer_run(t);
	} else {
		t->state = TRANSFER_WAITING;
		DL_APPEND(h->waiting, t);
	}
}

struct http_transfer *
http_submit(struct http *h, const struct http_request *r)
{
	struct http_transfer *t = xnew(struct http_transfer);

	t->http = h;
	t->easy = take_easy(h);
	t->is_urgent = r->is_urgent;
	t->is_head = strcmp(r->method, "HEAD") == 0;
	t->on_head = r->on_head;
	t->on_data = r->on_data;
	t->on_done = r->on_done;
	t->arg = r->arg;
	t->body = r->body;
	t->body_len = r->body_len;
	buf_init(&t->answer.head, HTTP_HEAD_MAX);
	buf_init(&t->answer.body, r->body_max);
	timer_init(&t->idle, on_idle, t);
	t->last_byte_ms = date_mono_ms();
	timer_arm(h->timers, &t->idle, h->o.limits->request_timeout_ms);
	log_debug("%s %s", r->method, r->url);
	transfer_start(t, r);
	return t;
}

void
http_cancel(struct http_transfer *t)
{
	if (!t->easy)
		return; /* it has ended; the completion is on its way */
	err_set(&t->answer.err, ECANCELED, "cancelled");
	t->answer.is_retryable = false;
	transfer_end(t);
}

void
http_resume(struct http_transfer *t)
{
	CURLcode code;

	if (!t->easy)
		return; /* it has ended: its completion is on its way */
	t->is_paused = false;
	t->last_byte_ms = date_mono_ms();
	/* which may call on_body(); what that refuses curl does not end itself */
	code = curl_easy_pause(t->easy, CURLPAUSE_CONT);
	if (code == CURLE_OK && !t->was_given_up)
		return;
	if (!t->was_given_up)
		curl_error(&t->answer, (int)code, 0, t->curl_msg);
	transfer_end(t);
}

/* --- completions --- */

static void
on_curl_done(CURLMsg *msg)
{
	struct http_transfer *t = NULL;
	CURLcode code = msg->data.result;
	long os_errno = 0;

	curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &t);
	curl_easy_getinfo(msg->easy_handle, CURLINFO_OS_ERRNO, &os_errno);
	if (code != CURLE_OK && !t->was_given_up)
		curl_error(&t->answer, (int)code, (int)os_errno, t->curl_msg);
	else if (!t->has_head && !t->was_given_up)
		refuse_endless_head(t);
	transfer_end(t);
}

static void
deliver(struct http *h)
{
	struct http_transfer *t;

	while ((t = h->ended)) {
		LL_DELETE(h->ended, t);
		t->on_done(t->arg, &t->answer);
		transfer_free(t);
	}
}

void
http_poll(struct http *h, int timeout_ms)
{
	CURLMsg *msg;
	int n;

	run_waiting(h);
	curl_multi_perform(h->multi, &n);
	while ((msg = curl_multi_info_read(h->multi, &n)))
		if (msg->msg == CURLMSG_DONE)
			on_curl_done(msg);
	if (h->ended) {
		deliver(h);
		return; /* timers and mail may have changed */
	}
	if (timeout_ms < 0 || timeout_ms > SLEEP_MAX_MS)
		timeout_ms = SLEEP_MAX_MS;
	curl_multi_poll(h->multi, NULL, 0, timeout_ms, NULL);
}

void
http_wake(struct http *h)
{
	int tries = 3;

	while (curl_multi_wakeup(h->multi) != CURLM_OK && --tries > 0) {
	}
}

int
http_prepare(struct err *err)
{
	if (trust_prepare(err) != 0)
		return -err->code;
	/* requests have signatures and tokens: curl leaves no copy in its wake */
	if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, wipe_free,
				 wipe_realloc, strdup, calloc) != 0)
		return err_set(err, EIO, "libcurl can't be initialised");
	return 0;
}

int
http_load_trust(struct trust **out, const char *ca_bundle, struct err *err)
{
	const curl_version_info_data *v = curl_version_info(CURLVERSION_NOW);

	return trust_load(out, ca_bundle, v->cainfo, v->capath, err);
}

int
http_load_trust_later(struct trust **out, const char *ca_bundle,
		      struct err *err)
{
	const curl_version_info_data *v = curl_version_info(CURLVERSION_NOW);

	return trust_load_later(out, ca_bundle, v->cainfo, v->capath, err);
}

/* NULL if there is no memory. */
static CURLSH *
new_share(void)
{
	CURLSH *share = curl_share_init();

	if (share &&
	    curl_share_setopt(share, CURLSHOPT_SHARE,
			      CURL_LOCK_DATA_SSL_SESSION) == CURLSHE_OK)
		return share;
	curl_share_cleanup(share);
	return NULL;
}

/* Curl refuses what a handle still has. */
static void
free_old_shares(struct http *h)
{
	size_t n = 0;

	for (size_t i = 0; i < h->n_old_shares; i++)
		if (curl_share_cleanup(h->old_shares[i]) != CURLSHE_OK)
			h->old_shares[n++] = h->old_shares[i];
	h->n_old_shares = n;
}

/*
 * Who resumes a session is who he was when it began, and so is the store: what was
 * trusted then is forgotten with it.
 */
static void
forget_sessions(struct http *h)
{
	CURLSH *fresh = new_share();

	if (!fresh)
		return;
	free_old_shares(h);
	h->old_shares = xrealloc(h->old_shares,
				 (h->n_old_shares + 1) * sizeof(CURLSH *));
	h->old_shares[h->n_old_shares++] = h->share;
	h->share = fresh;
}

void
http_set_trust(struct http *h, struct trust *trust)
{
	trust_unref(h->trust);
	h->trust = trust;
	forget_sessions(h);
}

int
http_new(struct http **out, const struct http_options *o, struct timers *timers,
	 struct err *err)
{
	struct http *h = xnew(struct http);

	h->o = *o;
	h->timers = timers;
	h->trust = trust_ref(o->trust);
	h->user_agent = xstrdup(o->user_agent);
	h->spare = xcalloc((size_t)o->limits->connections, sizeof(CURL *));
	h->multi = curl_multi_init();
	/*
	 * All handles of a multi share its connections and what it knows of
	 * names, for a minute; TLS sessions are each handle's own without this.
	 */
	h->share = new_share();
	if (!h->multi || !h->share) {
		http_free(h);
		return err_set(err, ENOMEM, "libcurl can't be initialised");
	}
	curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS,
			  (long)o->limits->connections);
	curl_multi_setopt(h->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS,
			  (long)o->max_connections + HTTP_URGENT_MAX);
	curl_multi_setopt(h->multi, CURLMOPT_PIPELINING,
			  (long)CURLPIPE_NOTHING);
	*out = h;
	return 0;
}

void
http_free(struct http *h)
{
	if (!h)
		return;
	while (h->n_spare > 0)
		curl_easy_cleanup(h->spare[--h->n_spare]);
	if (h->multi)
		curl_multi_cleanup(h->multi);
	curl_share_cleanup(h->share);
	free_old_shares(h);
	free(h->old_shares);
	sockets_clear(&h->sockets);
	free(h->spare);
	trust_unref(h->trust);
	free(h->user_agent);
	free(h);
}
