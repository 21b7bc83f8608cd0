/* SPDX-License-Identifier: MIT */
/*
 * A store that answers what fake-http.c has recorded from a conversation-model:
 * any page that is asked for by start-after, token and max-keys, HEADs, and the
 * cached documents.  As different stores do, and as broken ones would.
 */
#ifndef CONVERSATION_STORE_H
#define CONVERSATION_STORE_H

#include "conversation-model.h"
#include "fake-http.h"

enum manner {
	STORE_ORDERED,
	STORE_WITHOUT_START_AFTER, /* lists from the beginning all the same */
	STORE_UNORDERED, /* and without start-after */
	N_MANNERS
};

/* What is not quite right with a page.  The first is, in fact. */
enum lie {
	LIE_NONE,
	LIE_NO_OBJECTS, /* truncated, and a token for what was asked for */
	LIE_LAST, /* no lie: truncated, and an empty page follows */
	LIE_SAME_TOKEN,
	LIE_NO_TOKEN,
	LIE_AGAIN, /* begins with the last object of the page before */
	LIE_CUT, /* half of the text */
	LIE_ERROR, /* <Error> with status 200 */
};

struct talk_store {
	struct model model;
	unsigned order[THINGS_MAX]; /* of the listing: places in the model */
	enum manner manner;
	unsigned page_size;
	bool has_plus; /* spaces are "+" */
	bool tells_metadata; /* in listings, if it is asked to */
	bool has_other_etags; /* a HEAD never has the listed one */
	/* A place in the model, of an object that comes and goes. */
	unsigned flicker;
	bool is_gone;
	unsigned n_tokens; /* no two are the same */
	/* cached documents, by mode; NULL with status 200: none */
	char *documents[3];
	int document_status[3];
};

/* The bucket has changed: as `order` must be. */
void talk_store_arrange(struct talk_store *s, struct bytes *b);

bool is_list(const struct http_transfer *t);
bool is_head(const struct http_transfer *t);
bool is_head_object(const struct http_transfer *t); /* not HeadBucket */

/* Which of `documents` it asks for. */
unsigned document_mode(const struct http_transfer *t);

/* Answer a pending transfer; `lie` is for a LIST. */
void talk_store_answer(struct talk_store *s, struct http_transfer *t,
		       enum lie lie);

/*
 * All of a page comes in, but for its end.  Then it is for fake_http_answer() to
 * end it, without a body.
 */
void talk_store_stream(struct talk_store *s, struct http_transfer *t);
bool talk_store_has_streamed(const struct http_transfer *t);

#endif
