// SPDX-License-Identifier: MIT
/* What is no file and no folder: "fifo", "socket" and "null", a character device like /dev/null. */
#include "suite.h"

static void suite(void)
{
	char buf[8];
	struct iovec part = {buf, sizeof(buf)};
	struct fdstat stat;
	uint64_t at;
	uint32_t n = 9;
	fd_t fd = NO_FD, other = NO_FD;

	/* open(2) of a socket, and of a FIFO that nobody reads. */
	CHECK(ENXIO, path_open(DIR, 0, P("socket"), 0, R_FD_READ, 0, 0, &fd));
	CHECK(ENXIO, path_open(DIR, 0, P("fifo"), 0, R_FD_WRITE, 0, 0, &fd));
	/* Opening waits for nobody; reading does, unless it is told not to. */
	CHECK(SUCCESS, path_open(DIR, 0, P("fifo"), 0, R_FD_READ, 0, NONBLOCK, &fd));
	MUST(fd_fdstat_get(fd, &stat));
	EQUAL(UNKNOWN, stat.filetype);
	CHECK(SUCCESS,
	      path_open(DIR, 0, P("fifo"), 0, R_FD_WRITE | R_FD_SEEK | R_FD_TELL, 0, 0, &other));
	CHECK(EAGAIN, fd_read(fd, &part, 1, &n));
	write_all(other, "12345");
	CHECK(SUCCESS, fd_read(fd, &part, 1, &n));
	EQUAL(5, n);
	CHECK(ESPIPE, fd_seek(other, 0, CUR, &at));
	CHECK(ESPIPE, fd_tell(other, &at));
	CHECK(ESPIPE, fd_pwrite(other, &part, 1, 0, &n));
	MUST(fd_close(other));
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
	CHECK(EINVAL, fd_sync(fd));

	EQUAL(UNKNOWN, stat_of("fifo").filetype);
	EQUAL(SOCKET_STREAM, stat_of("socket").filetype);
	EQUAL(CHARACTER_DEVICE, stat_of("null").filetype);
	CHECK(SUCCESS, path_unlink_file(DIR, P("socket")));
}
