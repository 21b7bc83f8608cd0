/* SPDX-License-Identifier: MIT */
/*
 * Ranges of a bucket whose keys are a formula: a lister (list/lister.h) without
 * requests, for tests that count what a listing of many pages costs.  A program
 * that links fake-lister.c has no other: it wins over lister.o of the archive.
 */
#ifndef FAKE_LISTER_H
#define FAKE_LISTER_H

#include "list/lister.h"

#define FAKE_KEY_SIZE 160

/* What listing_options.s3 points to. */
struct s3 {
	uint32_t n_keys;
	/* The i-th key; returns its length. */
	unsigned (*key)(const void *bucket, uint32_t i,
			char out[FAKE_KEY_SIZE]);
	const void *bucket;
	struct lister *first_asked, *last_asked; /* not answered yet */
};

/*
 * Answer the page that was asked for first; false if none is.  Of its objects
 * only the first and the last one are filled in.
 */
bool fake_lister_answer(struct s3 *s3);

#endif
