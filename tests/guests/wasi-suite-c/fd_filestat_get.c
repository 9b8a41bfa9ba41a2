// SPDX-License-Identifier: MIT
/* fd_filestat_get; standard input is /dev/null, standard output a pipe. */
#include "suite.h"

static void suite(void)
{
	fd_t fd = open_all("file", CREAT);
	struct filestat stat, path, folder;
	uint64_t now;

	write_all(fd, "12345");
	CHECK(SUCCESS, fd_filestat_get(fd, &stat));
	EQUAL(REGULAR_FILE, stat.filetype);
	EQUAL(5, stat.size);
	EQUAL(1, stat.nlink);
	/* Nanoseconds since 1970, written a moment ago. */
	MUST(clock_time_get(REALTIME, 0, &now));
	TRUE(stat.mtim <= now && now - stat.mtim < 60000000000ull);
	TRUE(stat.ctim <= now && now - stat.ctim < 60000000000ull);
	TRUE(stat.atim <= now && now - stat.atim < 60000000000ull);
	/* A stat by name gives the same file. */
	path = stat_of("file");
	EQUAL(stat.dev, path.dev);
	EQUAL(stat.ino, path.ino);
	EQUAL(stat.size, path.size);
	EQUAL(stat.mtim, path.mtim);

	MUST(path_link(DIR, 0, P("file"), DIR, P("link")));
	CHECK(SUCCESS, fd_filestat_get(fd, &stat));
	EQUAL(2, stat.nlink);
	MUST(path_unlink_file(DIR, P("file")));
	MUST(path_unlink_file(DIR, P("link")));
	/* The file lives as long as it is open. */
	CHECK(SUCCESS, fd_filestat_get(fd, &stat));
	EQUAL(0, stat.nlink);
	EQUAL(5, stat.size);

	CHECK(SUCCESS, fd_filestat_get(DIR, &folder));
	EQUAL(DIRECTORY, folder.filetype);
	TRUE(folder.dev == stat.dev || on_overlay());
	TRUE(stat.ino != folder.ino);
	CHECK(SUCCESS, fd_filestat_get(0, &stat));
	EQUAL(CHARACTER_DEVICE, stat.filetype);
	CHECK(SUCCESS, fd_filestat_get(1, &stat));
	EQUAL(UNKNOWN, stat.filetype);

	CHECK(EBADF, fd_filestat_get(NO_FD, &stat));
	CHECK(EBADF, fd_filestat_get(closed_fd(), &stat));
	CHECK(EFAULT, fd_filestat_get(fd, BAD));
	CHECK(EFAULT, fd_filestat_get(fd, PAST_END(sizeof(stat))));
	CHECK(SUCCESS, fd_filestat_get(fd, (void *)(memory_end() - sizeof(stat))));
	fd = open_without("other", CREAT, 0, R_FD_FILESTAT_GET);
	CHECK(ENOTCAPABLE, fd_filestat_get(fd, &stat));
}
