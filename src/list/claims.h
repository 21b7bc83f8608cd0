/* SPDX-License-Identifier: MIT */
/*
 * What a page of a listing says of itself, beside its objects, and whether that
 * is what was asked for.  A page of another bucket, of a part of this one, or one
 * that counts other keys than it has, is somebody else's answer or nobody's: it
 * must not count.  Pure.
 *
 * What stores really send, so what is no contradiction:
 * - A field that is missing, empty or blank; Amazon, Ceph RGW, MinIO and OpenStack
 *   Swift send <Prefix/>, and MinIO <Delimiter/> as well.
 * - <Name> is the bucket's.  Ambry had the whole path there, others have the host
 *   or a tenant: so it only has to occur, in any case.  What Amazon says to the
 *   alias of an access point is the name of something else.
 * - <Delimiter>/</Delimiter> of old SeaweedFS, which nobody asked for, and which
 *   was not applied: a key has it.
 * - ContinuationToken and StartAfter are what was sent, bare (Ceph RGW) or encoded
 *   (Amazon, with encoding-type=url).
 */
#ifndef LIST_CLAIMS_H
#define LIST_CLAIMS_H

#include "util/err.h"
#include "util/object.h"

/* Whether a page repeats what was asked for. */
enum list_echo { LIST_ECHO_UNKNOWN, LIST_ECHO_SAME, LIST_ECHO_OTHER };

/* What was asked for; the strings are the caller's. */
struct list_asked {
	const char *bucket; /* NULL: nothing is known, nothing compared */
	const char *token, *start_after; /* NULL: not sent */
	/* The store has its own words for what it was asked. */
	bool may_echo_other;
};

#define LIST_DELIMITER_MAX 64

struct list_claims {
	struct list_asked asked;
	bool is_contradiction; /* the last failure was one */
	enum list_echo echo;
	bool has_next_marker;
	char delimiter[LIST_DELIMITER_MAX]; /* "": none */
};

/* The texts of these elements; -EIO if it can't be the answer. */
typedef int list_claim_fn(struct list_claims *c, const char *text,
			  struct err *err);
list_claim_fn list_claim_name, list_claim_prefix, list_claim_delimiter,
	list_claim_token, list_claim_start_after, list_claim_marker,
	list_claim_next_marker;

/* There is a <CommonPrefixes>: always -EIO. */
int list_claim_common_prefixes(struct list_claims *c, struct err *err);

struct list_counts {
	int64_t key_count; /* as the page says; -1: it does not */
	size_t n_objects;
	bool is_last; /* IsTruncated is false */
	bool has_token; /* to go on with */
};

/* The page has ended. */
int list_claims_check(struct list_claims *c, const struct list_counts *n,
		      struct err *err);

/* Its keys are decoded: was a delimiter applied?  `is_encoded`: so is it. */
int list_claims_check_delimiter(struct list_claims *c, bool is_encoded,
				const struct object *objects, size_t n,
				struct err *err);

#endif
