// SPDX-License-Identifier: MIT
/*
 * sock_* with two listening sockets: the host connects twice to the first and sends "hello" on the
 * first connection; the second gets no client.
 */
#include "suite.h"

#define LISTENING 4
#define LONELY 5

static char buf[64];
static struct iovec part = {buf, sizeof(buf)};
static uint16_t roflags;
static uint32_t n;

static fd_t accept(void)
{
	fd_t fd = NO_FD;

	CHECK(SUCCESS, sock_accept(LISTENING, 0, &fd));
	TRUE(fd > LISTENING && fd < 0x80000000);
	return fd;
}

static void check_listening(void)
{
	struct fdstat stat = fdstat_of(LISTENING);
	fd_t fd = NO_FD;

	EQUAL(SOCKET_STREAM, stat.filetype);
	EQUAL(R_SOCK_ACCEPT, stat.rights & R_SOCK_ACCEPT);
	/* It is not a granted folder. */
	CHECK(EBADF, fd_prestat_get(LISTENING, buf));
	CHECK(SUCCESS, fd_fdstat_set_flags(LONELY, NONBLOCK));
	CHECK(EAGAIN, sock_accept(LONELY, 0, &fd));
	CHECK(EINVAL, sock_accept(LONELY, APPEND, &fd));
	CHECK(EINVAL, sock_accept(LONELY, 32, &fd));
	CHECK(EFAULT, sock_accept(LONELY, 0, BAD));
	CHECK(EFAULT, sock_accept(LONELY, 0, PAST_END(4)));
	CHECK(ENOTCONN, sock_recv(LONELY, &part, 1, 0, &n, &roflags));
	CHECK_EITHER(ENOTCONN, EPIPE, sock_send(LONELY, &part, 1, 0, &n));
	MUST(fd_fdstat_set_rights(LONELY, 0, 0));
	CHECK(ENOTCAPABLE, sock_accept(LONELY, 0, &fd));
	CHECK(ENOTCAPABLE, sock_recv(LONELY, &part, 1, 0, &n, &roflags));
	CHECK(ENOTCAPABLE, sock_send(LONELY, &part, 1, 0, &n));
	CHECK(ENOTCAPABLE, sock_shutdown(LONELY, SHUT_WR));
	CHECK(SUCCESS, fd_close(LONELY));
}

/* Waits for a client, or for bytes. */
static void wait_for(fd_t fd)
{
	struct subscription in[2] = {{.userdata = 1, .tag = EVENT_READ}, {.userdata = 2}};
	struct event events[2];
	uint32_t stored = 0;

	in[0].u.fd = fd;
	in[1].u.clock.id = MONOTONIC;
	in[1].u.clock.timeout = 10000000000ull;
	CHECK(SUCCESS, poll_oneoff(in, events, 2, &stored));
	EQUAL(1, events[0].userdata);
	EQUAL(SUCCESS, events[0].error);
}

static void check_receive(fd_t fd)
{
	static char one[2], two[8];
	struct iovec parts[] = {{one, 2}, {NULL, 0}, {two, 3}};

	wait_for(fd);
	CHECK(SUCCESS, sock_recv(fd, &part, 1, PEEK, &n, &roflags));
	EQUAL(5, n);
	EQUAL(0, roflags);
	/* It was only looked at. */
	CHECK(SUCCESS, sock_recv(fd, parts, 3, WAITALL, &n, &roflags));
	EQUAL(5, n);
	SAME("he", one);
	SAME("llo", two);
	CHECK(EINVAL, sock_recv(fd, &part, 1, 4, &n, &roflags));
	CHECK(EFAULT, sock_recv(fd, BAD, 1, 0, &n, &roflags));
	CHECK(EFAULT, sock_recv(fd, &part, 1, 0, BAD, &roflags));
	CHECK(EFAULT, sock_recv(fd, &part, 1, 0, &n, BAD));
	/* No bytes now, and no wait. */
	CHECK(SUCCESS, fd_fdstat_set_flags(fd, NONBLOCK));
	CHECK(EAGAIN, sock_recv(fd, &part, 1, 0, &n, &roflags));
	CHECK(EAGAIN, fd_read(fd, &part, 1, &n));
	CHECK(SUCCESS, fd_fdstat_set_flags(fd, 0));
}

static void check_send(fd_t fd)
{
	struct iovec parts[] = {{"wo", 2}, {NULL, 0}, {"rld", 3}};

	CHECK(EINVAL, sock_send(fd, parts, 3, 1, &n));
	CHECK(EFAULT, sock_send(fd, BAD, 1, 0, &n));
	CHECK(EFAULT, sock_send(fd, parts, 1, 0, BAD));
	CHECK(SUCCESS, sock_send(fd, parts, 3, 0, &n));
	EQUAL(5, n);
	write_all(fd, "!\n");
}

/* The other end does not read: room is limited. */
static void check_full(fd_t fd)
{
	static char block[65536];
	struct iovec big = {block, sizeof(block)};
	int result = SUCCESS;

	CHECK(SUCCESS, fd_fdstat_set_flags(fd, NONBLOCK));
	for (int i = 0; i < 10000 && !result; i++)
		result = sock_send(fd, &big, 1, 0, &n);
	EQUAL(EAGAIN, result);
	CHECK(EAGAIN, sock_send(fd, &big, 1, 0, &n));
	CHECK(EAGAIN, fd_write(fd, &big, 1, &n));
	CHECK(SUCCESS, fd_fdstat_set_flags(fd, 0));
}

/* The host closes the second connection without having read what was sent on it. */
static void check_reset(fd_t control, fd_t other)
{
	check_full(other);
	write_all(control, "close\n");
	wait_for(other);
	CHECK(ECONNRESET, sock_recv(other, &part, 1, 0, &n, &roflags));
	CHECK(EPIPE, sock_send(other, &part, 1, 0, &n));
	/* Not as a pipe's: it does not end the module. */
	CHECK(EPIPE, fd_write(other, &part, 1, &n));
	CHECK(SUCCESS, fd_close(other));
}

static void check_shutdown(fd_t fd)
{
	CHECK(EINVAL, sock_shutdown(fd, 0));
	CHECK(EINVAL, sock_shutdown(fd, 4));
	CHECK(SUCCESS, sock_shutdown(fd, SHUT_WR));
	CHECK(EPIPE, sock_send(fd, &part, 1, 0, &n));
	/* The other direction is open: the host replies to the end of input. */
	CHECK(SUCCESS, sock_recv(fd, &part, 1, 0, &n, &roflags));
	EQUAL(3, n);
	SAME("bye", buf);
	CHECK(SUCCESS, sock_recv(fd, &part, 1, 0, &n, &roflags));
	EQUAL(0, n);
	CHECK_EITHER(SUCCESS, ENOTCONN, sock_shutdown(fd, SHUT_RD | SHUT_WR));
}

static void check_not_file(fd_t fd)
{
	struct filestat stat;
	uint64_t at;

	CHECK(SUCCESS, fd_filestat_get(fd, &stat));
	EQUAL(SOCKET_STREAM, stat.filetype);
	CHECK_EITHER(ENOTCAPABLE, ESPIPE, fd_seek(fd, 0, CUR, &at));
	CHECK_EITHER(ENOTCAPABLE, ESPIPE, fd_pread(fd, &part, 1, 0, &n));
	CHECK_EITHER(ENOTCAPABLE, EINVAL, fd_filestat_set_size(fd, 0));
	CHECK_EITHER(ENOTCAPABLE, ENOTDIR, fd_readdir(fd, buf, sizeof(buf), 0, &n));
	CHECK(ENOTDIR, path_create_directory(fd, P("x")));
	/* A connection does not listen. */
	CHECK_EITHER(ENOTCAPABLE, EINVAL, sock_accept(fd, 0, &n));
}

static void suite(void)
{
	fd_t first, second;

	check_listening();
	wait_for(LISTENING);
	first = accept();
	second = accept();
	check_not_file(first);
	check_receive(first);
	check_send(first);
	check_reset(first, second);
	check_shutdown(first);
	CHECK(SUCCESS, fd_close(first));
	CHECK(EBADF, sock_send(first, &part, 1, 0, &n));
}
