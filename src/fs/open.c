/* SPDX-License-Identifier: MIT */
/*
 * Open files.  A handle is a reference to immutable text: of a stats file, the
 * document that the engine gave while open(2) waited; of a control file, what
 * it said at that moment.  The FUSE thread, but for what says otherwise.
 *
 * Stats files are opened with direct I/O: reads depend on no size in the
 * kernel.  What does depend on it (sendfile, mmap) gets it right because it is
 * corrected before the open is answered: storing the last byte makes the
 * kernel's size grow.  Where a document shrank, the kernel cuts its size at the
 * first short read.
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
	struct snapshot *text;
	struct tree *tree;
	fuse_ino_t node;
};

/* Whether the caller may not open it so; a positive errno, or 0. */
static int
check_access(const struct fs *fs, const struct file *f, int flags)
{
	bool is_change = (flags & O_ACCMODE) != O_RDONLY || flags & O_TRUNC;

	if (!is_change)
		return 0;
	if (f->is_stats)
		return EACCES; /* for root too, whom no mode bits stop */
	return fs->o.is_read_only ? EROFS : 0;
}

static void
open_file_free(struct handle *h)
{
	struct open_file *file = (struct open_file *)h;

	tree_closed(file->tree, file->node);
	snapshot_unref(file->text);
	free(file);
}

static void
answer_open(fuse_req_t req, fuse_ino_t node, struct fuse_file_info *fi,
	    struct snapshot *s)
{
	struct fs *fs = fuse_req_userdata(req);
	struct open_file *file = xnew(struct open_file);

	file->handle.free = open_file_free;
	file->text = snapshot_ref(s);
	file->tree = fs->tree;
	file->node = node;
	fi->direct_io = 1;
	handle_open(fs, req, fi, &file->handle);
}

/* --- stats files: net thread --- */

/* The node shows the document, and the kernel knows its size; see tree.h. */
static int
prepare_stats(struct pending *p, struct snapshot *s)
{
	struct tree *tree = p->fs->tree;
	struct fuse_bufvec last = FUSE_BUFVEC_INIT(1);
	pid_t thread = fuse_req_ctx(p->req)->pid;

	if (!p->is_again && thread != 0 && !tree_may_show(tree, p->node, s)) {
		tree_refuse(tree, p->node, thread, s);
		return ESTALE;
	}
	tree_show(tree, p->node, s);
	last.buf[0].mem = (char *)s->data + s->len - 1;
	fuse_lowlevel_notify_store(p->fs->session, p->node, (off_t)s->len - 1,
				   &last, 0);
	return 0;
}

static void
reply_stats(struct pending *p, struct snapshot *s, const struct err *err)
{
	if (s)
		answer_open(p->req, p->node, &p->fi, s);
	else
		fuse_reply_err(p->req, err->code);
}

static void
open_stats(struct fs *fs, fuse_req_t req, fuse_ino_t ino,
	   const struct place *place, struct fuse_file_info *fi)
{
	bool is_again;
	struct snapshot *kept =
		tree_opened(fs->tree, ino, fuse_req_ctx(req)->pid, &is_again);
	struct pending *p;

	if (kept) { /* the lookup has told the kernel its size */
		tree_show(fs->tree, ino, kept);
		answer_open(req, ino, fi, kept);
		snapshot_unref(kept);
		return;
	}
	p = xnew(struct pending);
	p->fs = fs;
	p->req = req;
	p->node = ino;
	p->fi = *fi;
	p->prepare = prepare_stats;
	p->reply = reply_stats;
	p->waiter.kind = WAIT_FOR_STATS;
	p->waiter.bucket = place->bucket;
	p->waiter.mode = place->file->stats_mode;
	p->waiter.group = ino;
	p->waiter.is_nonblocking =
		fs->o.is_eagain_wanted && (fi->flags & O_NONBLOCK);
	p->is_again = is_again;
	pending_start(p);
}

/* --- control files --- */

static void
open_control(fuse_req_t req, fuse_ino_t ino, const struct place *place,
	     struct fuse_file_info *fi)
{
	struct buf text CLEANUP_BUF = BUF_INIT(CONTROL_MAX);
	struct snapshot *s;
	size_t len;

	place->file->render(place->bucket, &text);
	len = text.len;
	s = snapshot_new(buf_steal(&text), len, 0, NULL);
	answer_open(req, ino, fi, s);
	snapshot_unref(s);
}

void
op_write(fuse_req_t req, fuse_ino_t ino, const char *data, size_t size,
	 off_t offset, struct fuse_file_info *fi)
{
	struct fs *fs = fuse_req_userdata(req);
	struct place place;
	struct err err = ERR_INIT;

	(void)offset; /* one write is one command, wherever ">>" put it */
	(void)fi;
	if (!tree_find(fs->tree, ino, &place) || !place.file ||
	    !place.file->write) {
		fuse_reply_err(req, EACCES);
		return;
	}
	if (size > CONTROL_MAX)
		err_set(&err, EINVAL, "a command of %zu bytes", size);
	else
		place.file->write(place.bucket, data, size, &err);
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
	struct place place = { NULL, NULL };
	int error;

	if (!tree_find(fs->tree, ino, &place) || !place.file) {
		fuse_reply_err(req, place.bucket ? EISDIR : ENOENT);
		return;
	}
	error = check_access(fs, place.file, fi->flags);
	if (error)
		fuse_reply_err(req, error);
	else if (place.file->is_stats)
		open_stats(fs, req, ino, &place, fi);
	else
		open_control(req, ino, &place, fi);
}

void
op_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
	struct fuse_file_info *fi)
{
	const struct open_file *file =
		(const struct open_file *)(uintptr_t)fi->fh;
	const struct snapshot *s = file->text;
	size_t start = (size_t)offset;

	(void)ino;
	if (start >= s->len) {
		fuse_reply_buf(req, NULL, 0);
		return;
	}
	if (size > s->len - start)
		size = s->len - start;
	fuse_reply_buf(req, s->data + start, size);
}

void
op_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	handle_close(fuse_req_userdata(req),
		     (struct handle *)(uintptr_t)fi->fh);
	fuse_reply_err(req, 0);
}
