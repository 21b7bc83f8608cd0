/* SPDX-License-Identifier: MIT */
/*
 * Questions to the engine by somebody who waits for all answers: which buckets there
 * are, and the statistics of each in one mode, or what is cached there.  Main thread.
 */
#ifndef CLI_ASK_H
#define CLI_ASK_H

#include "engine/engine.h"
#include "engine/shelf.h"

struct ask;

enum ask_kind {
	ASK_STATS,
	ASK_CACHE, /* what is cached; and quick's statistics, to compare it */
	ASK_REMOVAL, /* of what is cached */
};

struct ask_options {
	enum ask_kind kind;
	unsigned
		rows; /* bits, by shelf_rows[]: which objects, unless ASK_STATS */
	struct engine *engine; /* these two outlive it */
	struct buckets *buckets;
	char *const *
		names; /* which `buckets` know; NULL: all that the store lists */
	size_t n_names;
	enum mode mode;
	bool is_refresh, is_nocache;
	/* Called a few times a second while something is under way; or NULL. */
	void (*on_wait)(void *arg, const struct ask *a);
	void *arg;
};

/* An object of ours, and what came of it. */
struct look {
	bool is_answered; /* else `err` says why not */
	struct shelf_look found;
	struct err err;
};

/* A bucket, and what came of it. */
struct answer {
	char *name;
	struct bucket *bucket; /* NULL: it is not known (yet) */
	struct result *result; /* NULL: none yet, or it failed */
	struct err err; /* why; the log says it, too */
	struct look looks[SHELF_ROWS];
	unsigned n_left; /* questions about it under way */
	bool is_done;
};

struct ask *ask_new(const struct ask_options *o); /* options are copied */

/*
 * Ask, and wait until all is answered.  -errno with a message: which buckets there
 * are could not be found out.  A positive number is the signal (SIGINT, SIGTERM, SIGHUP) of
 * who does not want to wait: then the engine has to be stopped.
 */
int ask_run(struct ask *a, struct err *err);

/*
 * Wait until all documents are stored, so that who comes next finds them: that ends
 * with the limits of the engine.  Returns 0, or the signal as ask_run() does.
 */
int ask_wait_for_stores(struct ask *a);

/* When all is answered, or the engine was stopped.  NULL is fine. */
void ask_free(struct ask *a);

/* As asked, or by name; of ask_run() until now. */
const struct answer *ask_answers(const struct ask *a, size_t *n);

#endif
