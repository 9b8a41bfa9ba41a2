// SPDX-License-Identifier: MIT
/* path_unlink_file */
#include "paths.h"

static int call(fd_t dir, const char *path, uint32_t len)
{
	return path_unlink_file(dir, path, len);
}

static void suite(void)
{
	fd_t fd, way;
	char buf[4];
	struct iovec part = {buf, 4};
	uint32_t n;

	make_paths();
	check_paths(call);
	new_file("file", "data");
	fd = open_all("file", 0);
	/* "Return errno::isdir if the path refers to a directory." */
	CHECK(EISDIR, path_unlink_file(DIR, P("way")));
	CHECK(EISDIR, path_unlink_file(DIR, P("way/")));
	CHECK(EISDIR, path_unlink_file(DIR, P(".")));
	CHECK(ENOTDIR, path_unlink_file(DIR, P("file/")));
	TRUE(exists(DIR, "file"));
	CHECK(SUCCESS, path_unlink_file(DIR, P("file")));
	CHECK(ENOENT, path_unlink_file(DIR, P("file")));
	CHECK(ENOENT, path_unlink_file(DIR, P("no/")));
	/* An open file goes on. */
	CHECK(SUCCESS, fd_read(fd, &part, 1, &n));
	EQUAL(4, n);
	/* A link is removed, not what it leads to. */
	MUST(path_symlink(P("way/file"), DIR, P("to-file")));
	CHECK(ENOTDIR, path_unlink_file(DIR, P("to-file/")));
	CHECK(SUCCESS, path_unlink_file(DIR, P("to-file")));
	TRUE(exists(DIR, "way/file"));
	/* With a slash it is the folder that the link leads to; Linux does not go there. */
	CHECK_EITHER(ENOTDIR, EISDIR, path_unlink_file(DIR, P("to-way/")));
	CHECK(SUCCESS, path_unlink_file(DIR, P("to-way")));
	CHECK(SUCCESS, path_unlink_file(DIR, P("dangling")));
	CHECK(SUCCESS, path_unlink_file(DIR, P("loop-a")));
	CHECK(SUCCESS, path_unlink_file(DIR, P("out")));
	way = open_all("way", DIR_ONLY);
	CHECK(SUCCESS, path_unlink_file(way, P("file")));
	TRUE(!exists(DIR, "way/file"));
	/* A folder, whatever it is; Linux needs no look at it. */
	CHECK_EITHER(OUTSIDE, EISDIR, path_unlink_file(DIR, P("..")));
	new_file("stays", "");
	CHECK(ENOTCAPABLE, path_unlink_file(dir_without(R_PATH_UNLINK_FILE), P("stays")));
	TRUE(exists(DIR, "stays"));
}
