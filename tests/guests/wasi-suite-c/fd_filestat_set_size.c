// SPDX-License-Identifier: MIT
/* fd_filestat_set_size */
#include "suite.h"

static void suite(void)
{
	fd_t fd = open_all("file", CREAT);
	fd_t append = open_without("file", 0, APPEND, 0);
	char buf[8];
	struct iovec part = {buf, sizeof(buf)};
	uint32_t n;

	write_all(fd, "12345");
	CHECK(SUCCESS, fd_filestat_set_size(fd, 3));
	EQUAL(3, size_of("file"));
	/* "The extra bytes are filled with zeros", also where others stood. */
	CHECK(SUCCESS, fd_filestat_set_size(fd, 7));
	EQUAL(7, size_of("file"));
	CHECK(SUCCESS, fd_pread(fd, &part, 1, 0, &n));
	EQUAL(7, n);
	SAME("123\0\0\0\0", buf);
	EQUAL(5, tell(fd));
	CHECK(SUCCESS, fd_filestat_set_size(append, 1));
	EQUAL(1, size_of("file"));
	CHECK(SUCCESS, fd_filestat_set_size(fd, 0));
	/* A file with a hole: no bytes are stored. */
	CHECK(SUCCESS, fd_filestat_set_size(fd, (uint64_t)1 << 33));
	EQUAL((uint64_t)1 << 33, size_of("file"));

	/* Negative to off_t. */
	CHECK(EINVAL, fd_filestat_set_size(fd, (uint64_t)1 << 63));
	CHECK(EINVAL, fd_filestat_set_size(fd, UINT64_MAX));
	/* More than the file system's files may have; tmpfs allows it. */
	CHECK_EITHER(EFBIG, SUCCESS, fd_filestat_set_size(fd, INT64_MAX));
	CHECK(SUCCESS, fd_filestat_set_size(fd, 2));
	CHECK(EBADF, fd_filestat_set_size(NO_FD, 0));
	CHECK(EBADF, fd_filestat_set_size(closed_fd(), 0));
	fd = open_without("file", 0, 0, R_FD_FILESTAT_SET_SIZE);
	CHECK(ENOTCAPABLE, fd_filestat_set_size(fd, 0));
	/* wasi-testsuite takes ISDIR, INVAL, BADF and NOTCAPABLE: a folder has no right to it. */
	CHECK(ENOTCAPABLE, fd_filestat_set_size(DIR, 0));
	CHECK(ENOTCAPABLE, fd_filestat_set_size(0, 0));
	EQUAL(2, size_of("file"));
}
