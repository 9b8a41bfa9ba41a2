// SPDX-License-Identifier: MIT
/* path_filestat_set_times */
#include "paths.h"

#define THEN 1234567890123456789ull

static int call(fd_t dir, const char *path, uint32_t len)
{
	return path_filestat_set_times(dir, 0, path, len, 1, 2, ATIM | MTIM);
}

static void check_links(void)
{
	uint64_t file = stat_of("way/file").mtim;

	MUST(path_symlink(P("way/file"), DIR, P("to-file")));
	/* The link's own time, and then that of what it leads to. */
	CHECK(SUCCESS, path_filestat_set_times(DIR, 0, P("to-file"), 0, THEN, MTIM));
	EQUAL(THEN, stat_of("to-file").mtim);
	EQUAL(file, stat_of("way/file").mtim);
	CHECK(SUCCESS, path_filestat_set_times(DIR, FOLLOW, P("to-file"), 0, THEN + 1, MTIM));
	EQUAL(THEN, stat_of("to-file").mtim);
	EQUAL(THEN + 1, stat_of("way/file").mtim);
	CHECK(SUCCESS, path_filestat_set_times(DIR, 0, P("dangling"), 0, THEN, MTIM));
	CHECK(ENOENT, path_filestat_set_times(DIR, FOLLOW, P("dangling"), 0, THEN, MTIM));
	CHECK(SUCCESS, path_filestat_set_times(DIR, 0, P("loop-a"), 0, THEN, MTIM));
	CHECK(ELOOP, path_filestat_set_times(DIR, FOLLOW, P("loop-a"), 0, THEN, MTIM));
	CHECK(OUTSIDE, path_filestat_set_times(DIR, FOLLOW, P("out"), 0, THEN, MTIM));
	CHECK(OUTSIDE, path_filestat_set_times(DIR, FOLLOW, P("up"), 0, THEN, MTIM));
	CHECK(SUCCESS, path_filestat_set_times(DIR, 0, P("to-way/"), 0, THEN + 2, MTIM));
	EQUAL(THEN + 2, stat_of("way").mtim);
}

static void check_flags(void)
{
	struct filestat before = stat_of("way/file"), stat;
	uint64_t now;

	CHECK(EINVAL, path_filestat_set_times(DIR, 0, P("way/file"), 0, 1, MTIM | MTIM_NOW));
	CHECK(EINVAL, path_filestat_set_times(DIR, 0, P("way/file"), 1, 0, ATIM | ATIM_NOW));
	CHECK(EINVAL, path_filestat_set_times(DIR, 0, P("way/file"), 1, 0, ATIM | 32));
	CHECK(EINVAL, path_filestat_set_times(DIR, 2, P("way/file"), 1, 0, ATIM));
	stat = stat_of("way/file");
	EQUAL(before.atim, stat.atim);
	EQUAL(before.mtim, stat.mtim);
	CHECK(SUCCESS, path_filestat_set_times(DIR, 0, P("way/file"), THEN, 0, ATIM));
	stat = stat_of("way/file");
	EQUAL(THEN, stat.atim);
	EQUAL(before.mtim, stat.mtim);
	CHECK(SUCCESS, path_filestat_set_times(DIR, 0, P("way/file"), 1, 2, 0));
	EQUAL(THEN, stat_of("way/file").atim);
	CHECK(SUCCESS, path_filestat_set_times(DIR, 0, P("way/file"), 1, 2, MTIM_NOW));
	MUST(clock_time_get(REALTIME, 0, &now));
	stat = stat_of("way/file");
	TRUE(stat.mtim <= now && now - stat.mtim < 60000000000ull);
	EQUAL(THEN, stat.atim);
}

static void suite(void)
{
	fd_t without;

	make_paths();
	check_paths(call);
	check_links();
	check_flags();
	CHECK(SUCCESS, path_filestat_set_times(DIR, 0, P("."), 0, THEN, MTIM));
	EQUAL(THEN, stat_of(".").mtim);
	CHECK(ENOENT, path_filestat_set_times(DIR, 0, P("no"), 0, THEN, MTIM));
	CHECK(ENOTDIR, path_filestat_set_times(DIR, 0, P("way/file/"), 0, THEN, MTIM));
	without = dir_without(R_PATH_FILESTAT_SET_TIMES);
	CHECK(ENOTCAPABLE, path_filestat_set_times(without, 0, P("way"), 0, THEN, MTIM));
}
