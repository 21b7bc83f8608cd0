/* SPDX-License-Identifier: MIT */
/*
 * Names and attributes.  FUSE thread, but for the answer to a lookup that had
 * to ask the store.  Everything else is answered from memory, at once: nothing
 * here causes a request about objects.
 *
 * The kernel keeps neither entries nor attributes (time-outs of zero): a bucket
 * that has gone is gone with the next lookup, without a notification, which
 * might wait for a lookup that waits for us.
 */
#include "config.h"

#include "fs/session.h"

#include <errno.h>

static struct timespec
mounted_at(const struct fs *fs)
{
	return (struct timespec){ .tv_sec = (time_t)fs->mounted_at };
}

static void
describe_file(struct fs *fs, const struct place *place, struct stat *st)
{
	const struct file *f = place->file;
	struct subject s = subject_of(fs, place);

	st->st_mode = (S_IFREG | f->mode) & ~fs->o.umask;
	st->st_nlink = 1;
	st->st_size = file_size(f, &s);
	st->st_blocks = (st->st_size + 511) / 512;
	st->st_mtim = file_mtime(f, &s);
}

/* Attributes of a node; false if there is none. */
static bool
fs_stat(struct fs *fs, uint64_t node, struct stat *st)
{
	struct place place;

	if (!tree_find(fs->o.buckets, node, &place))
		return false;
	*st = (struct stat){
		.st_ino = node,
		.st_mode = (S_IFDIR | 0755) & ~fs->o.umask,
		.st_nlink = 2,
		.st_uid = fs->o.uid,
		.st_gid = fs->o.gid,
		.st_blksize = 4096,
		.st_mtim = mounted_at(fs),
	};
	if (place.file)
		describe_file(fs, &place, st);
	st->st_atim = st->st_ctim = st->st_mtim;
	/* tar(1) takes a file whose ctime moves for one that is being written */
	if (place.file && !place.file->write)
		st->st_ctim = mounted_at(fs);
	return true;
}

/* --- lookup --- */

static void
answer_entry(struct fs *fs, fuse_req_t req, const struct place *place)
{
	struct fuse_entry_param e = {
		.ino = tree_ino(place),
	};

	fs_stat(fs, e.ino, &e.attr);
	fuse_reply_entry(req, &e);
}

/* Answer a lookup in the root with what is known. */
static void
answer_bucket(struct fs *fs, fuse_req_t req, enum bucket_answer answer,
	      const struct place *place)
{
	if (answer == BUCKET_IS_THERE)
		answer_entry(fs, req, place);
	else
		fuse_reply_err(req,
			       answer == BUCKET_IS_DENIED ? EACCES : ENOENT);
}

/* Net thread.  What nobody knows better is as it was. */
static void
reply_lookup(struct pending *p, struct result *r, const struct err *err)
{
	struct place place = { .bucket = NULL };
	enum bucket_answer answer =
		buckets_find(p->fs->o.buckets, p->waiter.name, &place.bucket);

	(void)r;
	if (place.bucket)
		answer = BUCKET_IS_THERE;
	if (err->code == EINTR)
		fuse_reply_err(p->req, EINTR);
	else if (answer == BUCKET_IS_UNKNOWN)
		fuse_reply_err(p->req, err->code ? err->code : EIO);
	else
		answer_bucket(p->fs, p->req, answer, &place);
}

static void
ask_for_bucket(struct fs *fs, fuse_req_t req, const char *name, bool is_known)
{
	struct pending *p = pending_new(fs, req, WAIT_FOR_BUCKET, reply_lookup);

	p->waiter.is_impatient = is_known;
	snprintf(p->waiter.name, sizeof(p->waiter.name), "%s", name);
	pending_start(p);
}

static void
lookup_bucket(struct fs *fs, fuse_req_t req, const char *name)
{
	struct place place = { .bucket = NULL };
	enum bucket_answer answer = BUCKET_IS_NOT;

	if (bucket_name_is_possible(name))
		answer = buckets_find(fs->o.buckets, name, &place.bucket);
	if (answer == BUCKET_IS_UNKNOWN)
		ask_for_bucket(fs, req, name, place.bucket != NULL);
	else
		answer_bucket(fs, req, answer, &place);
}

static void
lookup_file(struct fs *fs, fuse_req_t req, struct place *place,
	    const char *name)
{
	place->file = file_find(tree_folder(place), name);
	if (place->file)
		answer_entry(fs, req, place);
	else
		fuse_reply_err(req, ENOENT);
}

void
op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fs *fs = fuse_req_userdata(req);
	struct place place;

	if (!tree_find(fs->o.buckets, parent, &place)) {
		fuse_reply_err(req, ENOENT);
		return;
	}
	if (tree_folder(&place))
		lookup_file(fs, req, &place, name);
	else if (strcmp(name, OWN_FOLDER_NAME) == 0)
		answer_entry(fs, req, &(struct place){ .is_own = true });
	else
		lookup_bucket(fs, req, name);
}

/* --- attributes --- */

void
op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct fs *fs = fuse_req_userdata(req);
	struct stat st;

	(void)fi;
	if (fs_stat(fs, ino, &st))
		fuse_reply_attr(req, &st, 0);
	else
		fuse_reply_err(req, ENOENT);
}

/* What chmod, chown, truncate and touch may do: a positive errno, or 0. */
static int
change(struct fs *fs, const struct place *p, int to_set)
{
	const int times = FUSE_SET_ATTR_ATIME | FUSE_SET_ATTR_MTIME |
			  FUSE_SET_ATTR_ATIME_NOW | FUSE_SET_ATTR_MTIME_NOW |
			  FUSE_SET_ATTR_CTIME;
	struct subject s = subject_of(fs, p);

	if (!p->file)
		return EPERM;
	if (!p->file->write)
		return to_set & FUSE_SET_ATTR_SIZE ? EACCES : EPERM;
	if (to_set & ~(times | FUSE_SET_ATTR_SIZE))
		return EPERM; /* mode, owner */
	/* times of a copied file (cp -p) are no command, "now" is touch(1) */
	if (to_set & FUSE_SET_ATTR_MTIME_NOW)
		file_touch(p->file, &s);
	return 0;
}

void
op_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *attr, int to_set,
	   struct fuse_file_info *fi)
{
	struct fs *fs = fuse_req_userdata(req);
	struct place place;
	int error;

	(void)attr;
	if (!tree_find(fs->o.buckets, ino, &place)) {
		fuse_reply_err(req, ENOENT);
		return;
	}
	error = change(fs, &place, to_set);
	if (error)
		fuse_reply_err(req, error);
	else
		op_getattr(req, ino, fi);
}

/*
 * Of a bucket: what is stored of it is used.  In blocks of a byte, so that nothing is
 * rounded; and as much is free as makes no rule about full file systems heed it.
 */
static void
describe_space(const struct place *place, struct statvfs *st)
{
	struct result *newest CLEANUP(result_release) =
		published_newest(&place->bucket->published);
	const fsblkcnt_t free_bytes = (fsblkcnt_t)1 << 50;

	st->f_bsize = st->f_frsize = 1;
	st->f_bfree = st->f_bavail = st->f_blocks = free_bytes;
	st->f_ffree = st->f_favail = st->f_files = free_bytes;
	if (!newest)
		return;
	st->f_blocks += (fsblkcnt_t)newest->figures.compressed_size;
	st->f_files += (fsfilcnt_t)newest->figures.object_count;
}

void
op_statfs(fuse_req_t req, fuse_ino_t ino)
{
	struct fs *fs = fuse_req_userdata(req);
	/* sizes of zero: nothing fills up here, and df(1) leaves us out */
	struct statvfs st = { .f_bsize = 4096,
			      .f_frsize = 4096,
			      .f_namemax = BUCKET_NAME_MAX };
	struct place place;

	if (fs->o.is_df_by_bucket && tree_find(fs->o.buckets, ino, &place) &&
	    place.bucket)
		describe_space(&place, &st);
	fuse_reply_statfs(req, &st);
}
