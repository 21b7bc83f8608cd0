/* SPDX-License-Identifier: MIT */
/*
 * The FUSE session: see fs.h.  Main thread, which is the FUSE thread: no
 * operation ever blocks it, so one is enough.
 */
#include "config.h"

#include "fs/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "fs/dead.h"
#include "fs/session.h"
#include "fs/unmount.h"
#include "util/date.h"
#include "util/log.h"

#ifdef LACKS_STATX /* the kernel has it, not every libc */
#include <linux/stat.h>

#define AT_STATX_DONT_SYNC 0x4000

static int
statx(int dir, const char *path, int flags, unsigned mask, struct statx *st)
{
	return (int)syscall(SYS_statx, dir, path, flags, mask, st);
}
#endif

/* --- refusals: nothing can be created, renamed, removed or marked --- */

static void
refuse_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
	     dev_t dev)
{
	(void)parent;
	(void)name;
	(void)mode;
	(void)dev;
	fuse_reply_err(req, EPERM);
}

static void
refuse_create(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
	      struct fuse_file_info *fi)
{
	(void)fi;
	refuse_mknod(req, parent, name, mode, 0);
}

static void
refuse_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
	refuse_mknod(req, parent, name, mode, 0);
}

static void
refuse_unlink(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	refuse_mknod(req, parent, name, 0, 0);
}

static void
refuse_symlink(fuse_req_t req, const char *target, fuse_ino_t parent,
	       const char *name)
{
	(void)target;
	refuse_mknod(req, parent, name, 0, 0);
}

static void
refuse_rename(fuse_req_t req, fuse_ino_t parent, const char *name,
	      fuse_ino_t new_parent, const char *new_name, unsigned int flags)
{
	(void)new_parent;
	(void)new_name;
	(void)flags;
	refuse_mknod(req, parent, name, 0, 0);
}

static void
refuse_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t new_parent,
	    const char *new_name)
{
	(void)ino;
	refuse_mknod(req, new_parent, new_name, 0, 0);
}

static void
refuse_setxattr(fuse_req_t req, fuse_ino_t ino, const char *name,
		const char *value, size_t size, int flags)
{
	(void)ino;
	(void)name;
	(void)value;
	(void)size;
	(void)flags;
	fuse_reply_err(req, EPERM);
}

static void
refuse_removexattr(fuse_req_t req, fuse_ino_t ino, const char *name)
{
	refuse_unlink(req, ino, name);
}

/* Closing and syncing always succeed: a command was carried out by write(2). */
static void
op_flush(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	(void)fi;
	fuse_reply_err(req, 0);
}

static void
op_fsync(fuse_req_t req, fuse_ino_t ino, int datasync,
	 struct fuse_file_info *fi)
{
	(void)datasync;
	op_flush(req, ino, fi);
}

static void
op_init(void *arg, struct fuse_conn_info *conn)
{
	struct fs *fs = arg;

	parallel_init(fs, conn);
	fs->is_initialised = true;
}

static const struct fuse_lowlevel_ops ops = {
	.init = op_init,
	.lookup = op_lookup,
	.getattr = op_getattr,
	.setattr = op_setattr,
	.statfs = op_statfs,
	.opendir = op_opendir,
	.readdir = op_readdir,
	.releasedir = op_releasedir,
	.open = op_open,
	.read = op_read,
	.write = op_write,
	.flush = op_flush,
	.fsync = op_fsync,
	.release = op_release,
	.mknod = refuse_mknod,
	.create = refuse_create,
	.mkdir = refuse_mkdir,
	.unlink = refuse_unlink,
	.rmdir = refuse_unlink,
	.symlink = refuse_symlink,
	.rename = refuse_rename,
	.link = refuse_link,
	.getxattr = op_getxattr,
	.listxattr = op_listxattr,
	.setxattr = refuse_setxattr,
	.removexattr = refuse_removexattr,
};

/* --- mount and unmount --- */

static void PRINTF(2, 0)
	on_fuse_log(enum fuse_log_level level, const char *fmt, va_list ap)
{
	char line[512];

	vsnprintf(line, sizeof(line), fmt, ap);
	line[strcspn(line, "\n")] = '\0';
	log_line(level <= FUSE_LOG_ERR	     ? LOG_LEVEL_ERROR
		 : level <= FUSE_LOG_WARNING ? LOG_LEVEL_WARN
		 : level <= FUSE_LOG_INFO    ? LOG_LEVEL_INFO
					     : LOG_LEVEL_DEBUG,
		 "libfuse: %s", line);
}

/* A value as an -o option: libfuse wants commas and backslashes escaped. */
static void
add_value(struct buf *out, const char *name, const char *value)
{
	buf_printf(out, ",%s=", name);
	for (; *value; value++) {
		if (*value == ',' || *value == '\\')
			buf_add_str(out, "\\");
		buf_add(out, value, 1);
	}
}

static struct fuse_session *
new_session(struct fs *fs)
{
	struct buf options CLEANUP_BUF = BUF_INIT(64 * 1024);
	struct fuse_args args = FUSE_ARGS_INIT(0, NULL);
	struct fuse_session *session;

	buf_add_str(&options, "default_permissions");
	add_value(&options, "fsname", fs->o.source);
	add_value(&options, "subtype", "dgstatfs");
	if (fs->o.allow_other)
		buf_add_str(&options, ",allow_other");
	if (fs->o.mount_options)
		buf_printf(&options, ",%s", fs->o.mount_options);
	fuse_opt_add_arg(&args, "dgstatfs");
	fuse_opt_add_arg(&args, "-o");
	fuse_opt_add_arg(&args, buf_str(&options));
	if (fs->o.debug)
		fuse_opt_add_arg(&args, "-d");
	session = fuse_session_new(&args, &ops, sizeof(ops), fs);
	fuse_opt_free_args(&args);
	return session;
}

/*
 * Run `fn` so that a program which libfuse starts in it, fusermount3 where we
 * are not root, gets none of our variables: a proxy's password may be in them.
 * While there is one thread.
 */
static int
without_environment(int (*fn)(struct fs *fs), struct fs *fs)
{
	char *none[] = { NULL }, **all = environ;
	int rc;

	environ = none;
	rc = fn(fs);
	environ = all;
	return rc;
}

static int
mount_session(struct fs *fs)
{
	return fuse_session_mount(fs->session, fs->o.mountpoint);
}

static int
unmount_session(struct fs *fs)
{
	fuse_session_unmount(fs->session);
	return 0;
}

/*
 * What is mounted there, on top, by its device; 0 if that can't be told.  Asks
 * nothing of it: it may be ours, and we are not answering; or an automount, for
 * which to ask would be to mount again.
 */
static dev_t
device_at(const char *path)
{
	struct statx st;

	if (statx(AT_FDCWD, path,
		  AT_STATX_DONT_SYNC | AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, 0,
		  &st) != 0)
		return 0;
	return makedev(st.stx_dev_major, st.stx_dev_minor);
}

/*
 * libfuse unmounts by name.  Where ours was taken away, or covered, another
 * mount has the name by now, which is not ours to end: close the connection,
 * and leave in its place what looks to libfuse like one that has ended.
 */
static void
spare_others(struct fs *fs)
{
	dev_t device = device_at(fs->o.mountpoint);
	int ends[2];

	if (device == 0 || fs->device == 0 || device == fs->device ||
	    pipe2(ends, O_CLOEXEC) != 0)
		return;
	dup3(ends[1], fuse_session_fd(fs->session), O_CLOEXEC);
	close(ends[0]);
	close(ends[1]);
}

/* libfuse knows no other way than fusermount3, nor whether that succeeded. */
static void
unmount_what_is_left(struct fs *fs)
{
	if (fs->device != 0 && device_at(fs->o.mountpoint) == fs->device)
		unmount_lazily(fs->o.mountpoint);
}

static void
end_session(struct fs *fs)
{
	fuse_remove_signal_handlers(fs->session);
	fuse_session_destroy(steal(&fs->session));
}

int
fs_mount(struct fs **out, const struct fs_options *o, struct err *err)
{
	struct fs *fs;
	int rc = dead_mount_remove(o->mountpoint, err);

	if (rc)
		return rc;
	fs = xnew(struct fs);
	fs->o = *o;
	fs->mounted_at = date_now();
	pthread_mutex_init(&fs->lock, NULL);
	fuse_set_log_func(on_fuse_log);
	fs->session = new_session(fs);
	if (!fs->session) {
		fs_unmount(fs);
		return err_set(err, EINVAL, "libfuse refused the options");
	}
	/* from the mount to the unmount: one that ends us would leave it dead */
	if (fuse_set_signal_handlers(fs->session) != 0 ||
	    without_environment(mount_session, fs) != 0) {
		end_session(fs);
		fs_unmount(fs);
		return err_set(err, EIO, "%s can't be mounted", o->mountpoint);
	}
	fs->device = device_at(o->mountpoint);
	parallel_start(fs->session);
	*out = fs;
	return 0;
}

/*
 * The first request is INIT.  Where libfuse has no memory for it, the kernel will
 * refuse everything with ECONNREFUSED: better to end at once.
 */
static int
answer_init(struct fs *fs)
{
	struct fuse_buf buf = { .mem = NULL };
	int rc = fuse_session_receive_buf(fs->session, &buf);

	if (rc > 0) {
		fuse_session_process_buf(fs->session, &buf);
		rc = fs->is_initialised ? 0 : -ENOMEM;
	}
	free(buf.mem);
	return rc == -EINTR ? 0 : rc; /* the loop sees what the signal was */
}

int
fs_run(struct fs *fs, struct engine *engine)
{
	int rc;

	fs->engine = engine;
	rc = answer_init(fs);
	if (rc == 0)
		rc = fuse_session_loop(fs->session);
	/* what read(2) says if the last handle goes while it hands a request out */
	return rc == -ECONNABORTED ? 0 : rc;
}

void
fs_unmount(struct fs *fs)
{
	if (!fs)
		return;
	if (fs->session) {
		spare_others(fs);
		without_environment(unmount_session, fs);
		unmount_what_is_left(fs);
		end_session(fs);
	}
	while (fs->handles)
		handle_close(fs, fs->handles);
	pthread_mutex_destroy(&fs->lock);
	free(fs);
}
