/* SPDX-License-Identifier: MIT */
/*
 * Directories: the root lists .dgstatfs and buckets, these list the files of a table.
 * FUSE thread, but for the answer to a readdir that had to ask the store.
 *
 * Opening a directory asks nobody: df(1) opens the root, cd(1) in it as well.
 * Listing causes no request about objects, and none at all while ListBuckets
 * answered less than bucket_ttl ago.  On a dead network the root shows what it
 * knew, at once: who has something to show does not wait for long.
 */
#include "config.h"

#include "fs/session.h"

#include <errno.h>

/* An open directory; names are taken when it is read from the start. */
struct dir {
	struct handle handle; /* first */
	struct place place;
	char **names; /* of buckets; the root only */
	size_t n_names;
};

static void
dir_clear_names(struct dir *d)
{
	for (size_t i = 0; i < d->n_names; i++)
		free(d->names[i]);
	free(d->names);
	d->names = NULL;
	d->n_names = 0;
}

static void
dir_free(struct handle *h)
{
	struct dir *d = (struct dir *)h;

	dir_clear_names(d);
	free(d);
}

static struct handle *
dir_new(const struct place *place)
{
	struct dir *d = xnew(struct dir);

	d->handle.free = dir_free;
	d->place = *place;
	return &d->handle;
}

void
op_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct fs *fs = fuse_req_userdata(req);
	struct place place;

	if (!tree_find(fs->o.buckets, ino, &place))
		fuse_reply_err(req, ENOENT);
	else if (place.file)
		fuse_reply_err(req, ENOTDIR);
	else
		handle_open(fs, req, fi, dir_new(&place));
}

/* --- entries: ".", "..", then files, or in the root .dgstatfs and buckets --- */

static size_t
count_entries(const struct dir *d)
{
	const struct folder *folder = tree_folder(&d->place);

	return 2 + (folder ? folder->n : 1 + d->n_names);
}

/* Entry `i`: its name, and where it leads; false if that has gone. */
static bool
get_entry(struct fs *fs, const struct dir *d, size_t i, const char **name,
	  struct place *to)
{
	const struct folder *folder = tree_folder(&d->place);

	*to = d->place;
	if (i < 2) {
		*name = i == 0 ? "." : "..";
		if (i == 1)
			*to = (struct place){ .bucket = NULL };
		return true;
	}
	if (folder) {
		to->file = &folder->files[i - 2];
		*name = to->file->name;
		return true;
	}
	if (i == 2) {
		*name = OWN_FOLDER_NAME;
		to->is_own = true;
		return true;
	}
	*name = d->names[i - 3];
	buckets_find(fs->o.buckets, *name, &to->bucket);
	return to->bucket != NULL;
}

/* As many entries as fit into `size`, from `offset` on. */
static void
answer_readdir(fuse_req_t req, struct dir *d, size_t size, off_t offset)
{
	struct fs *fs = fuse_req_userdata(req);
	char *out CLEANUP_FREE = xmalloc(size);
	size_t used = 0;

	if (offset == 0 && !tree_folder(&d->place)) {
		dir_clear_names(d);
		d->names = buckets_names(fs->o.buckets, &d->n_names);
	}
	for (size_t i = (size_t)offset; i < count_entries(d); i++) {
		struct place to;
		const char *name;
		struct stat st = { 0 };
		size_t n;

		if (!get_entry(fs, d, i, &name, &to))
			continue;
		st.st_ino = tree_ino(&to);
		st.st_mode = to.file ? S_IFREG : S_IFDIR;
		n = fuse_add_direntry(req, out + used, size - used, name, &st,
				      (off_t)i + 1);
		if (n > size - used)
			break;
		used += n;
	}
	fuse_reply_buf(req, out, used);
}

/* Net thread. */
static void
reply_readdir(struct pending *p, struct result *r, const struct err *err)
{
	(void)r;
	if (err->code == EINTR || (err->code && !buckets_any(p->fs->o.buckets)))
		fuse_reply_err(p->req, err->code);
	else
		answer_readdir(p->req, p->readdir.dir, p->readdir.size, 0);
}

static void
ask_for_list(struct fs *fs, fuse_req_t req, struct dir *d, size_t size)
{
	struct pending *p = pending_new(fs, req, WAIT_FOR_LIST, reply_readdir);

	p->readdir.dir = d;
	p->readdir.size = size;
	p->waiter.is_impatient = buckets_any(fs->o.buckets);
	pending_start(p);
}

void
op_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
	   struct fuse_file_info *fi)
{
	struct fs *fs = fuse_req_userdata(req);
	struct dir *d = (struct dir *)(uintptr_t)fi->fh;
	bool is_denied;

	(void)ino;
	if (offset > 0 || tree_folder(&d->place))
		answer_readdir(req, d, size, offset);
	else if (!buckets_list_is_fresh(fs->o.buckets, &is_denied))
		ask_for_list(fs, req, d, size);
	else if (is_denied && !buckets_any(fs->o.buckets))
		fuse_reply_err(req, EACCES);
	else
		answer_readdir(req, d, size, 0);
}

void
op_releasedir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	handle_close(fuse_req_userdata(req),
		     (struct handle *)(uintptr_t)fi->fh);
	fuse_reply_err(req, 0);
}
