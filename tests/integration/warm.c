/* SPDX-License-Identifier: MIT */
/*
 * The client of warm.py.
 *
 * usage: warm SOCKET SCRIPT [ARG...]
 *
 * SCRIPT runs there as if it were here: with our standard descriptors, directory,
 * environment and arguments; its exit status is ours.  It ends when we are told to, and
 * has ended before we do.
 */
#include <err.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

extern char **environ;
static int server;

/* The server reads this as the end of the script; then it closes the connection. */
static void
on_term(int signal)
{
	(void)signal;
	shutdown(server, SHUT_WR);
}

static void
connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(address.sun_path))
		errx(1, "too long: %s", path);
	strcpy(address.sun_path, path);
	server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (server < 0 ||
	    connect(server, (struct sockaddr *)&address, sizeof(address)) < 0)
		err(1, "%s", path);
}

static void
put(FILE *to, const char *string)
{
	fwrite(string, 1, strlen(string) + 1, to);
}

/* How many arguments, the directory, they and the environment, each ends in NUL. */
static char *
request(char **argv, size_t *len)
{
	char *text, directory[4096];
	FILE *to = open_memstream(&text, len);
	int n = 0;

	if (!to)
		err(1, "warm");
	if (!getcwd(directory, sizeof(directory))) /* of a mount that is dead */
		strcpy(directory, "/");
	while (argv[n])
		n++;
	fprintf(to, "%d%c", n, 0);
	put(to, directory);
	for (; *argv; argv++)
		put(to, *argv);
	for (char **one = environ; *one; one++)
		put(to, *one);
	fclose(to);
	return text;
}

/* The length of what follows, and the standard descriptors with it. */
static void
send_head(uint64_t length)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(3 * sizeof(int))];
	} control = { 0 };
	struct iovec part = { .iov_base = &length, .iov_len = sizeof(length) };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };

	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(3 * sizeof(int));
	memcpy(CMSG_DATA(&control.head), (int[]){ 0, 1, 2 }, 3 * sizeof(int));
	if (sendmsg(server, &message, 0) != sizeof(length))
		err(1, "warm: sendmsg");
}

int
main(int argc, char **argv)
{
	struct sigaction term = { .sa_handler = on_term,
				  .sa_flags = SA_RESTART };
	unsigned char status = 1; /* it was killed */
	char *text;
	size_t len;

	if (argc < 3)
		errx(2, "usage: warm SOCKET SCRIPT [ARG...]");
	connect_to(argv[1]);
	text = request(argv + 2, &len);
	send_head(len);
	for (size_t done = 0; done < len;) {
		ssize_t n = write(server, text + done, len - done);

		if (n < 0)
			err(1, "warm: write");
		done += n;
	}
	sigaction(SIGTERM, &term, NULL);
	return read(server, &status, 1) == 1 ? status : 1;
}
