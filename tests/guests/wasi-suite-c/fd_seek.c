// SPDX-License-Identifier: MIT
/* fd_seek; standard output is a pipe. */
#include "suite.h"

static void suite(void)
{
	fd_t fd = open_all("file", CREAT);
	char byte;
	struct iovec part = {&byte, 1};
	uint64_t at = 99;
	uint32_t n;

	write_all(fd, "0123456789");
	CHECK(SUCCESS, fd_seek(fd, 0, CUR, &at));
	EQUAL(10, at);
	CHECK(SUCCESS, fd_seek(fd, 3, SET, &at));
	EQUAL(3, at);
	CHECK(SUCCESS, fd_seek(fd, 2, CUR, &at));
	EQUAL(5, at);
	CHECK(SUCCESS, fd_seek(fd, -4, CUR, &at));
	EQUAL(1, at);
	CHECK(SUCCESS, fd_seek(fd, -1, END, &at));
	EQUAL(9, at);
	CHECK(SUCCESS, fd_read(fd, &part, 1, &n));
	EQUAL('9', byte);
	/* Past the end, which does not extend the file. */
	CHECK(SUCCESS, fd_seek(fd, 1000, END, &at));
	EQUAL(1010, at);
	EQUAL(10, size_of("file"));
	CHECK(SUCCESS, fd_seek(fd, (int64_t)1 << 40, SET, &at));
	EQUAL((uint64_t)1 << 40, at);
	CHECK(SUCCESS, fd_seek(fd, 5, SET, &at));

	/* Before the first byte: the position stays. */
	CHECK(EINVAL, fd_seek(fd, -1, SET, &at));
	CHECK(EINVAL, fd_seek(fd, -6, CUR, &at));
	CHECK(EINVAL, fd_seek(fd, -11, END, &at));
	CHECK(EINVAL, fd_seek(fd, INT64_MIN, SET, &at));
	/* Beyond what 63 bits count. */
	CHECK_EITHER(EINVAL, EOVERFLOW, fd_seek(fd, INT64_MAX, CUR, &at));
	CHECK(EINVAL, fd_seek(fd, 0, 3, &at));
	CHECK(EINVAL, fd_seek(fd, 0, 255, &at));
	EQUAL(5, tell(fd));
	CHECK(EBADF, fd_seek(NO_FD, 0, SET, &at));
	CHECK(EBADF, fd_seek(closed_fd(), 0, SET, &at));
	CHECK(EFAULT, fd_seek(fd, 0, CUR, BAD));
	CHECK(EFAULT, fd_seek(fd, 0, CUR, PAST_END(8)));
	/* POSIX has ESPIPE; a pipe has no right to it. */
	CHECK_EITHER(ESPIPE, ENOTCAPABLE, fd_seek(1, 0, CUR, &at));
	/* wasi-testsuite takes ISDIR, BADF and NOTCAPABLE: a folder never has the right. */
	CHECK_EITHER(EBADF, ENOTCAPABLE, fd_seek(DIR, 0, CUR, &at));
	CHECK_EITHER(EBADF, ENOTCAPABLE, fd_seek(DIR, 0, SET, &at));
	CHECK_EITHER(EBADF, ENOTCAPABLE, fd_seek(DIR, 0, END, &at));

	/* rights::fd_tell: "in such a way that the file offset remains unaltered". */
	fd = open_without("file", 0, 0, R_FD_SEEK);
	CHECK(SUCCESS, fd_seek(fd, 0, CUR, &at));
	EQUAL(0, at);
	CHECK(ENOTCAPABLE, fd_seek(fd, 1, CUR, &at));
	CHECK(ENOTCAPABLE, fd_seek(fd, 0, SET, &at));
	CHECK(ENOTCAPABLE, fd_seek(fd, 0, END, &at));
	fd = open_without("file", 0, 0, R_FD_SEEK | R_FD_TELL);
	CHECK(ENOTCAPABLE, fd_seek(fd, 0, CUR, &at));
}
