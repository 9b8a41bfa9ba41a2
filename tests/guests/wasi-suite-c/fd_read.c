// SPDX-License-Identifier: MIT
/* fd_read; standard input is /dev/null. */
#include "suite.h"

static void check_parts(fd_t fd)
{
	static char one[2], two[3];
	struct iovec parts[] = {{one, 2}, {NULL, 0}, {two, 3}};
	uint64_t at;
	uint32_t n;

	MUST(fd_seek(fd, 0, SET, &at));
	CHECK(SUCCESS, fd_read(fd, parts, 3, &n));
	EQUAL(5, n);
	SAME("01", one);
	SAME("234", two);
	EQUAL(5, tell(fd));
	CHECK(SUCCESS, fd_read(fd, parts, 0, &n));
	EQUAL(0, n);
	CHECK(SUCCESS, fd_read(fd, &parts[1], 1, &n));
	EQUAL(0, n);
	/* An empty part may point anywhere in memory, its end included. */
	parts[1].buf = (void *)memory_end();
	CHECK(SUCCESS, fd_read(fd, &parts[1], 2, &n));
	EQUAL(3, n);
	EQUAL(8, tell(fd));
}

/* More parts than a system call takes (IOV_MAX), and more bytes than 32 bits count. */
static void check_many(fd_t fd)
{
	static struct iovec parts[3000];
	static char buf[65536 * 2];
	uint64_t at;
	uint32_t n = 0;

	MUST(fd_seek(fd, 0, SET, &at));
	for (size_t i = 0; i < COUNT(parts); i++)
		parts[i] = (struct iovec){buf + i, 1};
	CHECK(SUCCESS, fd_read(fd, parts, COUNT(parts), &n));
	EQUAL(10, n);
	SAME("0123456789", buf);
	MUST(fd_seek(fd, 0, SET, &at));
	/* 3,000 times 2 MiB, all of them the same. */
	if (__builtin_wasm_memory_grow(0, 32) == (size_t)-1)
		proc_exit(2);
	for (size_t i = 0; i < COUNT(parts); i++)
		parts[i] = (struct iovec){(void *)(memory_end() - (2 << 20)), 2 << 20};
	CHECK(SUCCESS, fd_read(fd, parts, COUNT(parts), &n));
	EQUAL(10, n);
}

static void check_faults(fd_t fd)
{
	char buf[4] = "????";
	struct iovec parts[] = {{buf, 4}, {BAD, 4}};
	uint64_t at;
	uint32_t n;

	MUST(fd_seek(fd, 0, SET, &at));
	CHECK(EFAULT, fd_read(fd, parts, 2, &n));
	CHECK(EFAULT, fd_read(fd, BAD, 1, &n));
	CHECK(EFAULT, fd_read(fd, parts, 1, BAD));
	CHECK(EFAULT, fd_read(fd, parts, 0x20000000, &n));
	CHECK(EFAULT, fd_read(fd, PAST_END(8), 1, &n));
	parts[0].len = 0xffffffff;
	CHECK(EFAULT, fd_read(fd, parts, 1, &n));
	/* Nothing was taken from the file, and nothing written. */
	EQUAL(0, tell(fd));
	SAME("????", buf);
}

static void suite(void)
{
	fd_t fd = open_all("file", CREAT);
	char buf[16];
	struct iovec part = {buf, sizeof(buf)};
	uint64_t at;
	uint32_t n = 9;

	CHECK(SUCCESS, fd_read(0, &part, 1, &n));
	EQUAL(0, n);
	write_all(fd, "0123456789");
	CHECK(SUCCESS, fd_read(fd, &part, 1, &n));
	EQUAL(0, n);
	check_parts(fd);
	check_many(fd);
	check_faults(fd);
	MUST(fd_seek(fd, 7, SET, &at));
	CHECK(SUCCESS, fd_read(fd, &part, 1, &n));
	EQUAL(3, n);
	SAME("789", buf);
	EQUAL(10, tell(fd));

	CHECK(EBADF, fd_read(NO_FD, &part, 1, &n));
	CHECK(EBADF, fd_read(closed_fd(), &part, 1, &n));
	CHECK(ENOTCAPABLE, fd_read(1, &part, 1, &n));
	CHECK(ENOTCAPABLE, fd_read(open_without("file", 0, 0, R_FD_READ), &part, 1, &n));
	/* wasi-testsuite takes ISDIR, BADF and NOTCAPABLE. */
	CHECK_EITHER(EISDIR, ENOTCAPABLE, fd_read(DIR, &part, 1, &n));
}
