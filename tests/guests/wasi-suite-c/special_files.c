// SPDX-License-Identifier: MIT
/* Neither file nor folder: "fifo", "socket" and "null", a character device like /dev/null. */
#include "suite.h"

/* Fills a FIFO without a reader. */
static void check_full(fd_t fd)
{
	static char block[65536];
	struct iovec part = {block, sizeof(block)};
	uint32_t n;
	int result = SUCCESS;

	for (int i = 0; i < 1000 && !result; i++)
		result = fd_write(fd, &part, 1, &n);
	EQUAL(EAGAIN, result);
	CHECK(EAGAIN, fd_write(fd, &part, 1, &n));
}

/* A device takes any amount: more than 32 bits count, and than a system call does at once. */
static void check_huge(fd_t fd)
{
	static struct iovec parts[3000];
	uint32_t n = 0;

	if (__builtin_wasm_memory_grow(0, 32) == (size_t)-1)
		proc_exit(2);
	for (size_t i = 0; i < COUNT(parts); i++)
		parts[i] = (struct iovec){(void *)(memory_end() - (2 << 20)), 2 << 20};
	CHECK(SUCCESS, fd_write(fd, parts, COUNT(parts), &n));
	/* Some of it, as a whole number of pages: the rest is for the next call. */
	TRUE(n > 0);
	EQUAL(0, n % 4096);
}

static void suite(void)
{
	char buf[8];
	struct iovec part = {buf, sizeof(buf)};
	struct fdstat stat;
	uint64_t at;
	uint32_t n = 9;
	fd_t fd = NO_FD, other = NO_FD;

	/* open(2) of a socket, and of a FIFO without a reader. */
	CHECK(ENXIO, path_open(DIR, 0, P("socket"), 0, R_FD_READ, 0, 0, &fd));
	CHECK(ENXIO, path_open(DIR, 0, P("fifo"), 0, R_FD_WRITE, 0, 0, &fd));
	/* Opening does not wait; reading does, except with NONBLOCK. */
	CHECK(SUCCESS, path_open(DIR, 0, P("fifo"), 0, R_FD_READ, 0, NONBLOCK, &fd));
	MUST(fd_fdstat_get(fd, &stat));
	EQUAL(UNKNOWN, stat.filetype);
	CHECK(SUCCESS,
	      path_open(DIR, 0, P("fifo"), 0,
			R_FD_WRITE | R_FD_SEEK | R_FD_TELL | R_FD_FDSTAT_SET_FLAGS, 0, 0, &other));
	CHECK(EAGAIN, fd_read(fd, &part, 1, &n));
	write_all(other, "12345");
	CHECK(SUCCESS, fd_read(fd, &part, 1, &n));
	EQUAL(5, n);
	CHECK(ESPIPE, fd_seek(other, 0, CUR, &at));
	CHECK(ESPIPE, fd_tell(other, &at));
	CHECK(ESPIPE, fd_pwrite(other, &part, 1, 0, &n));
	CHECK(SUCCESS, fd_fdstat_set_flags(other, NONBLOCK));
	check_full(other);
	MUST(fd_close(other));
	while (!fd_read(fd, &part, 1, &n) && n)
		;
	CHECK(SUCCESS, fd_read(fd, &part, 1, &n));
	EQUAL(0, n);

	CHECK(SUCCESS,
	      path_open(DIR, 0, P("null"), 0, R_FD_READ | R_FD_WRITE | R_FD_SYNC, 0, 0, &fd));
	MUST(fd_fdstat_get(fd, &stat));
	EQUAL(CHARACTER_DEVICE, stat.filetype);
	CHECK(SUCCESS, fd_read(fd, &part, 1, &n));
	EQUAL(0, n);
	CHECK(SUCCESS, fd_write(fd, &part, 1, &n));
	EQUAL(sizeof(buf), n);
	check_huge(fd);
	CHECK(EINVAL, fd_sync(fd));

	EQUAL(UNKNOWN, stat_of("fifo").filetype);
	EQUAL(SOCKET_STREAM, stat_of("socket").filetype);
	EQUAL(CHARACTER_DEVICE, stat_of("null").filetype);
	CHECK(SUCCESS, path_unlink_file(DIR, P("socket")));
}
