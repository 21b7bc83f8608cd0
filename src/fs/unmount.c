/* SPDX-License-Identifier: MIT */
/*
 * Taking a mount away by name: see unmount.h.  Main thread.
 */
#include "config.h"

#include "fs/unmount.h"

#include <errno.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/wait.h>

static bool
succeeds(const char *const argv[])
{
	char *const no_environment[] = { NULL };
	int status = -1;
	pid_t pid;

	if (posix_spawnp(&pid, argv[0], NULL, NULL, (char *const *)(void *)argv,
			 no_environment) != 0)
		return false;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
	}
	return status == 0;
}

bool
unmount_lazily(const char *path)
{
	const char *const fusermount[] = { "fusermount3", "-u", "-z", "-q",
					   "--",	  path, NULL };
	const char *const umount[] = { "umount", "-l", "--", path, NULL };

	return umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) == 0 ||
	       succeeds(fusermount) || succeeds(umount);
}
