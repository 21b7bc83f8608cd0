/* SPDX-License-Identifier: MIT */
/*
 * What is open, and what files are about: see session.h.  Any thread: one leaf lock.
 */
#include "config.h"

#include "fs/session.h"

#include <utlist.h>

struct subject
subject_of(struct fs *fs, const struct place *place)
{
	return (struct subject){
		.bucket = place->bucket,
		.buckets = fs->o.buckets,
		.meter = fs->o.meter,
		.states = place->bucket ? place->bucket->files : fs->own_files,
		.mounted_at = fs->mounted_at,
	};
}

void
handle_close(struct fs *fs, struct handle *h)
{
	pthread_mutex_lock(&fs->lock);
	DL_DELETE(fs->handles, h);
	pthread_mutex_unlock(&fs->lock);
	h->free(h);
}

void
handle_open(struct fs *fs, fuse_req_t req, struct fuse_file_info *fi,
	    struct handle *h)
{
	pthread_mutex_lock(&fs->lock);
	DL_APPEND(fs->handles, h);
	pthread_mutex_unlock(&fs->lock);
	fi->fh = (uintptr_t)h;
	if (fuse_reply_open(req, fi) != 0)
		handle_close(fs, h); /* nobody will release it */
}
