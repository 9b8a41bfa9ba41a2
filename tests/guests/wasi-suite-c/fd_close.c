// SPDX-License-Identifier: MIT
/* fd_close; the folder holds "fifo". */
#include "suite.h"

/* Its last writer is gone: that the descriptor is closed can be seen from the other end. */
static void check_closed(void)
{
	char byte;
	struct iovec part = {&byte, 1};
	fd_t reader = NO_FD, writer = NO_FD;
	uint32_t n = 9;

	MUST(path_open(DIR, 0, P("fifo"), 0, R_FD_READ, 0, NONBLOCK, &reader));
	MUST(path_open(DIR, 0, P("fifo"), 0, R_FD_WRITE, 0, 0, &writer));
	CHECK(EAGAIN, fd_read(reader, &part, 1, &n));
	CHECK(SUCCESS, fd_close(writer));
	CHECK(SUCCESS, fd_read(reader, &part, 1, &n));
	EQUAL(0, n);
}

static void suite(void)
{
	fd_t fd = open_all("file", CREAT);
	fd_t other = open_all("file", 0);
	struct fdstat stat;
	char buf[8];
	struct iovec part = {buf, sizeof(buf)};
	uint64_t at;
	uint32_t n;

	check_closed();
	CHECK(SUCCESS, fd_close(fd));
	CHECK(EBADF, fd_close(fd));
	CHECK(EBADF, fd_fdstat_get(fd, &stat));
	CHECK(EBADF, fd_read(fd, &part, 1, &n));
	CHECK(EBADF, fd_tell(fd, &at));
	/* Another descriptor of the same file is not concerned. */
	CHECK(SUCCESS, fd_fdstat_get(other, &stat));
	CHECK(SUCCESS, fd_close(other));
	/* Numbers that were never open. */
	CHECK(EBADF, fd_close(NO_FD));
	CHECK(EBADF, fd_close(0x7fffffff));
	CHECK(EBADF, fd_close(0x80000000));
	CHECK(EBADF, fd_close(0xffffffff));
	/* A stream, and a preopened folder. */
	CHECK(SUCCESS, fd_close(0));
	CHECK(EBADF, fd_read(0, &part, 1, &n));
	CHECK(SUCCESS, fd_close(DIR));
	CHECK(EBADF, fd_fdstat_get(DIR, &stat));
	CHECK(EBADF, fd_prestat_get(DIR, buf));
	CHECK(EBADF, path_create_directory(DIR, P("x")));
}
