/* SPDX-License-Identifier: MIT */
/*
 * Current keys: see creds.h.  The auth thread looks for them, any thread gets them.
 * Knows which source wins and when to ask again, not where keys come from, nor how
 * requests are signed.
 *
 * A look is one round through the sources.  They are counted: asked for, begun, ended.  At
 * most one is under way and one more is asked for, so who needs what is true from now on
 * waits for the end of the next one that begins.
 */
#include "config.h"

#include "auth/creds.h"

#include <errno.h>

#include "auth/profiles.h"
#include "auth/variables.h"
#include "util/child.h"
#include "util/date.h"
#include "util/lock.h"
#include "util/log.h"
#include "util/thread.h"

#define LOOK_INTERVAL_MS 1000

/* So much a look may take before those who have keys go on with these. */
#define PATIENCE_MS 100

/* In order of precedence. */
static const struct source *const sources[] = {
	&source_environment, /* no file is looked at */
	&source_files, /* reads them for those below */
	&source_role, /* before what the same profile has besides */
	&source_web_identity, /* before keys that are written down */
	&source_sso,
	&source_credentials_file,
	&source_login, /* which is not built */
	&source_process, /* between the two files */
	&source_config_file,
	&source_credential_file,
	&source_boto,
	&source_container, /* what is around us comes after what is configured */
	&source_imds, /* the last one: it is asked where nothing is configured */
};

_Static_assert(ARRAY_SIZE(sources) <= CREDS_SOURCES_MAX,
	       "creds_said() has too little room");

struct creds_chain {
	void *sources[ARRAY_SIZE(sources)]; /* NULL: not to be asked */
	struct profiles *profiles;
	struct children children; /* that sources run: they end when we do */
	bool is_fixed; /* these keys for ever */
	int64_t wait_ms;
	pthread_t thread;

	/* under lock */
	pthread_mutex_t lock;
	pthread_cond_t is_asked; /* for a look, or to end */
	bool has_thread;
	bool is_looking; /* which may take for ever */
	bool is_over; /* creds_free() was called */
	unsigned n_asked, n_begun, n_ended; /* looks */
	int64_t looked_ms; /* when the last one began */
	int64_t pending_ms; /* since when there is one that has not ended */
	enum must_look must_look; /* the next one: whatever stat(2) says */
	/* The sources that were asked by this look, or by the last one. */
	struct creds_said said[ARRAY_SIZE(sources)];
	size_t n_said;
	struct keys *keys; /* NULL: none */
	struct err err; /* why there are none */
	bool is_failing; /* keys go on that could not be looked for again */
	int64_t due_ms; /* when a look is due that nobody asks for; 0: never */
	bool is_used; /* the keys, since the last look: they are kept fresh */
	bool is_renewing; /* a look that nobody has asked for */
	creds_wake_fn *wake;
	void *wake_arg;
};

/* --- looks --- */

/* Why there are none: the places, and one more. */
static void
add_place(struct err *none, const struct err *silent)
{
	if (!silent->msg[0])
		return;
	if (none->code)
		err_set(none, EACCES, "%s, %s", none->msg, silent->msg);
	else
		err_set(none, EACCES, "no credentials found: %s", silent->msg);
}

/* "https://host:1" of a longer one: what is before the host or behind it may be a secret. */
static void
copy_host(char *out, size_t size, const char *url)
{
	const char *scheme_end = strstr(url, "://"), *host, *at;
	size_t len;

	*out = '\0';
	if (!scheme_end)
		return;
	host = scheme_end + 3;
	len = strcspn(host, "/?#\\");
	at = memrchr(host, '@', len);
	if (at) {
		len -= (size_t)(at + 1 - host);
		host = at + 1;
	}
	snprintf(out, size, "%.*s%.*s", (int)(scheme_end + 3 - url), url,
		 (int)len, host);
}

static void
begin_source(struct creds_chain *c, const char *name)
{
	LOCKED(c);
	struct creds_said *said = &c->said[c->n_said++];

	said->source = name;
	said->err = (struct err)ERR_INIT;
	said->host[0] = '\0';
	said->err.code = EINPROGRESS;
}

static void
end_source(struct creds_chain *c, size_t i, const struct err *err)
{
	const struct source *s = sources[i];
	bool has_keys = err->code == 0, is_silent = err->code == ENOENT;
	int64_t due = has_keys && s->due_ms ? s->due_ms(c->sources[i]) : 0;
	CLEANUP_FREE char *url =
		s->dup_url && !is_silent ? s->dup_url(c->sources[i]) : NULL;
	LOCKED(c);
	struct creds_said *said = &c->said[c->n_said - 1];

	said->err = *err;
	copy_host(said->host, sizeof(said->host), url ? url : "");
	c->due_ms = due;
}

/* Without the auth thread nobody waits for a program or a service. */
static int
ask_source(struct creds_chain *c, size_t i, enum must_look must_look,
	   struct keys **found, struct err *err)
{
	const struct source *s = sources[i];

	if (c->has_thread || !s->is_configured)
		return s->ask(c->sources[i], must_look, found, err);
	if (s->is_configured(c->sources[i]))
		return err_set(err, EINPROGRESS, "%s: not asked yet", s->name);
	return err_set(err, ENOENT, "%s", "");
}

/* One source after the other, until one says something. */
static int
ask_sources(struct creds_chain *c, enum must_look must_look,
	    struct keys **found, struct err *err)
{
	struct err none = ERR_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
		struct err silent = ERR_INIT;
		int rc;

		if (!c->sources[i])
			continue;
		begin_source(c, sources[i]->name);
		rc = ask_source(c, i, must_look, found, &silent);
		end_source(c, i, &silent);
		if (rc == 0)
			return 0;
		if (rc != -ENOENT)
			return err_copy(err, &silent);
		add_place(&none, &silent);
	}
	return err_copy(err, &none);
}

static enum must_look
begin_look(struct creds_chain *c)
{
	LOCKED(c);
	enum must_look must_look = c->must_look;

	c->n_begun = c->n_asked;
	c->looked_ms = date_mono_ms();
	c->must_look = LOOK_IF_CHANGED;
	c->is_used = false;
	c->n_said = 0;
	return must_look;
}

static void
set_keys(struct creds_chain *c, struct keys *found, const struct err *err)
{
	keys_unref(c->keys);
	c->keys = found;
	c->err = *err;
	if (!found)
		c->err.code = EACCES;
}

/*
 * A source that could not be asked has not taken back what it gave before.  Returns
 * whether that is news.
 */
static bool
end_look(struct creds_chain *c, struct keys *found, const struct err *err)
{
	LOCKED(c);
	bool has_failed = c->keys && !keys_have_expired(c->keys) && err->code &&
			  err->code != EACCES;
	bool is_news = has_failed && !c->is_failing;

	c->n_ended = c->n_begun;
	c->pending_ms = date_mono_ms();
	c->is_failing = has_failed;
	c->is_renewing = false;
	if (!has_failed)
		set_keys(c, found, err);
	if (c->wake)
		c->wake(c->wake_arg);
	return is_news;
}

static void
look(struct creds_chain *c)
{
	enum must_look must_look = begin_look(c);
	struct keys *found = NULL;
	struct err err = ERR_INIT;

	ask_sources(c, must_look, &found, &err);
	if (end_look(c, found, &err))
		log_warn("%s; the keys from before go on", err.msg);
}

/* --- the auth thread --- */

static void
destroy(struct creds_chain *c)
{
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
		if (c->sources[i])
			sources[i]->free(c->sources[i]);
	profiles_free(c->profiles);
	children_clear(&c->children);
	keys_unref(c->keys);
	pthread_cond_destroy(&c->is_asked);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

/* The number of one that has not ended; `is_next`: that has not begun, either. */
static unsigned
ask_for_look(struct creds_chain *c, bool is_next, int64_t now_ms)
{
	if (!is_next && c->n_asked != c->n_ended)
		return c->n_ended + 1;
	if (c->n_asked == c->n_ended)
		c->pending_ms = now_ms;
	if (c->n_asked == c->n_begun)
		c->n_asked++;
	pthread_cond_signal(&c->is_asked);
	return c->n_asked;
}

/* Until it is asked, or a look is due for keys that are used. */
static void
sleep_once(struct creds_chain *c)
{
	int64_t due = c->due_ms;
	struct timespec then = { .tv_sec = due / 1000,
				 .tv_nsec = due % 1000 * 1000000 };

	if (!due || !c->is_used)
		pthread_cond_wait(&c->is_asked, &c->lock);
	else if (date_mono_ms() < due)
		pthread_cond_timedwait(&c->is_asked, &c->lock, &then);
	else
		c->is_renewing = true;
}

/* False: it is over. */
static bool
wait_for_work(struct creds_chain *c)
{
	LOCKED(c);

	while (c->n_asked == c->n_begun && !c->is_renewing && !c->is_over)
		sleep_once(c);
	if (c->is_renewing)
		ask_for_look(c, true, date_mono_ms());
	c->is_looking = !c->is_over;
	return c->is_looking;
}

/* False: it is over, and nobody waits for this thread. */
static bool
end_work(struct creds_chain *c)
{
	LOCKED(c);

	c->is_looking = false;
	return !c->is_over;
}

static void *
serve(void *arg)
{
	struct creds_chain *c = arg;

	while (wait_for_work(c)) {
		look(c);
		if (!end_work(c)) {
			destroy(c);
			break;
		}
	}
	return NULL;
}

int
creds_start(struct creds_chain *c, struct err *err)
{
	int rc;

	if (c->is_fixed)
		return 0;
	c->has_thread = true;
	if (!c->keys) /* some sources were not asked yet */
		c->n_asked = c->n_begun = c->n_ended = 0;
	rc = thread_start(&c->thread, serve, c);
	if (rc == 0)
		return 0;
	c->has_thread = false;
	return err_set(err, rc, "no thread: %s", strerror(rc));
}

/* Whether the thread has nothing to do, so that it can be waited for. */
static bool
end_thread(struct creds_chain *c)
{
	LOCKED(c);

	c->is_over = true;
	if (c->is_looking)
		pthread_detach(c->thread);
	else
		pthread_cond_signal(&c->is_asked);
	return !c->is_looking;
}

/* --- for any thread --- */

/* It is waited for by the clock that never jumps. */
static void
init_condition(pthread_cond_t *cond)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &attr);
	pthread_condattr_destroy(&attr);
}

struct creds_chain *
creds_new(const struct creds_options *o)
{
	struct creds_chain *c = xnew(struct creds_chain);

	struct secret_variables variables CLEANUP(secret_variables_clear);
	struct creds_options more = *o;

	c->profiles =
		profiles_new(o->profile, o->config_path, o->credentials_path);
	secret_variables_take(&variables);
	children_init(&c->children);
	more.children = &c->children;
	more.profiles = c->profiles;
	more.variables = &variables;
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
		c->sources[i] = sources[i]->prepare(&more);
	c->is_fixed = o->is_anonymous;
	if (c->is_fixed)
		keys_new(&c->keys, &(struct keys){ .source = "nobody" }, NULL);
	c->wait_ms = o->wait_ms;
	pthread_mutex_init(&c->lock, NULL);
	init_condition(&c->is_asked);
	return c;
}

void
creds_free(struct creds_chain *c)
{
	pthread_t thread;

	if (!c)
		return;
	children_end(&c->children);
	if (c->has_thread) {
		thread = c->thread;
		if (!end_thread(c))
			return;
		pthread_join(thread, NULL);
	}
	destroy(c);
}

void
creds_listen(struct creds_chain *c, creds_wake_fn *wake, void *arg)
{
	LOCKED(c);

	c->wake = wake;
	c->wake_arg = arg;
}

/* Whether the keys will not do.  None at all: as `refused` as any. */
static bool
is_refused(const struct creds_chain *c, const struct keys *refused)
{
	return !c->keys || keys_have_expired(c->keys) ||
	       (refused && keys_equal(c->keys, refused));
}

/* Being told is more than a refusal. */
static void
must_look(struct creds_chain *c, enum must_look why)
{
	if (c->must_look < why)
		c->must_look = why;
}

/* What has to end before there is an answer; 0: nothing. */
static unsigned
choose_look(struct creds_chain *c, const struct keys *refused, int64_t now_ms)
{
	LOCKED(c);

	if (c->is_fixed)
		return 0;
	if (refused && !is_refused(c, refused))
		return 0;
	if (c->is_renewing && !c->must_look && !is_refused(c, refused))
		return 0; /* good keys, which better ones are fetched for */
	if (refused)
		must_look(c, LOOK_REFUSED);
	if (c->must_look || (c->keys && keys_have_expired(c->keys)))
		return ask_for_look(c, true, now_ms);
	if (c->n_asked != c->n_ended || c->n_ended == 0 ||
	    now_ms - c->looked_ms >= LOOK_INTERVAL_MS)
		return ask_for_look(c, false, now_ms);
	return 0;
}

static void
begin_wait(struct creds_chain *c, struct creds_wait *w,
	   const struct keys *refused, int64_t now_ms)
{
	w->is_begun = true;
	w->since_ms = now_ms;
	w->look = choose_look(c, refused, now_ms);
	if (w->look && !c->has_thread)
		look(c);
}

/* Which source hangs, as it seems. */
static const char *
asking(const struct creds_chain *c)
{
	for (size_t i = 0; i < c->n_said; i++)
		if (c->said[i].err.code == EINPROGRESS)
			return c->said[i].source;
	return "sources of keys";
}

static int
answer(struct creds_chain *c, struct creds_wait *w, const struct keys *refused,
       struct keys **out, struct err *err)
{
	LOCKED(c);
	bool has_keys = !is_refused(c, refused);
	/* who comes while a source hangs does not wait as long as the first */
	int64_t since_ms = c->keys ? c->pending_ms : w->since_ms;
	int64_t limit_ms = has_keys ? PATIENCE_MS : c->wait_ms;
	bool is_pending = w->look > c->n_ended;

	w->again_in_ms = limit_ms - (date_mono_ms() - since_ms);
	if (is_pending && w->again_in_ms > 0)
		return -EAGAIN;
	if (has_keys) {
		if (!c->is_used && c->due_ms) /* it may sleep without end */
			pthread_cond_signal(&c->is_asked);
		c->is_used = true;
		*out = keys_ref(c->keys);
		return 0;
	}
	if (is_pending)
		return err_set(err, EACCES, "%s: no answer for %lld ms",
			       asking(c), (long long)c->wait_ms);
	if (c->keys)
		return err_set(err, EACCES, "there are no other keys");
	return err_copy(err, &c->err);
}

int
creds_get(struct creds_chain *c, struct creds_wait *w,
	  const struct keys *refused, struct keys **out, struct err *err)
{
	int rc;

	if (!w->is_begun)
		begin_wait(c, w, refused, date_mono_ms());
	rc = answer(c, w, refused, out, err);
	if (rc != -EAGAIN)
		*w = (struct creds_wait){ .is_begun = false };
	return rc;
}

size_t
creds_said(struct creds_chain *c, struct creds_said out[CREDS_SOURCES_MAX])
{
	LOCKED(c);

	memcpy(out, c->said, c->n_said * sizeof(out[0]));
	return c->n_said;
}

void
creds_look_again(struct creds_chain *c, const struct keys *refused)
{
	LOCKED(c);

	if (!refused || is_refused(c, refused))
		must_look(c, refused ? LOOK_REFUSED : LOOK_TOLD);
}
