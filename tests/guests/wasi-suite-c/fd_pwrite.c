// SPDX-License-Identifier: MIT
/* fd_pwrite */
#include "suite.h"

static void check_append(void)
{
	fd_t fd = open_without("append", CREAT, APPEND, 0);
	struct iovec part = {"xyz", 3};
	uint64_t at;
	uint32_t n;

	write_all(fd, "ab");
	MUST(fd_seek(fd, 0, SET, &at));
	write_all(fd, "cd");
	EQUAL(4, tell(fd));
	CHECK(SUCCESS, fd_pwrite(fd, &part, 1, 0, &n));
	EQUAL(3, n);
	EQUAL(4, tell(fd));
	/* POSIX overwrites, Linux appends; wasi-testsuite takes both. */
	TRUE(size_of("append") == 4 || size_of("append") == 7);
}

static void check_faults(fd_t fd)
{
	struct iovec parts[] = {{"good", 4}, {BAD, 4}};
	uint32_t n;

	CHECK(EFAULT, fd_pwrite(fd, parts, 2, 0, &n));
	CHECK(EFAULT, fd_pwrite(fd, BAD, 1, 0, &n));
	CHECK(EFAULT, fd_pwrite(fd, parts, 1, 0, BAD));
	CHECK(EFAULT, fd_pwrite(fd, parts, 0x20000000, 0, &n));
	parts[0] = (struct iovec){(void *)(memory_end() - 4), 5};
	CHECK(EFAULT, fd_pwrite(fd, parts, 1, 0, &n));
}

static void suite(void)
{
	fd_t fd = open_all("file", CREAT);
	struct iovec parts[] = {{"ab", 2}, {NULL, 0}, {"cde", 3}};
	char buf[16];
	struct iovec in = {buf, sizeof(buf)};
	uint32_t n;

	CHECK(SUCCESS, fd_pwrite(fd, parts, 3, 3, &n));
	EQUAL(5, n);
	EQUAL(0, tell(fd));
	CHECK(SUCCESS, fd_pread(fd, &in, 1, 0, &n));
	EQUAL(8, n);
	SAME("\0\0\0abcde", buf);
	CHECK(SUCCESS, fd_pwrite(fd, parts, 0, 100, &n));
	EQUAL(0, n);
	EQUAL(8, size_of("file"));
	check_faults(fd);
	CHECK(SUCCESS, fd_pread(fd, &in, 1, 0, &n));
	EQUAL(8, n);
	SAME("\0\0\0abcde", buf);
	check_append();

	CHECK(EINVAL, fd_pwrite(fd, parts, 1, (uint64_t)1 << 63, &n));
	CHECK(EINVAL, fd_pwrite(fd, parts, 1, UINT64_MAX, &n));
	/* The last offset there is: more than ext4 and tmpfs allow. */
	CHECK_EITHER(EFBIG, EINVAL, fd_pwrite(fd, parts, 1, INT64_MAX, &n));
	CHECK(EBADF, fd_pwrite(NO_FD, parts, 1, 0, &n));
	CHECK(EBADF, fd_pwrite(closed_fd(), parts, 1, 0, &n));
	CHECK(ENOTCAPABLE, fd_pwrite(open_without("file", 0, 0, R_FD_WRITE), parts, 1, 0, &n));
	CHECK(ENOTCAPABLE, fd_pwrite(open_without("file", 0, 0, R_FD_SEEK), parts, 1, 0, &n));
	/* wasi-testsuite takes ISDIR, BADF and NOTCAPABLE: a folder has no right to it. */
	CHECK(ENOTCAPABLE, fd_pwrite(DIR, parts, 1, 0, &n));
	EQUAL(8, size_of("file"));
}
