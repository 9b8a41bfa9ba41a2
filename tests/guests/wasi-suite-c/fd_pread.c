// SPDX-License-Identifier: MIT
/* fd_pread */
#include "suite.h"

static void check_parts(fd_t fd)
{
	static char one[2], two[4];
	struct iovec parts[] = {{one, 2}, {NULL, 0}, {two, 4}};
	uint32_t n = 9;

	CHECK(SUCCESS, fd_pread(fd, parts, 3, 2, &n));
	EQUAL(6, n);
	SAME("23", one);
	SAME("4567", two);
	/* No part, or nothing but empty ones. */
	CHECK(SUCCESS, fd_pread(fd, parts, 0, 2, &n));
	EQUAL(0, n);
	CHECK(SUCCESS, fd_pread(fd, &parts[1], 1, 2, &n));
	EQUAL(0, n);
	/* Parts that overlap: the later one stands. */
	parts[0].len = 1;
	parts[2] = (struct iovec){one, 2};
	CHECK(SUCCESS, fd_pread(fd, parts, 3, 0, &n));
	EQUAL(3, n);
	SAME("12", one);
}

static void check_faults(fd_t fd)
{
	char buf[4];
	struct iovec part = {buf, 4};
	struct iovec wraps = {buf, 0xffffffff};
	struct iovec end = {(void *)(memory_end() - 4), 5};
	uint32_t n;

	CHECK(EFAULT, fd_pread(fd, BAD, 1, 0, &n));
	CHECK(EFAULT, fd_pread(fd, &part, 1, 0, BAD));
	CHECK(EFAULT, fd_pread(fd, &part, 0x20000000, 0, &n));
	CHECK(EFAULT, fd_pread(fd, &wraps, 1, 0, &n));
	CHECK(EFAULT, fd_pread(fd, &end, 1, 0, &n));
	end.len = 4;
	CHECK(SUCCESS, fd_pread(fd, &end, 1, 0, &n));
	EQUAL(4, n);
}

static void suite(void)
{
	fd_t fd = open_all("file", CREAT);
	char buf[16];
	struct iovec part = {buf, sizeof(buf)};
	uint32_t n;

	write_all(fd, "0123456789");
	CHECK(SUCCESS, fd_pread(fd, &part, 1, 0, &n));
	EQUAL(10, n);
	CHECK(SUCCESS, fd_pread(fd, &part, 1, 7, &n));
	EQUAL(3, n);
	SAME("789", buf);
	/* At the end, and past it. */
	CHECK(SUCCESS, fd_pread(fd, &part, 1, 10, &n));
	EQUAL(0, n);
	CHECK(SUCCESS, fd_pread(fd, &part, 1, (uint64_t)1 << 40, &n));
	EQUAL(0, n);
	EQUAL(10, tell(fd));
	check_parts(fd);
	check_faults(fd);
	EQUAL(10, tell(fd));

	CHECK(EINVAL, fd_pread(fd, &part, 1, (uint64_t)1 << 63, &n));
	CHECK(EINVAL, fd_pread(fd, &part, 1, UINT64_MAX, &n));
	CHECK(EBADF, fd_pread(NO_FD, &part, 1, 0, &n));
	CHECK(EBADF, fd_pread(closed_fd(), &part, 1, 0, &n));
	CHECK(ENOTCAPABLE, fd_pread(open_without("file", 0, 0, R_FD_READ), &part, 1, 0, &n));
	/* "If rights::fd_seek is set, includes the right to invoke fd_pread". */
	CHECK(ENOTCAPABLE, fd_pread(open_without("file", 0, 0, R_FD_SEEK), &part, 1, 0, &n));
	/* wasi-testsuite takes ISDIR, BADF and NOTCAPABLE. */
	CHECK_EITHER(EISDIR, ENOTCAPABLE, fd_pread(DIR, &part, 1, 0, &n));
}
