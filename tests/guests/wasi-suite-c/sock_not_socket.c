// SPDX-License-Identifier: MIT
/* sock_* on other descriptors, and on closed ones. sock_accept did not exist in 2019. */
#include "suite.h"

static void check_all(int expected, fd_t fd)
{
	char buf[4] = "data";
	struct iovec part = {buf, 4};
	uint16_t roflags;
	uint32_t n;
	fd_t accepted = NO_FD;

#ifndef WASI_UNSTABLE
	CHECK(expected, sock_accept(fd, 0, &accepted));
#endif
	(void)accepted;
	CHECK(expected, sock_recv(fd, &part, 1, 0, &n, &roflags));
	CHECK(expected, sock_send(fd, &part, 1, 0, &n));
	CHECK(expected, sock_shutdown(fd, SHUT_RD | SHUT_WR));
}

static void suite(void)
{
	fd_t file = open_all("file", CREAT);
	char buf[4] = "data";
	struct iovec part = {buf, 4};
	uint16_t roflags;
	uint32_t n;
	fd_t fd = NO_FD;

#ifndef WASI_UNSTABLE
	CHECK(EBADF, sock_accept(NO_FD, 0, &fd));
#endif
	CHECK(EBADF, sock_recv(NO_FD, &part, 1, 0, &n, &roflags));
	CHECK(EBADF, sock_send(NO_FD, &part, 1, 0, &n));
	CHECK(EBADF, sock_shutdown(NO_FD, SHUT_WR));
	(void)fd;
	check_all(EBADF, closed_fd());
	check_all(EBADF, 0xffffffff);
#ifndef WASI_UNSTABLE
	CHECK(ENOTSOCK, sock_accept(file, 0, &fd));
#endif
	CHECK(ENOTSOCK, sock_recv(file, &part, 1, 0, &n, &roflags));
	CHECK(ENOTSOCK, sock_send(file, &part, 1, 0, &n));
	CHECK(ENOTSOCK, sock_shutdown(file, SHUT_WR));
	check_all(ENOTSOCK, DIR);
	check_all(ENOTSOCK, 0);
	check_all(ENOTSOCK, 1);
	/* A right to read or write a file does not include sockets. */
	EQUAL(0, size_of("file"));
}
