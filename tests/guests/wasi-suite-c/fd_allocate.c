// SPDX-License-Identifier: MIT
/* fd_allocate */
#include "suite.h"

static void suite(void)
{
	fd_t fd = open_all("file", CREAT);
	struct iovec part = {"data", 4};
	char buf[4];
	uint32_t n;

	MUST(fd_write(fd, &part, 1, &n));
	CHECK(SUCCESS, fd_allocate(fd, 0, 100));
	EQUAL(100, size_of("file"));
	/* Existing bytes stay as they are. */
	CHECK(SUCCESS, fd_allocate(fd, 10, 10));
	EQUAL(100, size_of("file"));
	CHECK(SUCCESS, fd_allocate(fd, 90, 20));
	EQUAL(110, size_of("file"));
	EQUAL(4, tell(fd));
	part.buf = buf;
	MUST(fd_pread(fd, &part, 1, 0, &n));
	SAME("data", buf);

	/* POSIX: a length of 0, or what is negative to off_t. */
	CHECK(EINVAL, fd_allocate(fd, 0, 0));
	CHECK(EINVAL, fd_allocate(fd, 0, (uint64_t)1 << 63));
	CHECK(EINVAL, fd_allocate(fd, (uint64_t)1 << 63, 1));
	CHECK(EFBIG, fd_allocate(fd, INT64_MAX, 1));
	CHECK(EBADF, fd_allocate(NO_FD, 0, 1));
	CHECK(EBADF, fd_allocate(closed_fd(), 0, 1));
	CHECK(ENOTCAPABLE, fd_allocate(open_without("file", 0, 0, R_FD_ALLOCATE), 0, 200));
	/* wasi-testsuite takes ISDIR, BADF and NOTCAPABLE: a folder has no right to it. */
	CHECK_EITHER(ENOTCAPABLE, EBADF, fd_allocate(new_dir("dir"), 0, 1));
	EQUAL(110, size_of("file"));
}
