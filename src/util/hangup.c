/* SPDX-License-Identifier: MIT */
/*
 * A signal as a call: see hangup.h.  Main thread, and the one that it starts, which
 * frees what it works with if it is the last to end.
 */
#include "config.h"

#include "util/hangup.h"

#include <pthread.h>
#include <signal.h>

#include "util/lock.h"
#include "util/thread.h"

struct hangup {
	struct hangup_calls calls;
	pthread_t thread;

	/* under lock */
	pthread_mutex_t lock;
	bool is_over; /* hangup_stop() was called */
	bool is_loading; /* which may take for ever */
};

static void
hangup_free(struct hangup *h)
{
	pthread_mutex_destroy(&h->lock);
	free(h);
}

static void
set_of(int signal, sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, signal);
}

void
hangup_block(int signal)
{
	sigset_t set;

	set_of(signal, &set);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

/* False: it is over. */
static bool
begin_load(struct hangup *h)
{
	LOCKED(h);

	h->is_loading = !h->is_over;
	return h->is_loading;
}

/* False: it is over, and nobody waits for this thread. */
static bool
end_load(struct hangup *h, void *loaded)
{
	LOCKED(h);

	h->is_loading = false;
	if (!h->is_over)
		h->calls.apply(h->calls.arg, loaded);
	else
		h->calls.drop(loaded);
	return !h->is_over;
}

static void *
serve(void *arg)
{
	struct hangup *h = arg;
	sigset_t set;
	int signal;

	set_of(h->calls.signal, &set);
	while (sigwait(&set, &signal) == 0 && begin_load(h)) {
		if (!end_load(h, h->calls.load(h->calls.files))) {
			hangup_free(h);
			break;
		}
	}
	return NULL;
}

int
hangup_start(struct hangup **out, const struct hangup_calls *calls,
	     struct err *err)
{
	struct hangup *h = xnew(struct hangup);
	int rc;

	h->calls = *calls;
	pthread_mutex_init(&h->lock, NULL);
	rc = thread_start(&h->thread, serve, h);
	if (rc) {
		hangup_free(h);
		return err_set(err, rc, "no thread: %s", strerror(rc));
	}
	*out = h;
	return 0;
}

/* Whether the thread can be waited for; else it is left to itself. */
static bool
end_it(struct hangup *h)
{
	LOCKED(h);

	h->is_over = true;
	if (h->is_loading)
		pthread_detach(h->thread);
	else
		pthread_kill(h->thread, h->calls.signal);
	return !h->is_loading;
}

void
hangup_stop(struct hangup *h)
{
	pthread_t thread;

	if (!h)
		return;
	thread = h->thread;
	if (!end_it(h))
		return;
	pthread_join(thread, NULL);
	hangup_free(h);
}
