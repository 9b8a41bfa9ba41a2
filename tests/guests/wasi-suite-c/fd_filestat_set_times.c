// SPDX-License-Identifier: MIT
/* fd_filestat_set_times */
#include "suite.h"

/* Above what 32 bits of seconds hold, and not whole seconds. */
#define THEN 5000000000123456789ull

static struct filestat stat_fd(fd_t fd)
{
	struct filestat stat = {0};

	MUST(fd_filestat_get(fd, &stat));
	return stat;
}

static void suite(void)
{
	fd_t fd = open_all("file", CREAT);
	struct filestat before = stat_fd(fd), stat;
	uint64_t now;

	CHECK(SUCCESS, fd_filestat_set_times(fd, THEN, 0, ATIM));
	stat = stat_fd(fd);
	EQUAL(THEN, stat.atim);
	EQUAL(before.mtim, stat.mtim);
	CHECK(SUCCESS, fd_filestat_set_times(fd, 0, THEN + 1, MTIM));
	stat = stat_fd(fd);
	EQUAL(THEN, stat.atim);
	EQUAL(THEN + 1, stat.mtim);
	CHECK(SUCCESS, fd_filestat_set_times(fd, 1, 2000000002, ATIM | MTIM));
	stat = stat_fd(fd);
	EQUAL(1, stat.atim);
	EQUAL(2000000002, stat.mtim);
	/* No flag: no change, whatever the times are. */
	CHECK(SUCCESS, fd_filestat_set_times(fd, THEN, THEN, 0));
	EQUAL(1, stat_fd(fd).atim);
	EQUAL(2000000002, stat_fd(fd).mtim);
	CHECK(SUCCESS, fd_filestat_set_times(fd, THEN, THEN, ATIM_NOW | MTIM_NOW));
	stat = stat_fd(fd);
	MUST(clock_time_get(REALTIME, 0, &now));
	TRUE(stat.atim <= now && now - stat.atim < 60000000000ull);
	TRUE(stat.mtim <= now && now - stat.mtim < 60000000000ull);
	CHECK(SUCCESS, fd_filestat_set_times(fd, THEN, 0, ATIM | MTIM_NOW));
	EQUAL(THEN, stat_fd(fd).atim);

	/* Contradictory, or without a meaning: nothing changes. */
	before = stat_fd(fd);
	CHECK(EINVAL, fd_filestat_set_times(fd, 1, 2, MTIM | MTIM_NOW));
	CHECK(EINVAL, fd_filestat_set_times(fd, 1, 2, ATIM | ATIM_NOW));
	CHECK(EINVAL, fd_filestat_set_times(fd, 1, 2, ATIM | MTIM | MTIM_NOW));
	CHECK(EINVAL, fd_filestat_set_times(fd, 1, 2, MTIM | 16));
	EQUAL(before.atim, stat_fd(fd).atim);
	EQUAL(before.mtim, stat_fd(fd).mtim);

	CHECK(SUCCESS, fd_filestat_set_times(DIR, 5, 6, ATIM | MTIM));
	EQUAL(6, stat_fd(DIR).mtim);
	/* The right is its own: it takes none to write. */
	fd = open_without("file", 0, 0, R_FD_WRITE);
	CHECK(SUCCESS, fd_filestat_set_times(fd, 7, 8, ATIM | MTIM));
	EQUAL(8, stat_fd(fd).mtim);
	CHECK(EBADF, fd_filestat_set_times(NO_FD, 1, 2, MTIM));
	CHECK(EBADF, fd_filestat_set_times(closed_fd(), 1, 2, MTIM));
	fd = open_without("file", 0, 0, R_FD_FILESTAT_SET_TIMES);
	CHECK(ENOTCAPABLE, fd_filestat_set_times(fd, 1, 2, MTIM));
	CHECK(ENOTCAPABLE, fd_filestat_set_times(0, 1, 2, MTIM));
}
