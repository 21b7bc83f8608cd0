/* SPDX-License-Identifier: MIT */
/*
 * check_dgstat: ask for one bucket, say one line, exit with a state.
 *
 * Whatever fails is UNKNOWN: nothing is known of the bucket.  Whatever hangs, be it a
 * disk or a resolver, ends at -t: that is watched by a thread of its own, which tells
 * the main thread to end as who does not want to wait would, with SIGTERM, and ends the
 * process if that hangs, too.  Main thread, but for watch().
 */
#include "config.h"

#include "check.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "cli/ask.h"
#include "cli/check.h"
#include "cli/cost.h"
#include "conf/load.h"
#include "setup.h"
#include "util/date.h"
#include "util/lock.h"
#include "util/thread.h"

#define NAME "check_dgstat"
#define GRACE_S                                                                \
	1 /* for an orderly end after -t: programs that give keys end, too */

/* Who ends the process, if nobody else does. */
struct watch {
	const struct conf *conf;
	enum check_state late_state;
	pthread_t thread;
	pthread_cond_t ended;
	struct timespec end;

	/* under lock */
	pthread_mutex_t lock;
	bool is_said, is_over;
	enum check_state state; /* that was said */
};

bool
check_is_meant(const char *argv0)
{
	const char *slash = strrchr(argv0, '/');

	return strcmp(slash ? slash + 1 : argv0, NAME) == 0;
}

static int
fail(const char *why)
{
	check_print_failure(stdout, CHECK_UNKNOWN, why);
	return CHECK_UNKNOWN;
}

/* --- -t --- */

/* Under lock. */
static void
say_late(struct watch *w)
{
	CLEANUP_FREE char *why = xasprintf(
		"%s: no answer within %.15g s", w->conf->store.buckets[0],
		(double)w->conf->check.limit_ms / 1000);

	check_print_failure(stdout, w->late_state, why);
	fflush(stdout);
	w->is_said = true;
	w->state = w->late_state;
}

/* Under lock, until the end of the work or of that time. */
static void
wait_for_end(struct watch *w)
{
	while (!w->is_over)
		if (pthread_cond_timedwait(&w->ended, &w->lock, &w->end) != 0)
			return;
}

static void *
watch(void *arg)
{
	struct watch *w = arg;
	LOCKED(w);

	wait_for_end(w);
	if (w->is_over)
		return NULL;
	if (!w->is_said)
		say_late(w);
	kill(getpid(), SIGTERM);
	w->end.tv_sec += GRACE_S;
	wait_for_end(w);
	if (!w->is_over)
		_exit((int)w->state);
	return NULL;
}

/* Blocked from the start: who waits for the store reads it. */
static void
block_sigterm(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static int
watch_begin(struct watch *w, struct err *err)
{
	int64_t ms = w->conf->check.limit_ms;
	pthread_condattr_t monotonic;
	int rc;

	block_sigterm();
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&w->ended, &monotonic);
	pthread_condattr_destroy(&monotonic);
	pthread_mutex_init(&w->lock, NULL);
	clock_gettime(CLOCK_MONOTONIC, &w->end);
	w->end.tv_nsec += (long)(ms % 1000) * 1000000;
	w->end.tv_sec += ms / 1000 + w->end.tv_nsec / 1000000000;
	w->end.tv_nsec %= 1000000000;
	rc = thread_start(&w->thread, watch, w);
	return rc ? err_set(err, rc, "thread: %s", strerror(rc)) : 0;
}

static void
watch_end(struct watch *w)
{
	{
		LOCKED(w);
		w->is_over = true;
		pthread_cond_signal(&w->ended);
	}
	pthread_join(w->thread, NULL);
	pthread_cond_destroy(&w->ended);
	pthread_mutex_destroy(&w->lock);
}

/* --- the answer --- */

/* Under lock. */
static void
say_unknown(struct watch *w, const char *why)
{
	w->state = (enum check_state)fail(why);
	fflush(stdout);
	w->is_said = true;
}

static void
say_failure(struct watch *w, const char *why)
{
	LOCKED(w);
	if (!w->is_said)
		say_unknown(w, why);
}

static void
say(struct watch *w, const struct check_rules *rules, const struct answer *a)
{
	LOCKED(w);
	if (w->is_said) /* that it is late */
		return;
	if (a->result) {
		w->state = check_print(stdout, rules, a->name, a->result,
				       date_now());
	} else {
		CLEANUP_FREE char *why = xasprintf(
			"%s: %s", a->name, a->bucket ? a->err.msg : "gone");

		say_unknown(w, why);
	}
	/* what follows the first line is for who looks at it more closely */
	if (a->result && w->conf->cli.verbose)
		cost_print(stdout, a->name, a->result, &w->conf->store.prices);
	fflush(stdout);
	w->is_said = true;
}

static void
ask(struct watch *w, struct setup *s, const struct check_rules *rules)
{
	const struct conf_cli *cli = &w->conf->cli;
	struct ask *a = ask_new(&(struct ask_options){
		.engine = s->engine,
		.buckets = s->buckets,
		.names = w->conf->store.buckets,
		.n_names = w->conf->store.n_buckets,
		.mode = cli->detailed  ? MODE_DETAILED
			: cli->sampled ? MODE_SAMPLED
				       : MODE_QUICK,
	});
	struct err err = ERR_INIT;
	size_t n;

	if (ask_run(a, &err) == 0) {
		say(w, rules, ask_answers(a, &n));
		ask_wait_for_stores(a);
	} else {
		say_failure(w, "ended by a signal");
	}
	setup_stop(s);
	ask_free(a);
}

static void
run(struct watch *w, const struct check_rules *rules)
{
	struct setup setup CLEANUP(setup_clear) = { .conf = NULL };
	const struct conf *c = w->conf;
	struct err err = ERR_INIT;
	int rc = setup_prepare(&setup, c, &err);

	if (rc == 0)
		rc = log_open(LOG_TO_TERMINAL, c->log_file, c->log_level, &err);
	if (rc == 0)
		rc = log_start(&err);
	if (rc == 0)
		rc = setup_start(&setup, &err);
	if (rc == 0) {
		ask(w, &setup, rules);
	} else {
		setup_stop(&setup);
		say_failure(w, err.msg);
	}
	log_stop();
}

static int
watch_and_run(const struct conf *c, const struct check_rules *rules,
	      enum check_state late_state)
{
	struct watch w = { .conf = c, .late_state = late_state };
	struct err err = ERR_INIT;

	/* some schedulers take it for a part of the answer */
	if (!c->cli.verbose && !freopen("/dev/null", "w", stderr))
		return fail("/dev/null can't be opened");
	if (watch_begin(&w, &err) != 0)
		return fail(err.msg);
	run(&w, rules);
	watch_end(&w);
	return (int)w.state;
}

static bool
shows_itself(const struct conf *c)
{
	if (c->show_help)
		conf_print_help(stdout, CONF_CHECK);
	else if (c->show_version)
		puts(NAME " v" PACKAGE_VERSION " (dgstatfs " PACKAGE_VERSION
			  ")");
	return c->show_help || c->show_version;
}

int
check_main(int argc, char *argv[])
{
	struct conf c CLEANUP(conf_clear) = { .log_file = NULL };
	struct check_rules rules;
	enum check_state late = CHECK_UNKNOWN;
	struct err err = ERR_INIT;
	int status = CHECK_UNKNOWN, rc;

	program_invocation_short_name = (char *)NAME; /* see log.h */
	rc = conf_load(&c, CONF_CHECK, argc, argv, environ, &err);
	if (rc == 0 && !shows_itself(&c)) {
		const struct conf_check *k = &c.check;

		rc = check_rules_parse(&rules, k->metrics, k->warning,
				       k->critical, &err);
		if (rc == 0 && k->late_state &&
		    !check_state_parse(k->late_state, &late))
			rc = err_set(&err, EINVAL,
				     "-t: \"%s\" is not OK, WARNING, CRITICAL "
				     "or UNKNOWN",
				     k->late_state);
		if (rc == 0)
			status = watch_and_run(&c, &rules, late);
	}
	if (rc)
		status = fail(err.msg);
	return setup_end_output(status) == status ? status : CHECK_UNKNOWN;
}
