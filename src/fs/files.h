/* SPDX-License-Identifier: MIT */
/*
 * The files of a bucket's directory: one table row for each.  A new file is a
 * new row.  Knows no FUSE.  Any thread.
 */
#ifndef FS_FILES_H
#define FS_FILES_H

#include "engine/buckets.h"
#include "util/buf.h"
#include "util/err.h"

struct file {
	const char *name;
	unsigned mode; /* permission bits */
	bool is_stats; /* a document, computed by open(2) */
	enum mode stats_mode;
	/* Control files: what a reader sees now, and one command. */
	int (*render)(const struct bucket *bucket, struct buf *out);
	int (*write)(struct bucket *bucket, const char *text, size_t len,
		     struct err *err);
	int (*touch)(struct bucket *bucket); /* times set to now; may be NULL */
	int control; /* index in bucket->control_changed_at */
};

extern const struct file files[];
extern const unsigned n_files;

/* The row of that name, or NULL. */
const struct file *file_find(const char *name);

/* Length and time of a file that nobody has open. */
int64_t file_size(const struct file *f, const struct bucket *bucket);
int64_t file_mtime(const struct file *f, const struct bucket *bucket);

#endif
