/* SPDX-License-Identifier: MIT */
/*
 * What a listing tells of the user metadata of its objects: the events within
 * <UserMetadata>, and which value is the one that is wanted.  Any thread, one at
 * a time.
 *
 * MinIO and RustFS send the element if ListObjectsV2 is asked with metadata=true.
 * MinIO (cmd/api-response.go) names its children as they were stored,
 * "X-Amz-Meta-Project" and also "content-type"; RustFS's names are lower case
 * and have lost the prefix: "project".  So a name matches with or without
 * "x-amz-meta-", in any case.  To whom they refuse a HEAD of the object they send
 * no element; RustFS sends none either if there is no user metadata.  Both send
 * <Internal> to whom they tell the metadata, whether or not there are any.
 *
 * A HEAD has to give the same value, so what could differ is uncertain and counts
 * as not told: a name or the whole element twice, elements in a value, a value
 * of more than USER_METADATA_MAX bytes.  A value is never cut.
 */
#ifndef LIST_USER_METADATA_H
#define LIST_USER_METADATA_H

#include "list/object-list.h"

/* Numbers may have any number of leading zeros, but then a HEAD must tell. */
#define USER_METADATA_MAX 256
#define USER_METADATA_NAMES_MAX 32

struct user_metadata {
	const char *const *wanted; /* in order of precedence */
	size_t n_wanted; /* 0: nothing is looked at */

	/* of this object */
	bool is_open; /* the element has begun and not ended */
	bool is_there;
	unsigned seen; /* bits: places in `wanted` */
	size_t best; /* the first that is not empty; n_wanted: none yet */
	uint32_t text; /* its offset; 0: uncertain */

	/* of this child */
	size_t name; /* its place in `wanted`; n_wanted: none */
	size_t start; /* of its text */
	bool is_uncertain;
};

/* The names, without "x-amz-meta-"; they must live as long.  A page begins. */
void user_metadata_want(struct user_metadata *m, const char *const *names,
			size_t n);

/* An object begins. */
void user_metadata_begin(struct user_metadata *m);

/*
 * It has a child of this name, not one that all listings have.  True if the
 * store tells metadata; after that the next events are for those below, as long
 * as `is_open`.  `depth` is 1 for a child of <UserMetadata>, 0 for itself.
 */
bool user_metadata_open(struct user_metadata *m, const char *name);
void user_metadata_start(struct user_metadata *m, const struct object_list *l,
			 unsigned depth, const char *name);
int user_metadata_text(struct user_metadata *m, struct object_list *l,
		       const char *text, size_t len, struct err *err);
int user_metadata_end(struct user_metadata *m, struct object_list *l,
		      unsigned depth, struct err *err);

/*
 * The place of a name among those that are wanted; n_wanted: it is none.  And all
 * three events of a child at such a place.
 */
size_t user_metadata_place(const struct user_metadata *m, const char *name,
			   size_t len);
int user_metadata_value(struct user_metadata *m, struct object_list *l,
			size_t place, const char *text, size_t len,
			struct err *err);

/* The object has ended: what belongs into its record. */
uint32_t user_metadata_result(const struct user_metadata *m);

#endif
