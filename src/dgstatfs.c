/* SPDX-License-Identifier: MIT */
/*
 * dgstatfs: the life of the process and nothing else.
 *
 * First, protection of what is secret.  Before the fork: configuration, set-up,
 * mount.  After it: the threads, of the log and those that setup.h starts.  The
 * parent waits for all of that, so that the user sees on the terminal what fails.
 * Then the FUSE loop.  The end goes in reverse order: waiting readers are answered
 * while the mount is still there to answer them.
 */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "conf/load.h"
#include "fs/fs.h"
#include "setup.h"
#include "util/background.h"

static int
mount_it(const struct conf *c, const struct setup *s, struct fs **fs,
	 struct err *err)
{
	return fs_mount(fs,
			&(struct fs_options){
				.mountpoint = c->mount.mountpoint,
				.source = c->mount.source,
				.mount_options = c->mount.mount_options,
				.allow_other = c->mount.allow_other,
				.is_read_only = c->mount.is_read_only,
				.debug = c->mount.debug,
				.is_eagain_wanted = c->mount.is_eagain_wanted,
				.is_df_by_bucket = c->mount.is_df_by_bucket,
				.uid = c->mount.uid < 0 ? getuid()
							: (uid_t)c->mount.uid,
				.gid = c->mount.gid < 0 ? getgid()
							: (gid_t)c->mount.gid,
				.umask = (unsigned)c->mount.umask,
				.buckets = s->buckets,
				.meter = s->meter,
			},
			err);
}

static void
warn_without_syslog(const struct conf *c)
{
	if (!c->mount.foreground && !c->log_file && !log_has_syslog())
		log_to_terminal(
			"warning: no syslog is here (/dev/log: %s), so all "
			"that goes wrong is lost: log_file=FILE keeps it",
			strerror(errno));
}

/* Everything that comes before the fork. */
static int
prepare(const struct conf *c, struct setup *s, struct fs **fs, struct err *err)
{
	int rc = setup_prepare(s, c, err);

	if (rc == 0)
		warn_without_syslog(c);
	if (rc == 0)
		rc = mount_it(c, s, fs, err);
	if (rc == 0)
		rc = log_open(c->mount.foreground ? LOG_TO_STDERR
						  : LOG_TO_SYSLOG,
			      c->log_file, c->log_level, err);
	return rc;
}

/* The log, the engine; then whoever started us may go on. */
static int
start(const struct conf *c, struct setup *s, struct err *err)
{
	int fd = -1, rc = 0;

	if (!c->mount.foreground)
		rc = background_start(&fd, err);
	if (rc == 0)
		rc = log_start(err);
	if (rc == 0)
		rc = setup_start(s, err);
	if (rc == 0 && !c->mount.foreground)
		background_ready(fd);
	return rc;
}

/* From the fork to the end of the mount: an exit status. */
static int
serve(const struct conf *c, struct setup *s, struct fs *fs)
{
	struct err err = ERR_INIT;
	int rc;

	if (start(c, s, &err) != 0) {
		log_err("%s", err.msg);
		if (!c->mount.foreground || c->log_file)
			log_to_terminal("%s", err.msg);
		setup_stop(s);
		return 1;
	}
	rc = fs_run(fs, s->engine);
	if (rc == 0)
		log_info("%s: unmounted", c->mount.mountpoint);
	else /* nobody should have to wonder why a mount has gone */
		log_warn("%s: ends: %s", c->mount.mountpoint,
			 rc > 0 ? strsignal(rc) : strerror(-rc));
	setup_stop(s);
	return rc < 0 ? 1 : 0;
}

static int
run(const struct conf *c)
{
	struct setup setup CLEANUP(setup_clear) = { .conf = NULL };
	struct fs *fs = NULL;
	struct err err = ERR_INIT;
	int status = 1;

	if (prepare(c, &setup, &fs, &err) == 0)
		status = serve(c, &setup, fs);
	else
		log_to_terminal("%s", err.msg);
	fs_unmount(fs);
	return status;
}

static int
explain_it(const struct conf *c)
{
	struct setup setup CLEANUP(setup_clear) = { .conf = NULL };
	struct err err = ERR_INIT;

	if (setup_prepare(&setup, c, &err) == 0)
		return setup_end_output(setup_explain(&setup, stdout));
	log_to_terminal("%s", err.msg);
	return 1;
}

int
main(int argc, char *argv[])
{
	struct conf c CLEANUP(conf_clear) = { .log_file = NULL };
	struct err err = ERR_INIT;
	int status;

	setup_process(); /* at once: the environment may hold keys */
	program_invocation_short_name = (char *)"dgstatfs"; /* see log.h */
	/* no setlocale(): numbers and messages are the same everywhere */
	if (conf_load(&c, CONF_DGSTATFS, argc, argv, environ, &err) != 0) {
		log_to_terminal("%s", err.msg);
		return 1;
	}
	if (c.show_help) {
		conf_print_help(stdout, CONF_DGSTATFS);
		return setup_end_output(0);
	}
	if (c.show_version) {
		printf("%s %s\n", program_invocation_short_name,
		       PACKAGE_VERSION);
		return setup_end_output(0);
	}
	if (c.show_explanation)
		return explain_it(&c);
	if (getpid() == 1) /* a container ends with its first process */
		c.mount.foreground = true;
	status = run(&c);
	log_stop();
	return status;
}
