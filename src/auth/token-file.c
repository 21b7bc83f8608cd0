/* SPDX-License-Identifier: MIT */
/*
 * Tokens in files: see token-file.h.
 */
#include "config.h"

#include "auth/token-file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static int
read_all(struct buf *out, int fd)
{
	char data[1024];
	ssize_t n;
	int rc = 0;

	while (rc == 0 && (n = read(fd, data, sizeof(data))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		rc = n < 0 ? -errno : buf_add(out, data, (size_t)n);
	}
	explicit_bzero(data, sizeof(data));
	return rc;
}

int
secret_file_read(struct buf *out, const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	int rc = fd < 0 ? -errno : read_all(out, fd);

	if (fd >= 0)
		close(fd);
	return rc ? err_set(err, EACCES, "%s: %s", path, strerror(-rc)) : 0;
}

int
token_file_read(struct buf *out, const char *path, struct err *err)
{
	if (secret_file_read(out, path, err) != 0)
		return -err->code;
	if (out->len == 0 || strlen(buf_str(out)) != out->len)
		return err_set(err, EACCES, "%s: no token is in it", path);
	return 0;
}
