/* SPDX-License-Identifier: MIT */
/*
 * Several questions about a directory at a time.  Any thread.
 *
 * Unless it is told that we can do with it, the kernel asks for one name of a
 * directory, or for a part of its listing, only when the question before is
 * answered: a name that the store is asked for would delay all others, and
 * ls(1).  libfuse has a word for it, and forgets to pass it on before 3.16.3
 * (its pull request 861): so the answer to INIT is put right on its way out.  From
 * 3.17 on, libfuse is left alone: some are built without what that takes.
 */
#include "config.h"

#include "fs/session.h"

#include <linux/fuse.h>
#include <sys/uio.h>
#include <unistd.h>

#include "util/log.h"

void
parallel_init(struct fs *fs, struct fuse_conn_info *conn)
{
	conn->want |= conn->capable & FUSE_CAP_PARALLEL_DIROPS;
	fs->is_greeting = (conn->want & FUSE_CAP_PARALLEL_DIROPS) != 0;
}

static ssize_t
read_request(int fd, void *buf, size_t len, void *arg)
{
	(void)arg;
	return read(fd, buf, len);
}

static ssize_t
write_answer(int fd, struct iovec *iov, int count, void *arg)
{
	struct fs *fs = arg;

	if (fs->is_greeting && count == 2 &&
	    iov[1].iov_len >= FUSE_COMPAT_22_INIT_OUT_SIZE) {
		struct fuse_init_out *init = iov[1].iov_base;

		init->flags |= FUSE_PARALLEL_DIROPS;
		fs->is_greeting = false;
	}
	return writev(fd, iov, count);
}

bool
parallel_is_forgotten(int version)
{
	return version < FUSE_MAKE_VERSION(3, 17);
}

void
parallel_start(struct fuse_session *session)
{
	static const struct fuse_custom_io io = { .read = read_request,
						  .writev = write_answer };

	if (parallel_is_forgotten(fuse_version()) &&
	    fuse_session_custom_io(session, &io, fuse_session_fd(session)) != 0)
		log_warn("a name that is looked up delays others");
}
