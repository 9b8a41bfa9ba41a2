// SPDX-License-Identifier: MIT
/* Files of more than 4 GiB, with holes; times beyond what 63 bits and 32 bits count. */
#include "suite.h"

#define GIB ((uint64_t)1 << 30)

static void check_offsets(void)
{
	fd_t fd = open_all("file", CREAT);
	struct iovec out = {"data", 4};
	char buf[8] = "????????";
	struct iovec in = {buf, 4};
	uint64_t at;
	uint32_t n;

	CHECK(SUCCESS, fd_pwrite(fd, &out, 1, 5 * GIB + 1, &n));
	EQUAL(5 * GIB + 5, size_of("file"));
	CHECK(SUCCESS, fd_pread(fd, &in, 1, 5 * GIB + 1, &n));
	EQUAL(4, n);
	SAME("data", buf);
	/* The low 32 bits of that are another place. */
	CHECK(SUCCESS, fd_pread(fd, &in, 1, GIB + 1, &n));
	SAME("\0\0\0\0", buf);
	CHECK(SUCCESS, fd_seek(fd, -4, END, &at));
	EQUAL(5 * GIB + 1, at);
	CHECK(SUCCESS, fd_read(fd, &in, 1, &n));
	SAME("data", buf);
	EQUAL(5 * GIB + 5, tell(fd));
	CHECK(SUCCESS, fd_seek(fd, -(int64_t)(4 * GIB), CUR, &at));
	EQUAL(GIB + 5, at);
	CHECK(SUCCESS, fd_allocate(fd, 6 * GIB, 1));
	EQUAL(6 * GIB + 1, size_of("file"));
	CHECK(SUCCESS, fd_advise(fd, 5 * GIB, GIB, WILLNEED));
	CHECK(SUCCESS, fd_filestat_set_size(fd, 4 * GIB + 3));
	EQUAL(4 * GIB + 3, size_of("file"));
}

static void check_times(void)
{
	fd_t fd = open_all("times", CREAT);

	/* The year 2106, when 32 bits of seconds are over. */
	CHECK(SUCCESS, fd_filestat_set_times(fd, 0, 4294967296000000007, MTIM));
	EQUAL(4294967296000000007, stat_of("times").mtim);
	CHECK(SUCCESS, fd_filestat_set_times(fd, 0, 0, ATIM | MTIM));
	EQUAL(0, stat_of("times").atim);
	EQUAL(0, stat_of("times").mtim);
	/* Later than a file system may know: as late as it does. */
	CHECK(SUCCESS, fd_filestat_set_times(fd, 0, (uint64_t)1 << 63, MTIM));
	TRUE(stat_of("times").mtim > 4294967296000000007);
	CHECK(SUCCESS, fd_filestat_set_times(fd, 0, UINT64_MAX, MTIM));
	TRUE(stat_of("times").mtim > 4294967296000000007);
	/* Before 1970, which a timestamp cannot express: "ancient" is of 1969. */
	EQUAL(0, stat_of("ancient").mtim);
}

/* More than one call of the kernel gives. */
static void check_random(void)
{
	const uint32_t size = 40 << 20;
	uint8_t *bytes = (void *)memory_end();
	unsigned zeros = 0;

	if (__builtin_wasm_memory_grow(0, size / 65536) == (size_t)-1)
		proc_exit(2);
	CHECK(SUCCESS, random_get(bytes, size));
	for (uint32_t i = size - 65536; i < size; i++)
		zeros += !bytes[i];
	TRUE(zeros < 1000);
}

static void check_many_subscriptions(void)
{
	static struct subscription in[1000];
	static struct event events[1000];
	fd_t fd = open_all("file", CREAT);
	uint32_t stored = 0;

	for (size_t i = 0; i < COUNT(in); i++) {
		in[i].userdata = i;
		in[i].u.clock.id = MONOTONIC;
		in[i].u.clock.timeout = 3600000000000;
	}
	in[500].tag = EVENT_WRITE;
	in[500].u.fd = fd;
	in[999].u.clock.timeout = 0;
	CHECK(SUCCESS, poll_oneoff(in, events, COUNT(in), &stored));
	EQUAL(2, stored);
	EQUAL(500 + 999, events[0].userdata + events[1].userdata);
}

static void suite(void)
{
	check_offsets();
	check_times();
	check_random();
	check_many_subscriptions();
}
