// SPDX-License-Identifier: MIT
/* fd_write; standard output is a pipe. */
#include "suite.h"

static void check_faults(fd_t fd)
{
	struct iovec parts[] = {{"good", 4}, {BAD, 4}};
	uint32_t n;

	CHECK(EFAULT, fd_write(fd, parts, 2, &n));
	CHECK(EFAULT, fd_write(fd, BAD, 1, &n));
	CHECK(EFAULT, fd_write(fd, parts, 1, BAD));
	CHECK(EFAULT, fd_write(fd, parts, 0x20000000, &n));
	CHECK(EFAULT, fd_write(fd, PAST_END(8), 1, &n));
	parts[0].len = 0xffffffff;
	CHECK(EFAULT, fd_write(fd, parts, 1, &n));
	/* Not even the first part of the list was written. */
	EQUAL(0, tell(fd));
	EQUAL(0, size_of("file"));
	CHECK(EFAULT, fd_write(1, BAD, 1, &n));
}

/* More parts than a system call takes: the count has the bytes that were written. */
static void check_many(fd_t fd)
{
	static struct iovec parts[3000];
	uint32_t n = 0;

	for (size_t i = 0; i < COUNT(parts); i++)
		parts[i] = (struct iovec){"x", 1};
	CHECK(SUCCESS, fd_write(fd, parts, COUNT(parts), &n));
	TRUE(n > 0 && n <= COUNT(parts));
	EQUAL(n, size_of("file"));
}

static void suite(void)
{
	fd_t fd = open_all("file", CREAT);
	struct iovec parts[] = {{"one", 3}, {NULL, 0}, {"two", 3}};
	char buf[8];
	struct iovec in = {buf, sizeof(buf)};
	uint64_t at;
	uint32_t n = 9;

	check_faults(fd);
	check_many(fd);
	MUST(fd_filestat_set_size(fd, 0));
	MUST(fd_seek(fd, 0, SET, &at));
	CHECK(SUCCESS, fd_write(fd, parts, 3, &n));
	EQUAL(6, n);
	EQUAL(6, tell(fd));
	CHECK(SUCCESS, fd_write(fd, parts, 0, &n));
	EQUAL(0, n);
	CHECK(SUCCESS, fd_write(fd, &parts[1], 1, &n));
	EQUAL(0, n);
	CHECK(SUCCESS, fd_pread(fd, &in, 1, 0, &n));
	EQUAL(6, n);
	SAME("onetwo", buf);
	/* Past the end: zeros are between. */
	MUST(fd_seek(fd, 2, END, &at));
	CHECK(SUCCESS, fd_write(fd, parts, 1, &n));
	EQUAL(11, size_of("file"));
	CHECK(SUCCESS, fd_pread(fd, &in, 1, 4, &n));
	SAME("wo\0\0one", buf);

	CHECK(EBADF, fd_write(NO_FD, parts, 1, &n));
	CHECK(EBADF, fd_write(closed_fd(), parts, 1, &n));
	CHECK(ENOTCAPABLE, fd_write(0, parts, 1, &n));
	CHECK(ENOTCAPABLE, fd_write(open_without("file", 0, 0, R_FD_WRITE), parts, 1, &n));
	/* wasi-testsuite takes ISDIR, BADF and NOTCAPABLE: a folder has no right to it. */
	CHECK(ENOTCAPABLE, fd_write(DIR, parts, 1, &n));
	CHECK(SUCCESS, fd_write(2, parts, 0, &n));
}
