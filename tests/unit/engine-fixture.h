/* SPDX-License-Identifier: MIT */
/*
 * What the tests of the engine share: the net thread's world with a fake HTTP,
 * a fake clock and a store in memory, moved on by hand.
 */
#ifndef ENGINE_FIXTURE_H
#define ENGINE_FIXTURE_H

#include "engine/job.h"
#include "engine/slots.h"
#include "fake-clock.h"
#include "fake-store.h"
#include "list/lister.h"

#define FIXTURE_BUCKET "releases"
#define FIXTURE_TIMEOUT_MS 60000
#define FIXTURE_CONNECTIONS 4

struct fixture {
	struct limits limits; /* none but timeout_ms */
	struct timers timers;
	struct http *http;
	struct endpoint *endpoint;
	struct creds_chain *creds;
	struct pace *pace;
	struct s3 *s3;
	struct list_shared lists;
	struct slots slots;
	struct scan_env scans;
	struct buckets *buckets;
	struct bucket *bucket;
	struct fake_store store;
};

/* Empty, without retries; the clock is set back. */
void fixture_init(struct fixture *fx);
void fixture_init_with(struct fixture *fx, unsigned connections);

/* The job_env of that world. */
struct job_env fixture_job_env(struct fixture *fx);

/* Fails the test if a request or a timer is left. */
void fixture_clear(struct fixture *fx);

/* Run what is due now and deliver what has ended, until nothing happens. */
void fixture_settle(struct fixture *fx);

/* The same while time passes, timer after timer. */
void fixture_advance(struct fixture *fx, int64_t ms);

/* The oldest pending request of that kind; the test fails if there is none. */
struct http_transfer *fixture_find(struct fixture *fx, const char *method,
				   const char *part);

/* Answer it as the store would, or with that status, or fail it; then settle. */
void fixture_answer(struct fixture *fx, const char *method, const char *part);
void fixture_refuse(struct fixture *fx, const char *method, const char *part,
		    int status);

/* Answer the oldest pending request, whatever it is; false if there is none. */
bool fixture_step(struct fixture *fx);
void fixture_run(struct fixture *fx); /* all, and what comes of them */

unsigned fixture_pending(struct fixture *fx, const char *method,
			 const char *part);
unsigned fixture_seen(struct fixture *fx, const char *method, const char *part);

/* `part` of the requests */
#define LIST "GET", "list-type=2"
#define GET_DOC "GET", ".deltaglider"
#define PUT_DOC "PUT", ".deltaglider"
#define HEAD_ANY "HEAD", "/"
#define ANY_GET "GET", "/"

#endif
