// SPDX-License-Identifier: MIT
/* sock_* on what is no socket, and on nothing. */
#include "suite.h"

static void check_all(int expected, fd_t fd)
{
	char buf[4] = "data";
	struct iovec part = {buf, 4};
	uint16_t roflags;
	uint32_t n;
	fd_t accepted;

	CHECK(expected, sock_accept(fd, 0, &accepted));
	CHECK(expected, sock_recv(fd, &part, 1, 0, &n, &roflags));
	CHECK(expected, sock_send(fd, &part, 1, 0, &n));
	CHECK(expected, sock_shutdown(fd, SHUT_RD | SHUT_WR));
}

static void suite(void)
{
	fd_t file = open_all("file", CREAT);

	check_all(EBADF, NO_FD);
	check_all(EBADF, closed_fd());
	check_all(EBADF, 0xffffffff);
	check_all(ENOTSOCK, file);
	check_all(ENOTSOCK, DIR);
	check_all(ENOTSOCK, 0);
	check_all(ENOTSOCK, 1);
	/* A right to read or write a file is none to talk. */
	EQUAL(0, size_of("file"));
}
