/* SPDX-License-Identifier: MIT */
/*
 * Readers of one bucket, for the tests of flights.
 */
#ifndef FLIGHT_FIXTURE_H
#define FLIGHT_FIXTURE_H

#include "engine-fixture.h"
#include "engine/flight.h"

#define LINGER_MS 10000

struct world {
	struct fixture fx;
	struct flight_env env;
	struct waiter *all;
};

struct reader {
	struct waiter w;
	int n_done;
	int code; /* errno */
	char *doc; /* a copy; NULL: none */
};

void world_init(struct world *world, enum cache_policy cache);

/* The mount ends; fails the test if anything is left. */
void world_clear(struct world *world);

/* An open that is still to be handed to flight_add(). */
void reader_init(struct world *world, struct reader *r, enum mode mode);

/* An open, not settled yet. */
void reader_post(struct world *world, struct reader *r, enum mode mode);
void reader_open(struct world *world, struct reader *r, enum mode mode);

/* What the engine does when a reader was interrupted. */
void reader_interrupt(struct world *world, struct reader *r);

/* Its one completion has come: a document (errno 0), or that errno. */
void reader_expect(const struct reader *r, int code);
void reader_expect_waiting(const struct reader *r);
long reader_member(const struct reader *r, const char *name);
void reader_clear(struct reader *r);

/* Open, answer everything, expect a document. */
void read_through(struct world *world, enum mode mode);

#endif
