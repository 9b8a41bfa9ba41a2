// SPDX-License-Identifier: MIT
/* fd_fdstat_set_flags */
#include "suite.h"

static void suite(void)
{
	fd_t fd = open_without("file", CREAT, APPEND, 0);
	uint64_t at;

	write_all(fd, "first");
	MUST(fd_seek(fd, 0, SET, &at));
	write_all(fd, "second");
	EQUAL(11, size_of("file"));
	CHECK(SUCCESS, fd_fdstat_set_flags(fd, 0));
	EQUAL(0, fdstat_of(fd).flags);
	MUST(fd_seek(fd, 0, SET, &at));
	write_all(fd, "third");
	EQUAL(11, size_of("file"));
	CHECK(SUCCESS, fd_fdstat_set_flags(fd, APPEND | NONBLOCK));
	EQUAL(APPEND | NONBLOCK, fdstat_of(fd).flags);
	MUST(fd_seek(fd, 0, SET, &at));
	write_all(fd, "fourth");
	EQUAL(17, size_of("file"));
	EQUAL(17, tell(fd));

	/*
	 * Linux does not change these of an open file, and calls that success; here they are
	 * refused. wasmtime returns EINVAL.
	 */
	CHECK(ENOTSUP, fd_fdstat_set_flags(fd, DSYNC));
	CHECK(ENOTSUP, fd_fdstat_set_flags(fd, RSYNC));
	CHECK(ENOTSUP, fd_fdstat_set_flags(fd, SYNC | APPEND));
	/* Bits without a meaning. */
	CHECK(EINVAL, fd_fdstat_set_flags(fd, 32));
	CHECK(EINVAL, fd_fdstat_set_flags(fd, 0x8000));
	EQUAL(APPEND | NONBLOCK, fdstat_of(fd).flags);
	CHECK(EBADF, fd_fdstat_set_flags(NO_FD, 0));
	CHECK(EBADF, fd_fdstat_set_flags(closed_fd(), 0));
	fd = open_without("file", 0, 0, R_FD_FDSTAT_SET_FLAGS);
	CHECK(ENOTCAPABLE, fd_fdstat_set_flags(fd, APPEND));
	EQUAL(0, fdstat_of(fd).flags);
}
