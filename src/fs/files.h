/* SPDX-License-Identifier: MIT */
/*
 * The files of a bucket's directory, and of the mount's own: one table row for each.  A new file is a
 * new row.  Knows no FUSE.  Any thread.
 */
#ifndef FS_FILES_H
#define FS_FILES_H

#include <time.h>

#include "report/subject.h"
#include "util/buf.h"
#include "util/err.h"

struct file {
	const char *name;
	unsigned mode; /* permission bits */
	bool is_stats; /* a document, computed by open(2) */
	enum mode stats_mode;
	/* Which text of the result it shows; one of no fixed length has `fill`. */
	struct text *(*text_of)(const struct result *r);
	/* The others: what a reader sees now; and control files, one command. */
	size_t text_max; /* bytes that a reader may see */
	int (*render)(const struct subject *s, struct buf *out);
	int (*write)(struct bucket *bucket, const char *text, size_t len,
		     struct err *err);
	void (*touch)(struct bucket *bucket); /* times set to now; or NULL */
	/*
	 * How a text is made longer, by that many blanks or so, for
	 * their length to be a multiple of FILE_STEP that never shrinks, and
	 * `length_min` at least.  What stat(2) tells holds for the next open, but
	 * for one that needs more for the first time.
	 */
	int (*fill)(struct buf *out, const char *text, size_t blanks);
	int64_t length_min;
};

#define FILE_STEP 1024

/* A directory. */
struct folder {
	const struct file *files;
	unsigned n;
};

extern const struct folder bucket_folder;
extern const struct folder own_folder; /* of the mount itself */

#define OWN_FOLDER_NAME                                                        \
	".dgstatfs" /* in the root; no bucket can be called so */
#define OWN_FILES_MAX 7

/* The row of that name, or NULL. */
const struct file *file_find(const struct folder *folder, const char *name);

/*
 * What a reader of such a file sees now, into `out`, which is empty and gets the
 * row's cap.  What can't be made, or is longer, is an error that names the file, and
 * never a part of it.
 */
int file_render(const struct file *f, const struct subject *s, struct buf *out,
		struct err *err);

/*
 * A command to a control file of the table; and its times set to now, which may be
 * one.  What is carried out is when the file changed last.
 */
int file_write(const struct file *f, const struct subject *s, const char *text,
	       size_t len, struct err *err);
void file_touch(const struct file *f, const struct subject *s);

/*
 * What a stats file shows of its result: one reference, the caller's.  *grew, if it is
 * not NULL, tells whether it is longer than what stat(2) has told so far.
 */
struct text *file_text(const struct file *f, const struct subject *s,
		       const struct result *r, bool *grew);

/*
 * Length, 0 if it can't be rendered, and when it last changed; a report, when what it
 * tells of did.  A stats file has the time of its newest document, or that of the mount as long as it has none.  Of two
 * documents of the same second nothing but the nanoseconds can tell: they are made of the text, so they
 * are the same in every mount, and less than a millisecond, since make(1) does not
 * like a time that is still to come.
 */
int64_t file_size(const struct file *f, const struct subject *s);
struct timespec file_mtime(const struct file *f, const struct subject *s);

#endif
