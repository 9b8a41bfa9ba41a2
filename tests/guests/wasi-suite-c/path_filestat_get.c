// SPDX-License-Identifier: MIT
/* path_filestat_get; the folder holds a FIFO and a socket that the host made. */
#include "paths.h"

static int call(fd_t dir, const char *path, uint32_t len)
{
	struct filestat stat;

	return path_filestat_get(dir, 0, path, len, &stat);
}

static void check_links(void)
{
	struct filestat file = stat_of("way/file"), way = stat_of("way"), stat;

	MUST(path_symlink(P("way/file"), DIR, P("to-file")));
	CHECK(SUCCESS, path_filestat_get(DIR, 0, P("to-file"), &stat));
	EQUAL(SYMBOLIC_LINK, stat.filetype);
	/* "For symbolic links, the length in bytes of the pathname contained". */
	EQUAL(8, stat.size);
	TRUE(stat.ino != file.ino);
	CHECK(SUCCESS, path_filestat_get(DIR, FOLLOW, P("to-file"), &stat));
	EQUAL(REGULAR_FILE, stat.filetype);
	EQUAL(file.ino, stat.ino);
	CHECK(SUCCESS, path_filestat_get(DIR, FOLLOW, P("to-way"), &stat));
	EQUAL(DIRECTORY, stat.filetype);
	EQUAL(way.ino, stat.ino);
	/* A trailing slash asks for the folder, with and without the flag. */
	CHECK(SUCCESS, path_filestat_get(DIR, 0, P("to-way/"), &stat));
	EQUAL(way.ino, stat.ino);
	CHECK(ENOTDIR, path_filestat_get(DIR, 0, P("to-file/"), &stat));
	CHECK(ENOTDIR, path_filestat_get(DIR, FOLLOW, P("to-file/"), &stat));

	CHECK(SUCCESS, path_filestat_get(DIR, 0, P("dangling"), &stat));
	EQUAL(SYMBOLIC_LINK, stat.filetype);
	CHECK(ENOENT, path_filestat_get(DIR, FOLLOW, P("dangling"), &stat));
	CHECK(SUCCESS, path_filestat_get(DIR, 0, P("loop-a"), &stat));
	CHECK(ELOOP, path_filestat_get(DIR, FOLLOW, P("loop-a"), &stat));
	CHECK(SUCCESS, path_filestat_get(DIR, 0, P("out"), &stat));
	CHECK(OUTSIDE, path_filestat_get(DIR, FOLLOW, P("out"), &stat));
	CHECK(OUTSIDE, path_filestat_get(DIR, FOLLOW, P("up"), &stat));
}

static void suite(void)
{
	struct filestat stat, folder;

	make_paths();
	check_paths(call);
	check_links();
	CHECK(SUCCESS, path_filestat_get(DIR, 0, P("way/file"), &stat));
	EQUAL(REGULAR_FILE, stat.filetype);
	EQUAL(1, stat.size);
	EQUAL(1, stat.nlink);
	CHECK(SUCCESS, path_filestat_get(DIR, FOLLOW, P("way/file"), &stat));
	EQUAL(REGULAR_FILE, stat.filetype);
	MUST(path_link(DIR, 0, P("way/file"), DIR, P("second-name")));
	EQUAL(2, stat_of("way/file").nlink);
	EQUAL(stat_of("way/file").ino, stat_of("second-name").ino);

	/* The folder itself, in some of its names. */
	MUST(fd_filestat_get(DIR, &folder));
	CHECK(SUCCESS, path_filestat_get(DIR, 0, P("."), &stat));
	EQUAL(folder.ino, stat.ino);
	CHECK(SUCCESS, path_filestat_get(DIR, 0, P("way/.."), &stat));
	EQUAL(folder.ino, stat.ino);
	CHECK(SUCCESS, path_filestat_get(DIR, 0, P("./way/./../"), &stat));
	EQUAL(folder.ino, stat.ino);
	CHECK(OUTSIDE, path_filestat_get(DIR, 0, P(".."), &stat));

	CHECK(ENOENT, path_filestat_get(DIR, 0, P("no"), &stat));
	CHECK(ENOTDIR, path_filestat_get(DIR, 0, P("way/file/"), &stat));
	CHECK(EINVAL, path_filestat_get(DIR, 2, P("way"), &stat));
	CHECK(EFAULT, path_filestat_get(DIR, 0, P("way"), BAD));
	CHECK(EFAULT, path_filestat_get(DIR, 0, P("way"), PAST_END(sizeof(stat))));
	CHECK(ENOTCAPABLE, path_filestat_get(dir_without(R_PATH_FILESTAT_GET), 0, P("way"), &stat));
	/* There is a number for sockets, none for a FIFO. */
	EQUAL(UNKNOWN, stat_of("fifo").filetype);
	EQUAL(SOCKET_STREAM, stat_of("socket").filetype);
}
