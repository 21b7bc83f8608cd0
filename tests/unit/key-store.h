/* SPDX-License-Identifier: MIT */
/*
 * A store of one bucket with keys of any bytes, which answers listings that
 * fake-http.c has recorded: in small pages, right or wrong in a chosen way.
 */
#ifndef KEY_STORE_H
#define KEY_STORE_H

#include "fake-http.h"

#define KEY_STORE_MAX 400 /* keys */
#define KEY_STORE_SHAPES 7

enum quirk {
	HONEST,
	IGNORES_START, /* start-after has no effect */
	STARTS_WITH, /* it lists the key that is start-after, too */
	DECODES_TWICE, /* start-after, so that one with "%" or "+" is another */
	SKIPS_AFTER_START, /* keys that follow start-after are lost */
	OTHER_ORDER, /* by the last byte first */
	REPEATS_PAGE, /* once, under another token */
	ENDS_EARLY, /* once, a page says that it is the last one */
};

struct key_store {
	char *keys[KEY_STORE_MAX]; /* ascending */
	size_t n_keys;
	size_t page_keys; /* of a full page */
	enum quirk quirk;
	unsigned n_answered, n_with_start; /* pages; with start-after */
	bool was_odd; /* what it does once is done */
	uint64_t random; /* state; set by the owner */
};

/* 0 … n-1 */
unsigned key_store_random(struct key_store *s, unsigned n);

/* Fill it with up to `n` keys of a shape, 0 <= shape < KEY_STORE_SHAPES. */
void key_store_fill(struct key_store *s, unsigned shape, unsigned n);

void key_store_clear(struct key_store *s);

/* The index of `key`, or that of the first one behind it. */
size_t key_store_find(const struct key_store *s, const char *key, size_t len);

/* Does nothing where the key is there, or not there, already. */
void key_store_put(struct key_store *s, const char *key);
void key_store_delete(struct key_store *s, size_t i);

/* Answer a LIST; `is_cut`: the body breaks off, and so does the connection. */
void key_store_answer(struct key_store *s, struct http_transfer *t,
		      bool is_cut);

/* Answer a HEAD; each delta has an original size of its own. */
void key_store_answer_head(struct key_store *s, struct http_transfer *t);

#endif
