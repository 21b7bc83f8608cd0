/* SPDX-License-Identifier: MIT */
/*
 * Who shares which result, what becomes of work that nobody waits for, and how
 * long a reader waits.  How to read a scenario: flight-script.h.  With SCENARIOS
 * in the environment each step is printed before it is taken.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "flight-script.h"

/* Three objects, two of them deltas of one space; the bucket at the start. */
#define THREE "lists a/1.delta=10 a/2.delta=20 x.bin=5;"
#define TWO "lists a/1.delta=10 a/2.delta=20;"
#define ONE "lists x.bin=5;"

/* Five who come at once. */
#define FIVE(mode)                                                             \
	"a opens " mode "; b opens " mode "; c opens " mode "; d opens " mode  \
	"; e opens " mode ";"
#define FIVE_HAVE(n)                                                           \
	"a has " n "; b has " n "; c has " n "; d has " n "; e has " n ";"

/* The sweep of a, whose LIST has ended; one HEAD is answered, one waits. */
#define SWEEP                                                                  \
	"status get 404; a opens detailed; get; list; head;"                   \
	"pending head 1; a waits;"

#define READ(mode) "z opens " mode "; run; z has 3;"

/* Asked for without a request: y has it at once. */
#define AT_ONCE(mode, n) "y opens " mode "; y has " n ";"

/* Nobody answers z: it has that at the end of max_wait, or nothing. */
#define MAX_WAIT "max_wait 5000;"
#define WAITED(mode, end)                                                      \
	"z opens " mode "; after 4999; z waits; after 1; z " end ";"

static const struct scenario shared[] = {
	{ "what is done is told, that of a mere LIST too",
	  "state detailed idle; readonly;" SWEEP "state detailed heading;"
	  "b opens detailed; head; a has 3; state detailed listing; b waits;"
	  "run; b has 3; state detailed idle" },
	{ "who comes during a LIST gets what the next one says",
	  "a opens quick; list; lists x.bin=5 y.bin=6; b opens quick;"
	  "seen list 1; run; a has 3; b has 2; seen list 2" },
	{ "a crowd, quick",
	  FIVE("quick") "run;" FIVE_HAVE("3") "seen list 2; seen head 0" },
	{ "a crowd, sampled",
	  FIVE("sampled") "run;" FIVE_HAVE("3") "seen list 2; seen head 1" },
	{ "a crowd, detailed",
	  FIVE("detailed") "run;" FIVE_HAVE("3") "seen list 2; seen head 2" },
	{ "the second LIST, of a stale document, is for all who have come",
	  READ("detailed") "lists a/1.delta=10 a/2.delta=20 x.bin=5 y/1.delta=6;" FIVE(
		  "detailed") "run;" FIVE_HAVE("4") "seen list 3; seen head 5" },

	{ "the same listing: the sweep serves those who came later",
	  SWEEP "b opens detailed; pending list 1; c opens detailed;"
		"list; pending list 1; list; head; put;"
		"a has 3; b is a; c is a; seen head 2" },
	{ "the sweep ends before the probe: its result is kept",
	  SWEEP "b opens detailed; head; put; a has 3; b waits; list; b is a" },
	{ "another listing: no more probes, they are the next",
	  SWEEP TWO "b opens detailed; list; pending list 0;" THREE
		    "head; put; a has 3; b waits;" TWO "run; b has 2" },
	{ "another listing, seen by a probe that ends last",
	  SWEEP TWO "b opens detailed;" THREE "head; put; a has 3; b waits;" TWO
		    "run; b has 2" },
	{ "a probe's failure is that of its readers alone",
	  SWEEP "b opens detailed; list 403; b fails EACCES; a waits;"
		"run; a has 3" },
	{ "the sweep's failure is not that of the probe's readers", SWEEP
	  "b opens detailed; head 500; a fails EIO; b waits; run; b has 3" },
	{ "an object changed meanwhile: good for its readers only",
	  SWEEP "b opens detailed; head 404; head 404; a has 3; pending put 0;"
		"list; b waits; run; b has 3; seen put 1" },
};

/* A LIST of another mode, a's, is under way: that of b waits for it. */
#define BEHIND_ANOTHER                                                         \
	"status get 404; a opens detailed; get; after 10; pending list 1;"     \
	"b opens quick; get;"

static const struct scenario waiting[] = {
	{ "whoever comes while a job waits for its LIST keeps it going",
	  BEHIND_ANOTHER
	  "b leaves; after 500; c opens quick; after 1600;"
	  "pending list 2; after 8000; c waits; run; after 100; c has 3" },
	{ "so does a poller", BEHIND_ANOTHER
	  "b leaves; after 500; c polls quick; c fails EAGAIN;"
	  "after 1600; after 8000; run; after 100; c polls quick; c has 3" },
	{ "nobody who opened under nocache gets what was cached",
	  "z opens quick; run; z has 3;" ONE
	  "a opens detailed; get; after 10;" THREE
	  "b opens quick; get; nocache 1; c opens quick; nocache 0;"
	  "run; after 10; run; b has 3; c has 3; c is b; seen list 4" },
	{ "nothing is put while nocache is on",
	  "a opens quick; get; nocache 1; list; a has 3; pending put 0" },
};

static const struct scenario marked[] = {
	{ "a mark in the middle: never a result begun before it", SWEEP
	  "mark detailed; b opens detailed; pending list 0; run;"
	  "a has 3; b has 3; marked detailed 0; seen head 4; seen put 2" },
	{ "a mark in the middle of a probe, which finds the same",
	  SWEEP "c opens detailed; mark detailed; b opens detailed;"
		"pending list 1; run; a has 3; b has 3; c has 3;"
		"marked detailed 0; seen head 4; seen put 2" },
	{ "a refresh computes though the cache is valid, once",
	  READ("sampled") READ("sampled") "seen head 1; mark sampled;" READ(
		  "sampled") "seen head 2; seen put 2; seen get 2;"
			     "marked sampled 0;" READ(
				     "sampled") "seen head 2" },
	{ "a failed computation leaves the mark, a failed PUT does not",
	  "mark detailed; status head 500; a opens detailed; run; a fails EIO;"
	  "marked detailed 1; status head 0; status put 500;" READ(
		  "detailed") "marked detailed 0" },
	{ "nocache: every open computes, those at the same time share",
	  READ("detailed") "nocache 1; x opens detailed; list;" FIVE("detailed") "pending list 0; run; x has 3;" FIVE_HAVE(
		  "3") "seen head 6; seen get 1; seen put 1; nocache 0;" READ("detailed") "seen head 6" },
};

/* A job that nobody waits for runs on for 10 s. */
static const struct scenario left[] = {
	{ "who leaves is told at once, the job runs on for a while",
	  "a opens detailed; a leaves; after 9999; jobs 1; after 1; jobs 0;"
	  "pending any 0" },
	{ "who comes back in time finds the HEADs done",
	  "a opens detailed; get; list; head; a leaves; after 9999;"
	  "a opens detailed; after 10000; run; a has 3; seen head 2" },
	{ "what has ended while nobody waited is stored for the next one",
	  "a opens detailed; a leaves; run; seen put 1; jobs 0" },
	{ "a sweep of no use to who comes next does not keep them waiting",
	  "a opens detailed; get; list; a leaves; mark detailed;"
	  "b opens detailed; after 9999; pending list 0; after 1;"
	  "pending list 1; run; b has 3" },
	{ "others go on",
	  "a opens detailed; b opens detailed; c opens detailed;"
	  "a leaves; c leaves; after 10001; run; b has 3" },
	{ "a probe whose readers have gone ends, and the sweep only lingers",
	  "a opens detailed; get; list; b opens detailed; pending list 1;"
	  "a leaves; after 10001; jobs 2; b leaves; pending list 0; jobs 1;"
	  "after 10000; jobs 0" },
	{ "a probe fails that has the last who wait",
	  "a opens detailed; get; list; b opens detailed; a leaves; list 403;"
	  "b fails EACCES; after 10000; jobs 0" },
	{ "the probe that a result is kept for ends: the next begins at once",
	  "readonly; a opens detailed; get; list; b opens detailed; head; head;"
	  "a has 3; c opens detailed; b leaves; pending get 1; run; c has 3" },
};

#define POLL_AFTER_A_MINUTE                                                    \
	"after 58000; b opens detailed; after 5000; b fails ETIMEDOUT;"
#define NINE_MINUTES                                                           \
	POLL_AFTER_A_MINUTE POLL_AFTER_A_MINUTE POLL_AFTER_A_MINUTE            \
		POLL_AFTER_A_MINUTE POLL_AFTER_A_MINUTE POLL_AFTER_A_MINUTE    \
			POLL_AFTER_A_MINUTE POLL_AFTER_A_MINUTE                \
				POLL_AFTER_A_MINUTE

static const struct scenario limited[] = {
	{ "a deadline counts from the own open, whatever the age of the job",
	  "status get 404; a opens detailed; get; list; deadline 30000;"
	  "b opens detailed; list; after 5000; c opens detailed;"
	  "after 24999; b waits; after 1; b fails ETIMEDOUT;"
	  "after 4999; c waits; after 1; c fails ETIMEDOUT; a waits;"
	  "run; a has 3" },
	{ "who waits for the PUT only gets its result at the deadline",
	  "deadline 1000; a opens quick; get; after 500; list; a waits;"
	  "after 500; a has 3" },

	{ "nothing there after max_wait: the work goes on for the next",
	  MAX_WAIT WAITED(
		  "detailed",
		  "fails ETIMEDOUT") "get; list;"
				     "after 20000; run; seen put 1;" WAITED(
					     "detailed", "has 3")
					     READ("detailed") "seen head 2" },
	{ "a sweep of twenty minutes, a bucket that changes, a reader a minute",
	  MAX_WAIT "timeout 3600000;" WAITED(
		  "detailed",
		  "fails ETIMEDOUT") "get; list;" TWO
				     "after 58000; b opens detailed; list; after 5000;"
				     "b fails ETIMEDOUT;" NINE_MINUTES
					     NINE_MINUTES
				     "head; head; put;" WAITED(
					     "detailed",
					     "has 3") "run;" WAITED("detailed",
								    "has 2") },
	{ "who was next leaves, and the next begins all the same",
	  "a opens quick;" MAX_WAIT "b opens quick; after 5000;"
	  "b fails ETIMEDOUT; a waits; get; list; put; a has 3; pending list 1;"
	  "after 20000;" ONE "run;" WAITED("quick", "has 1") },
	{ "never a result of a time with nocache, not storable, marked, or gone",
	  MAX_WAIT
	  "nocache 1; lists a/1.delta=10; z opens detailed; run;"
	  "z has 1; nocache 0;" THREE
		  WAITED("detailed", "fails ETIMEDOUT") "get; list; list; head 404 a/1; head 404 a/1; run;" WAITED("detailed", "fails ETIMEDOUT") "run;" WAITED("detailed", "has 3") "run; mark detailed;" WAITED(
			  "detailed",
			  "fails ETIMEDOUT") "run;" WAITED("detailed",
							   "has 3") "run; nocache 1;" WAITED("detailed",
											     "fails ETIMEDOUT") "run; nocache 0;"
														"a opens detailed; gone; a fails ENOENT;" WAITED(
															"detailed",
															"fails ETIMEDOUT") },
	{ "a failure that comes in time is one, whatever was good before",
	  MAX_WAIT READ("quick") "a opens quick; list 403; a fails EACCES" },
	{ "of max_wait and deadline the sooner counts", READ("quick") MAX_WAIT
	  "deadline 1000; a opens quick; after 1000;"
	  "a fails ETIMEDOUT; deadline 30000;" WAITED("quick", "has 3") },

	{ "max_age counts from the beginning of the LIST",
	  "max_age 60000; a opens quick; get; after 20000; list; run; a has 3;" ONE
		  AT_ONCE("quick", "3") "after 40000;" AT_ONCE(
			  "quick",
			  "3") "after 1; a opens quick; a waits; run; a has 1;" AT_ONCE("quick",
											"1") },
	{ "a second LIST, of a stale document, is the one that counts",
	  READ("detailed") "max_age 60000; after 60001;" ONE
			   "a opens detailed; get; after 30000; list; run; a has 1;"
			   "after 60000;" AT_ONCE("detailed", "1") },
	{ "max_age after refresh, and under nocache: never",
	  "max_age 60000;" READ("detailed") ONE
	  "mark detailed;"
	  "a opens detailed; run; a has 1;" AT_ONCE(
		  "detailed",
		  "1") "lists x.bin=5 y.bin=6; nocache 1; a opens detailed; run; a has 2;"
		       "seen list 3; a opens detailed; run; seen list 4; nocache 0;" AT_ONCE(
			       "detailed", "1") },
	{ "who waits for the next LIST gets the result of the one that ends",
	  "max_age 60000; a opens quick; b opens quick; run; a has 3; b has 3;"
	  "seen list 1" },
	{ "a probe that finds the same makes the result as young as itself",
	  "max_age 60000; a opens detailed; get; list; after 30000;"
	  "b opens detailed; list; head; head; put; run; a has 3; b has 3;"
	  "after 60000;" AT_ONCE(
		  "detailed",
		  "3") "after 1; a opens detailed; a waits; run; a has 3" },
	{ "and so does one that ends after the sweep",
	  "max_age 60000; a opens detailed; get; list; after 30000;"
	  "b opens detailed; head; head; put; run; a has 3; b has 3;"
	  "after 60000;" AT_ONCE(
		  "detailed",
		  "3") "after 1; a opens detailed; a waits; run; a has 3" },
};

static const struct scenario expired[] = {
	{ "a valid document is computed anew once it is older, with one LIST",
	  "ttl 5000;" READ("detailed") "after 5999;" READ("detailed") "seen head 2; after 1;" READ(
		  "detailed") "seen head 4; seen put 2; seen list 3;" READ("detailed") "seen head 4" },
	{ "so is quick",
	  "ttl 5000;" READ("quick") "after 6000;" READ(
		  "quick") "seen put 2; seen list 2;" READ("quick") "seen put 2" },
	{ "so is the last one in memory, which then serves in spite of an old one",
	  READ("detailed") "readonly; ttl 5000; after 6000;" READ(
		  "detailed") "seen head 4;" READ("detailed") "seen head 4; seen put 1" },
	{ "max_age does not help it, max_wait does",
	  "ttl 5000; max_age 60000;" READ("detailed") "after 6000; max_wait 5000;" WAITED(
		  "detailed", "has 3") "run; seen head 4;" AT_ONCE("detailed",
								   "3") },
	{ "one that could not be computed anew is not shown",
	  "ttl 5000;" READ(
		  "detailed") "after 6000; status head 500; z opens detailed; run;"
			      "z fails EIO" },
};

/* Opens that compute nothing. */
#define NONE_YET "a opens detailed; get 404; a fails ENODATA; pending any 0;"

static const struct scenario on_refresh[] = {
	{ "there is none: one GET, and no more",
	  "on_refresh;" NONE_YET NONE_YET
	  "seen list 0; seen head 0; seen get 2" },
	{ "that there is none is no failure",
	  "on_refresh;" NONE_YET "failing detailed 0; status list 403;"
	  "mark detailed; a opens detailed; run; a fails EACCES;"
	  "failing detailed 1" },
	{ "a refresh computes, and its result is shown until the next",
	  "on_refresh;" NONE_YET "mark detailed;" READ("detailed")
		  ONE AT_ONCE("detailed", "3") "after 1000000;" AT_ONCE(
			  "detailed",
			  "3") "seen list 1; mark detailed; a opens detailed; run; a has 1;" },
	{ "a refresh that fails is still owed",
	  "on_refresh; mark detailed; status head 500; a opens detailed; run;"
	  "a fails EIO; status head 0;" READ("detailed") },
	{ "what lies in the bucket is shown, valid or not, and then kept",
	  READ("detailed") "remount; on_refresh;" ONE
			   "a opens detailed; get; a has 3; seen list 1;" AT_ONCE(
				   "detailed", "3") "seen get 2" },
	{ "other modes are as they were",
	  "on_refresh; a opens quick; run; a has 3; b opens sampled; run;"
	  "b has 3;" ONE "a opens quick; run; a has 1" },
	{ "who keeps it fresh computes, and serves those who come meanwhile",
	  "on_refresh; k keeps detailed; a opens detailed; run; k has 3;"
	  "a has 3; seen head 2;" ONE AT_ONCE(
		  "detailed",
		  "3") "k keeps detailed; run; k has 1;" AT_ONCE("detailed",
								 "1") },
	{ "it does not take a recall for what it wants",
	  READ("detailed") "remount; on_refresh;" ONE
			   "a opens detailed; k keeps detailed; get; a has 3;"
			   "k waits; run; k has 1" },
	{ "the first who keeps it fresh does not keep opens from what lies there",
	  READ("detailed") "remount; on_refresh;" ONE
			   "k keeps detailed; a opens detailed; seen list 1;"
			   "get; a has 3; k waits; b opens detailed; b has 3;"
			   "run; k has 1;" AT_ONCE("detailed",
						   "1") "seen get 3" },
	{ "who keeps it fresh asks for that once, and not if it is known",
	  READ("detailed") "remount; on_refresh; a opens detailed; get; a has 3;"
			   "k keeps detailed; pending list 1; run; k has 3;"
			   "remount; status get 403; k keeps detailed; get;"
			   "pending list 1; run; k has 3; k keeps detailed;"
			   "pending list 1" },
	{ "objects that change meanwhile: opens get that result all the same",
	  "on_refresh; status head 404; k keeps detailed; run; k has 3;"
	  "seen put 0;" AT_ONCE("detailed", "3") ONE
	  "k keeps detailed; run; k has 1;" AT_ONCE("detailed", "1") },
	{ "it is what a refresh asked for",
	  "on_refresh; status head 404; mark detailed;" READ("detailed")
		  ONE AT_ONCE("detailed",
			      "3") "marked detailed 0; seen list 1" },
	{ "what lies in the bucket is from before it, though it is valid",
	  READ("detailed") "on_refresh; mark detailed; status head 404;" READ(
		  "detailed") "status head 0; k keeps detailed; run; k has 3;"
			      "seen head 8; seen put 2" },
	{ "nor is it taken for true by a later listing",
	  "on_refresh; status head 404; k keeps detailed; run; k has 3;"
	  "k keeps detailed; run; k has 3; seen head 8" },
	{ "what lies in the bucket is not told in place of what was listed",
	  READ("detailed") "remount; on_refresh; nocache 1;" ONE
			   "a opens detailed; run; a has 1; nocache 0;"
			   "b opens detailed; get; b has 3; told detailed 1" },
	{ "but nocache keeps it from those who come later",
	  "on_refresh; nocache 1; status head 404; a opens detailed; run;"
	  "a has 3; nocache 0;" NONE_YET },
	{ "with nocache each open computes",
	  "on_refresh; nocache 1; a opens detailed; run; a has 3;" ONE
	  "a opens detailed; run; a has 1; nocache 0;" NONE_YET },
	{ "without a cache there is none but in memory",
	  "uncached; on_refresh; a opens detailed; a fails ENODATA;"
	  "b opens detailed; b fails ENODATA; seen get 0; mark detailed;" READ(
		  "detailed") ONE AT_ONCE("detailed", "3") },
	{ "a store that fails is not one that has none",
	  "on_refresh; status get 500; a opens detailed; run; a fails EIO;"
	  "status get 403; a opens detailed; run; a fails ENODATA" },
	{ "a store that hangs is not waited for long",
	  "on_refresh; a opens detailed; after 15000; a fails ETIMEDOUT" },
	{ "a mark during a recall: what comes later is computed",
	  READ("detailed") "remount; on_refresh;" ONE
			   "a opens detailed; mark detailed; b opens detailed;"
			   "run; a has 3; b has 1; marked detailed 0" },
	{ "ttl does not compute either",
	  "on_refresh; ttl 1000; mark detailed;" READ("detailed") "after 5000;" AT_ONCE(
		  "detailed",
		  "3") "remount; a opens detailed; get; a has 3; seen list 1" },
};

#define NOT_READY "p polls detailed; p fails EAGAIN;"
#define READY(n) "p polls detailed; p has " n ";"

static const struct scenario polled[] = {
	{ "a poller finds the result, whenever it comes; then all begins anew",
	  NOT_READY "get; list; head;" ONE "after 19999;" NOT_READY
		    "after 19999;" NOT_READY "after 19999;" NOT_READY
		    "seen list 1; run;"
		    "after 1000000;" READY("3") NOT_READY "run;" READY("1") },
	{ "its LIST began after the first of its opens, however many read",
	  "a opens detailed;" NOT_READY "get; list;" ONE "list;" THREE
	  "head; head; put; a has 3;" ONE NOT_READY "run;" READY("1") },
	{ "an error is ready, too; once", NOT_READY
	  "list 403; list 403; p polls detailed; p fails EACCES;" NOT_READY
	  "run;" READY("3") },
	{ "what was ready before a refresh, or a change of nocache, is void",
	  NOT_READY "run; mark detailed;" ONE NOT_READY "run;"
		    "lists x.bin=5 y.bin=6; nocache 1;" NOT_READY
		    "mark detailed;"
		    "lists x.bin=5 y.bin=6 z.bin=7 z2.bin=8;" NOT_READY
		    "run;" READY("4") "seen put 2" },
	{ "with max_age, what is young enough is ready",
	  "max_age 60000;" READ("detailed")
		  READY("3") "after 60001;" NOT_READY },
};

#define RUN_ALL(table)                                                         \
	do {                                                                   \
		(void)state;                                                   \
		for (size_t i = 0; i < ARRAY_SIZE(table); i++)                 \
			scenario_run(&(table)[i]);                             \
	} while (0)

static void
test_shared(void **state)
{
	RUN_ALL(shared);
}

static void
test_waiting(void **state)
{
	RUN_ALL(waiting);
}

static void
test_marked(void **state)
{
	RUN_ALL(marked);
}

static void
test_left(void **state)
{
	RUN_ALL(left);
}

static void
test_limited(void **state)
{
	RUN_ALL(limited);
}

static void
test_expired(void **state)
{
	RUN_ALL(expired);
}

static void
test_on_refresh(void **state)
{
	RUN_ALL(on_refresh);
}

static void
test_polled(void **state)
{
	RUN_ALL(polled);
}

/* The mount ends after each number of answers, with readers in every list. */
static void
test_end_anywhere(void **state)
{
	bool goes_on = true;

	(void)state;
	for (unsigned n = 0; goes_on; n++) {
		struct world w;
		struct reader a, b, c;

		world_init(&w, CACHE_POLICY_RW);
		reader_open(&w, &a, MODE_DETAILED);
		reader_open(&w, &b, MODE_DETAILED);
		for (unsigned i = 0; i < n && goes_on; i++)
			goes_on = fixture_step(&w.fx);
		reader_open(&w, &c, MODE_DETAILED);
		w.env.is_stopping = true;
		while (w.all)
			waiter_complete(w.all, NULL,
					&(struct err){ .code = EINTR });
		assert_int_equal(c.n_done, 1);
		reader_clear(&a);
		reader_clear(&b);
		world_clear(&w);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shared),
		cmocka_unit_test(test_waiting),
		cmocka_unit_test(test_marked),
		cmocka_unit_test(test_left),
		cmocka_unit_test(test_limited),
		cmocka_unit_test(test_expired),
		cmocka_unit_test(test_on_refresh),
		cmocka_unit_test(test_polled),
		cmocka_unit_test(test_end_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
