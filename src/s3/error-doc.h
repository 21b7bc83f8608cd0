/* SPDX-License-Identifier: MIT */
/*
 * An error document; and its events, for the parsers whose answer may turn out
 * to be one: S3 sends it even with status 200.  Every text has a cap.  Pure.  Any
 * thread, one at a time.
 *
 * Source: Amazon S3 API Reference, "Error responses".
 * Two shapes are known: <Error> as the root, and <ErrorResponse><Error> with
 * the request id beside (the query protocol of AWS, and some stores).
 */
#ifndef S3_ERROR_DOC_H
#define S3_ERROR_DOC_H

#include "util/base.h"

/*
 * An <Error> document, cut to size; "" for what is missing.  Without its
 * <Message>: some stores echo there what they were sent, signatures included,
 * and nothing that is not kept can get into a log.
 */
struct s3_error {
	char code[64];
	char request_id[80];
	char region[32];
};

/* Read an error document; whatever can't be read stays "". */
void s3_error_parse(struct s3_error *out, const char *data, size_t len);

struct error_doc {
	struct s3_error error; /* good at any time: fields that have ended */
	unsigned depth; /* of the fields */
	size_t offset, size; /* the field in `error` that is being read */
	size_t len;
	char text[sizeof(((struct s3_error *)NULL)->request_id)];
};

/* Whether an element of this name is the root of an error document. */
bool error_doc_is_root(const char *name);

/* Events as in sax.h, the root's included; they never fail. */
void error_doc_start(struct error_doc *d, unsigned depth, const char *name);
void error_doc_text(struct error_doc *d, const char *text, size_t len);
void error_doc_end(struct error_doc *d, unsigned depth);

#endif
