// SPDX-License-Identifier: MIT
/*
 * Module `wasi_unstable`, of 2019, by its numbers and layouts; every other module is compiled for
 * it as well, but does not contain them.
 */
#define WASI_UNSTABLE
#include "suite.h"

enum { OLD_CUR, OLD_END, OLD_SET };

static void check_seek(fd_t fd)
{
	uint64_t at = 99;

	CHECK(SUCCESS, fd_seek(fd, 3, OLD_SET, &at));
	EQUAL(3, at);
	CHECK(SUCCESS, fd_seek(fd, 1, OLD_CUR, &at));
	EQUAL(4, at);
	CHECK(SUCCESS, fd_seek(fd, -1, OLD_END, &at));
	EQUAL(4, at);
	CHECK(EINVAL, fd_seek(fd, 0, 3, &at));
	/* The right to tell covers a seek to the same place, by the old number too. */
	fd = open_without("file", 0, 0, R_FD_SEEK);
	CHECK(SUCCESS, fd_seek(fd, 0, OLD_CUR, &at));
	CHECK(ENOTCAPABLE, fd_seek(fd, 0, OLD_SET, &at));
}

static void check_stat(fd_t fd)
{
	struct filestat stats[2], path;

	memset(stats, '?', sizeof(stats));
	CHECK(SUCCESS, fd_filestat_get(fd, &stats[0]));
	EQUAL(REGULAR_FILE, stats[0].filetype);
	EQUAL(1, stats[0].nlink);
	EQUAL(5, stats[0].size);
	TRUE(stats[0].ctim > 1704067200000000000ull);
	SAME("????????", &stats[1]);
	CHECK(SUCCESS, path_filestat_get(DIR, 0, P("file"), &path));
	EQUAL(stats[0].ino, path.ino);
	EQUAL(stats[0].mtim, path.mtim);
	CHECK(SUCCESS, fd_filestat_get(fd, (void *)(memory_end() - sizeof(path))));
	CHECK(SUCCESS, path_filestat_get(DIR, 0, P("file"), (void *)(memory_end() - sizeof(path))));
	CHECK(EFAULT, fd_filestat_get(fd, PAST_END(sizeof(path))));
}

static void check_poll(fd_t fd)
{
	struct subscription in[2] = {{.userdata = 7}, {.userdata = 8, .tag = EVENT_READ}};
	struct event events[2];
	uint64_t start, end;
	uint32_t stored = 9;

	in[0].u.clock.identifier = ~(uint64_t)0;
	in[0].u.clock.id = MONOTONIC;
	in[0].u.clock.timeout = 20000000;
	MUST(clock_time_get(MONOTONIC, 0, &start));
	CHECK(SUCCESS, poll_oneoff(in, events, 1, &stored));
	MUST(clock_time_get(MONOTONIC, 0, &end));
	EQUAL(1, stored);
	EQUAL(7, events[0].userdata);
	EQUAL(EVENT_CLOCK, events[0].type);
	TRUE(end - start >= 20000000 && end - start < 5000000000ull);
	/* The second one is at the old size's distance. */
	in[0].u.clock.timeout = 3600000000000ull;
	in[1].u.fd = fd;
	CHECK(SUCCESS, poll_oneoff(in, events, 2, &stored));
	EQUAL(1, stored);
	EQUAL(8, events[0].userdata);
	EQUAL(EVENT_READ, events[0].type);
	CHECK(EINVAL, poll_oneoff(in, events, 0, &stored));
}

static void suite(void)
{
	fd_t fd = open_all("file", CREAT);
	uint32_t count = 0, size = 0;
	uint64_t time;
	char buf[8];
	struct iovec part = {buf, sizeof(buf)};
	uint32_t n;

	write_all(fd, "12345");
	check_seek(fd);
	check_stat(fd);
	check_poll(fd);
	/* The rest is what it still is. */
	CHECK(SUCCESS, args_sizes_get(&count, &size));
	EQUAL(1, count);
	CHECK(SUCCESS, environ_sizes_get(&count, &size));
	CHECK(SUCCESS, clock_time_get(REALTIME, 0, &time));
	CHECK(SUCCESS, clock_res_get(MONOTONIC, &time));
	CHECK(SUCCESS, random_get(buf, sizeof(buf)));
	CHECK(SUCCESS, fd_pread(fd, &part, 1, 0, &n));
	EQUAL(5, n);
	CHECK(SUCCESS, path_symlink(P("file"), DIR, P("link")));
	CHECK(ELOOP, path_open(DIR, 0, P("link"), 0, 0, 0, 0, &fd));
	CHECK(OUTSIDE, path_open(DIR, 0, P("../x"), 0, 0, 0, 0, &fd));
	CHECK(EBADF, fd_close(NO_FD));
	CHECK(ENOTSOCK, sock_shutdown(DIR, SHUT_RD));
}
