/* SPDX-License-Identifier: MIT */
/*
 * A file that has a token, which others replace from time to time.  Blocks as open(2)
 * and read(2) do.
 */
#ifndef AUTH_TOKEN_FILE_H
#define AUTH_TOKEN_FILE_H

#include "util/buf.h"
#include "util/err.h"

#define TOKEN_FILE_MAX (32 * 1024)

/*
 * Append what is in it, as it is: a newline at the end belongs to it.  -EACCES if it
 * can't be read, is empty, has a NUL, or does not fit.
 */
int token_file_read(struct buf *out, const char *path, struct err *err);

/* The same for any file: it may be empty, and have a NUL; the cap is that of `out`. */
int secret_file_read(struct buf *out, const char *path, struct err *err);

#endif
