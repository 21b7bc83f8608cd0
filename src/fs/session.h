/* SPDX-License-Identifier: MIT */
/*
 * What the files that speak FUSE share: the state of the mount, what is open, and
 * the operations by file.  Private to fs/.
 */
#ifndef FS_SESSION_H
#define FS_SESSION_H

#define FUSE_USE_VERSION 314
#include <fuse_lowlevel.h>
#include <pthread.h>

#include "engine/engine.h"
#include "fs/options.h"
#include "fs/tree.h"

/*
 * What is open: the start of what fi->fh points to.  The kernel does not release
 * handles that are open, or just closed, when the mount ends: those end with it.
 */
struct handle {
	void (*free)(struct handle *h);
	struct handle *prev, *next;
};

struct fs {
	struct fs_options o;
	struct fuse_session *session;
	dev_t device; /* of the mount; 0: unknown */
	struct engine *engine; /* while fs_run() */
	bool is_initialised; /* kernel and libfuse agree on the protocol */
	int64_t mounted_at; /* seconds: the time of the directories */
	bool is_greeting; /* the next answer is that to INIT */
	struct file_state own_files[OWN_FILES_MAX];

	/* under lock, which is a leaf lock */
	pthread_mutex_t lock;
	struct handle *handles;
};

/* session.c: what the files at a place are about.  Any thread. */
struct subject subject_of(struct fs *fs, const struct place *place);

/* Takes `h`, and answers with it.  Any thread. */
void handle_open(struct fs *fs, fuse_req_t req, struct fuse_file_info *fi,
		 struct handle *h);
void handle_close(struct fs *fs, struct handle *h);

/*
 * parallel.c; the second once it is mounted.  The third: whether a libfuse of that
 * version, as fuse_version() tells it, has to be helped.
 */
void parallel_init(struct fs *fs, struct fuse_conn_info *conn);
void parallel_start(struct fuse_session *session);
bool parallel_is_forgotten(int version);

/* nodes.c */
void op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name);
void op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void op_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *attr, int to_set,
		struct fuse_file_info *fi);
void op_statfs(fuse_req_t req, fuse_ino_t ino);

/* xattr.c */
void op_getxattr(fuse_req_t req, fuse_ino_t ino, const char *name, size_t size);
void op_listxattr(fuse_req_t req, fuse_ino_t ino, size_t size);

/* dirs.c */
void op_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void op_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		struct fuse_file_info *fi);
void op_releasedir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);

/* open.c */
void op_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void op_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
	     struct fuse_file_info *fi);
void op_write(fuse_req_t req, fuse_ino_t ino, const char *data, size_t size,
	      off_t offset, struct fuse_file_info *fi);
void op_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);

/*
 * pending.c: a request whose answer comes from the engine; the essay on how a
 * blocked open ends is there.  `reply` is called on the net thread, exactly once,
 * when the request may be answered and no interrupt can come any more; it must
 * answer.
 */
struct pending;
typedef void pending_reply_fn(struct pending *p, struct result *r,
			      const struct err *err);

struct pending {
	struct waiter waiter;
	struct fs *fs;
	fuse_req_t req;
	pending_reply_fn *reply;
	fuse_ino_t ino; /* WAIT_FOR_STATS */
	union { /* by waiter.kind; WAIT_FOR_BUCKET has none */
		struct fuse_file_info open; /* WAIT_FOR_STATS */
		struct { /* WAIT_FOR_LIST */
			struct dir *dir; /* open until it is answered */
			size_t size; /* the room for the answer */
		} readdir;
	};
};

/* What else belongs to that kind, here and in the waiter, is the caller's to set. */
struct pending *pending_new(struct fs *fs, fuse_req_t req,
			    enum waiter_kind kind, pending_reply_fn *reply);

/* Takes `p`. */
void pending_start(struct pending *p);

#endif
