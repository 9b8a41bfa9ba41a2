// SPDX-License-Identifier: MIT
/*
 * congested NAME [waiting | NAMESPACE]
 *
 * Holds a TCP connection through lo whose ends use a congestion control, and prints theirs for each
 * byte of standard input. With "waiting", it also holds one that is never accepted. With the path
 * of another network namespace, it enters that and leaves the namespace of its sockets without a
 * process.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static void check(int result, const char *what)
{
	if (result >= 0)
		return;
	perror(what);
	exit(EXIT_FAILURE);
}

static void set(int fd, const char *name)
{
	check(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, strlen(name)), "setsockopt");
}

static const char *get(int fd, char name[16])
{
	socklen_t size = 15;

	memset(name, 0, 16);
	check(getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &size), "getsockopt");
	return name;
}

static int connect_to(struct sockaddr_in *address, const char *name)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	check(fd, "socket");
	set(fd, name);
	check(connect(fd, (struct sockaddr *)address, sizeof(*address)), "connect");
	return fd;
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0), accepted, connected;
	char names[3][16];

	if (argc < 2)
		return EXIT_FAILURE;
	setvbuf(stdout, NULL, _IOLBF, 0);
	check(listener, "socket");
	set(listener, argv[1]);
	check(bind(listener, (struct sockaddr *)&address, sizeof(address)), "bind");
	check(listen(listener, 4), "listen");
	check(getsockname(listener, (struct sockaddr *)&address, &size), "getsockname");
	connected = connect_to(&address, argv[1]);
	accepted = accept(listener, NULL, NULL);
	check(accepted, "accept");
	if (argc > 2 && !strcmp(argv[2], "waiting"))
		connect_to(&address, argv[1]);
	if (argc > 2 && argv[2][0] == '/')
		check(setns(open(argv[2], O_RDONLY), CLONE_NEWNET), "setns");
	do {
		printf("%s %s %s\n", get(listener, names[0]), get(connected, names[1]),
		       get(accepted, names[2]));
	} while (getchar() != EOF);
	return EXIT_SUCCESS;
}
