/* SPDX-License-Identifier: MIT */
/*
 * Open files.  A handle is a reference to immutable text: of a stats file, the
 * document that the engine gave while open(2) waited; of any other, what it said at
 * that moment.  The FUSE thread, but for what says otherwise.
 *
 * Many documents, one node.  Each open of a stats file has a document of its own,
 * but the kernel keeps one size and one page cache for a name, whichever handle
 * asks.  What a reader gets in spite of that:
 *
 *   size      All documents have the same one: it is right before, during and
 *             after an open, and no reader can be cut.  Of prefixes.json, which can
 *             be long, it never shrinks; an open that needs more tells the kernel
 *             before it is answered, so only who took it before the open has less.
 *   read(2)   and its like: direct I/O, past the page cache.  Always the handle's
 *             own document, however small the reads, whatever others do.
 *   sendfile(2), splice(2), mmap(2)
 *             read through the page cache, which is filled for all at once.  A read
 *             for it is known by its lock owner, 0: one that direct I/O asks for
 *             has the owner that asks.  It gets the newest document.  That was
 *             published before an open was answered with it, and with each such
 *             answer the kernel drops what it has cached.  So what these see is
 *             never older than their open.
 *
 * Not promised: that sendfile(2) gives the document that read(2) gives on the same
 * handle, and not a newer one; that several calls of sendfile(2), for parts of a
 * document, or a mapping that lives on, stay with the same one while others open the
 * file.  Who copies from a mapping at that very moment may get two halves.
 *
 * The other way is a node for each document, so that page cache and size are the
 * handle's own, too.  It promises that much more, and pays with opens that fail: the
 * kernel looks a name up before it opens it, so of many who do that at once some
 * open a node that has another's document by then, and can only be sent back with
 * ESTALE, which some get to see; and where nothing is looked up (/proc/self/fd, a
 * file that is mounted somewhere, a lower file of an overlay) two documents meet in
 * one node after all.  An open that fails is worse than a figure that is newer than
 * it need be.  Not a third way: to store documents into the page cache from here
 * gave readers mixtures of two.
 */
#include "config.h"

#include "fs/session.h"

#include <errno.h>
#include <fcntl.h>

#include "fs/control.h"
#include "util/log.h"

/* An open file. */
struct open_file {
	struct handle handle; /* first */
	struct text *text;
};

/* Whether the caller may not open it so; a positive errno, or 0. */
static int
check_access(const struct fs *fs, const struct file *f, int flags)
{
	bool is_change = (flags & O_ACCMODE) != O_RDONLY || flags & O_TRUNC;

	if (!is_change)
		return 0;
	if (!f->write)
		return EACCES; /* for root too, whom no mode bits stop */
	return fs->o.is_read_only ? EROFS : 0;
}

static void
open_file_free(struct handle *h)
{
	struct open_file *file = (struct open_file *)h;

	text_unref(file->text);
	free(file);
}

static struct handle *
open_file_new(struct text *text)
{
	struct open_file *file = xnew(struct open_file);

	file->handle.free = open_file_free;
	file->text = text_ref(text);
	return &file->handle;
}

static void
answer_open(fuse_req_t req, struct fuse_file_info *fi, struct text *text)
{
	fi->direct_io = 1;
	handle_open(fuse_req_userdata(req), req, fi, open_file_new(text));
}

/* --- stats files --- */

/*
 * Net thread.  The kernel looked the name up before it was known how long the text
 * would be; sendfile(2) relies on that.  A byte that is stored at the end tells it
 * (and is dropped with the answer, as all that it has cached).
 */
static void
tell_length(struct fs *fs, fuse_ino_t ino, const struct text *text)
{
	struct fuse_bufvec last = FUSE_BUFVEC_INIT(1);

	last.buf[0].mem = (char *)text->data + text->len - 1;
	fuse_lowlevel_notify_store(fs->session, ino, (off_t)text->len - 1,
				   &last, 0);
}

/* Net thread. */
static void
reply_stats(struct pending *p, struct result *r, const struct err *err)
{
	struct text *text CLEANUP(text_release) = NULL;
	struct place place = { .bucket = NULL };
	struct subject s;
	bool grew;

	if (!r) {
		fuse_reply_err(p->req, err->code);
		return;
	}
	tree_find(p->fs->o.buckets, p->ino, &place);
	s = subject_of(p->fs, &place);
	text = file_text(place.file, &s, r, &grew);
	if (grew)
		tell_length(p->fs, p->ino, text);
	answer_open(p->req, &p->open, text);
}

static void
open_stats(struct fs *fs, fuse_req_t req, fuse_ino_t ino,
	   const struct place *place, const struct fuse_file_info *fi)
{
	struct pending *p = pending_new(fs, req, WAIT_FOR_STATS, reply_stats);

	p->open = *fi; /* the request's own dies */
	p->ino = ino;
	p->waiter.stats.bucket = place->bucket;
	p->waiter.stats.mode = place->file->stats_mode;
	p->waiter.is_impatient =
		fs->o.is_eagain_wanted && (fi->flags & O_NONBLOCK);
	pending_start(p);
}

/* --- the others --- */

static void
open_other(struct fs *fs, fuse_req_t req, const struct place *place,
	   struct fuse_file_info *fi)
{
	struct subject s = subject_of(fs, place);
	struct buf shown CLEANUP_BUF = BUF_INIT(0);
	struct text *text CLEANUP(text_release) = NULL;
	struct err err = ERR_INIT;

	if (file_render(place->file, &s, &shown, &err) != 0) {
		log_err("%s%s: %s (%s)", s.bucket ? "bucket=" : "",
			s.bucket ? s.bucket->name : OWN_FOLDER_NAME, err.msg,
			strerror(err.code));
		fuse_reply_err(req, err.code);
		return;
	}
	text = text_new(&shown);
	answer_open(req, fi, text);
}

void
op_write(fuse_req_t req, fuse_ino_t ino, const char *data, size_t size,
	 off_t offset, struct fuse_file_info *fi)
{
	struct fs *fs = fuse_req_userdata(req);
	struct place place;
	struct subject s;
	struct err err = ERR_INIT;

	(void)offset; /* one write is one command, wherever ">>" put it */
	(void)fi;
	if (!tree_find(fs->o.buckets, ino, &place) || !place.file ||
	    !place.file->write) {
		fuse_reply_err(req, EACCES);
		return;
	}
	s = subject_of(fs, &place);
	if (size > CONTROL_MAX)
		err_set(&err, EINVAL, "a command of %zu bytes", size);
	else
		file_write(place.file, &s, data, size, &err);
	if (err.code) {
		log_info("bucket=%s file=%s: %s", place.bucket->name,
			 place.file->name, err.msg);
		fuse_reply_err(req, err.code);
		return;
	}
	fuse_reply_write(req, size);
}

/* --- both --- */

void
op_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct fs *fs = fuse_req_userdata(req);
	struct place place = { .bucket = NULL };
	int error;

	if (!tree_find(fs->o.buckets, ino, &place) || !place.file) {
		fuse_reply_err(req, tree_folder(&place) ? EISDIR : ENOENT);
		return;
	}
	error = check_access(fs, place.file, fi->flags);
	if (error)
		fuse_reply_err(req, error);
	else if (place.file->is_stats)
		open_stats(fs, req, ino, &place, fi);
	else
		open_other(fs, req, &place, fi);
}

/*
 * The handle's `own` where the newest one is longer than the kernel knows yet: it would
 * be cut.
 */
static struct text *
newest_text(struct fs *fs, const struct place *place, struct text *own)
{
	struct result *r CLEANUP(result_release) = published_result(
		&place->bucket->published, place->file->stats_mode);
	const struct file *f = place->file;
	struct subject s = subject_of(fs, place);

	if (file_size(f, &s) < (int64_t)f->text_of(r)->len)
		return text_ref(own);
	return file_text(f, &s, r, NULL);
}

/* What such a read sees: see above.  A reference. */
static struct text *
text_for(struct fs *fs, fuse_ino_t ino, const struct fuse_file_info *fi)
{
	const struct open_file *file =
		(const struct open_file *)(uintptr_t)fi->fh;
	bool is_for_page_cache = fi->lock_owner == 0;
	struct place place;

	if (is_for_page_cache && tree_find(fs->o.buckets, ino, &place) &&
	    place.file->is_stats)
		return newest_text(fs, &place, file->text);
	return text_ref(file->text);
}

void
op_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
	struct fuse_file_info *fi)
{
	struct text *text CLEANUP(text_release) =
		text_for(fuse_req_userdata(req), ino, fi);
	size_t start = (size_t)offset;

	if (start >= text->len) {
		fuse_reply_buf(req, NULL, 0);
		return;
	}
	if (size > text->len - start)
		size = text->len - start;
	fuse_reply_buf(req, text->data + start, size);
}

void
op_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	handle_close(fuse_req_userdata(req),
		     (struct handle *)(uintptr_t)fi->fh);
	fuse_reply_err(req, 0);
}
