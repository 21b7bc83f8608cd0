/* SPDX-License-Identifier: MIT */
/*
 * What one computation gave for a bucket and a mode: the document as text, the
 * figures in it, the listing that it is true for and what that showed to be wrong with
 * the bucket, how it was got and why not from the bucket.  Immutable, counted references.  Any thread.
 *
 * The same document is true again for a later listing: that is another result, with
 * the same text.
 */
#ifndef ENGINE_RESULT_H
#define ENGINE_RESULT_H

#include <stdatomic.h>

#include "engine/memo-use.h"
#include "s3/traffic.h"
#include "stats/stats.h"
#include "util/text.h"

enum result_how {
	RESULT_HIT, /* the document in the bucket is valid */
	RESULT_FROM_MEMORY, /* the last one of this mount is */
	RESULT_COMPUTED,
	N_RESULT_HOWS
};

/* Why the document in the bucket did not serve. */
enum result_why {
	WHY_NONE, /* it did */
	WHY_ABSENT, /* there is none */
	WHY_COUNT, /* it is stale: of another number of objects, … */
	WHY_SIZE, /* … as many objects, other bytes, … */
	WHY_FINGERPRINT, /* … as many and as large, others */
	WHY_CORRUPT, /* not a document of this bucket and mode */
	WHY_VERSION, /* another program's */
	WHY_SETTINGS, /* of prefixes: made with other ones */
	WHY_DENIED, /* not for us to read */
	WHY_UNREADABLE, /* no answer, or none in time */
	WHY_TTL, /* older than ttl allows */
	WHY_OUTDATED, /* from before a refresh whose result was not stored */
	WHY_REFRESH,
	WHY_NOCACHE,
	WHY_OFF, /* cache=off */
	N_RESULT_WHYS
};

extern const char *const result_how_names[N_RESULT_HOWS];
extern const char *const result_why_names[N_RESULT_WHYS];

/* A listing: when it began, and what it gave. */
struct listed {
	int64_t began_at; /* seconds since 1970 */
	int64_t began_at_ms; /* the same by date_mono_ms() */
	int64_t took_ms; /* until its last page */
	struct validation validation;
	struct newest newest; /* a document does not tell it */
};

/* What it has cost: requests that others shared count in full. */
struct cost {
	struct traffic list, head, get, put;
	struct memo_use memo; /* these traffics have its requests */
	int64_t ms; /* from the first request to the result */
};

/* That in money. */
int64_t cost_price(const struct cost *c, const struct prices *p);

struct result {
	atomic_uint refs; /* result_new() sets it */
	struct text *text;
	struct text *ncdu; /* of prefixes, the same for ncdu; NULL: no such */
	int64_t computed_at; /* seconds since 1970: the mtime of the file */
	struct figures figures;
	struct listed listed; /* the last one that it is true for */
	/*
	 * Of that listing, whoever's the document is; NULL before there is one.
	 * What detailed alone knows is not in the bucket: after a hit it is
	 * known only if this mount has computed it for the same listing.
	 */
	struct integrity *integrity;
	/*
	 * False if an object changed between LIST and its HEAD: the document
	 * is right for its reader, and neither cached nor remembered.
	 */
	bool is_storable;
	enum result_how how;
	enum result_why why;
	struct cost cost;
};

/* A copy, with other references to what it has.  One reference, the caller's. */
struct result *result_new(const struct result *from);
/* The same, found true by a later listing too. */
struct result *result_confirmed(const struct result *r,
				const struct listed *by);

struct result *result_ref(struct result *r); /* NULL is fine */
void result_unref(struct result *r); /* NULL is fine */
void result_release(struct result **r); /* for CLEANUP */

/* Its figures were computed longer ago than that; 0: none were. */
bool result_is_older(const struct result *r, int64_t age_ms);

/* In what a stale document differs from a listing; WHY_NONE: it is valid. */
enum result_why result_compare(const struct validation *of_document,
			       const struct validation *listed);

#endif
