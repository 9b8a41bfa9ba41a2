// SPDX-License-Identifier: MIT
/* fd_close */
#include "suite.h"

static void suite(void)
{
	fd_t fd = open_all("file", CREAT);
	fd_t other = open_all("file", 0);
	struct fdstat stat;
	char buf[8];
	struct iovec part = {buf, sizeof(buf)};
	uint64_t at;
	uint32_t n;

	CHECK(SUCCESS, fd_close(fd));
	CHECK(EBADF, fd_close(fd));
	CHECK(EBADF, fd_fdstat_get(fd, &stat));
	CHECK(EBADF, fd_read(fd, &part, 1, &n));
	CHECK(EBADF, fd_tell(fd, &at));
	/* Another descriptor of the same file is not concerned. */
	CHECK(SUCCESS, fd_fdstat_get(other, &stat));
	CHECK(SUCCESS, fd_close(other));
	/* Numbers that nobody gave. */
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
