// SPDX-License-Identifier: MIT
/* path_remove_directory */
#include "paths.h"

static int call(fd_t dir, const char *path, uint32_t len)
{
	return path_remove_directory(dir, path, len);
}

static void suite(void)
{
	fd_t dir = new_dir("dir");

	make_paths();
	check_paths(call);
	MUST(path_create_directory(DIR, P("dir/inner")));
	CHECK(ENOTEMPTY, path_remove_directory(DIR, P("dir")));
	CHECK(ENOTEMPTY, path_remove_directory(DIR, P("dir/")));
	CHECK(SUCCESS, path_remove_directory(DIR, P("dir/inner")));
	TRUE(!exists(DIR, "dir/inner"));
	MUST(path_create_directory(DIR, P("dir/inner")));
	CHECK(SUCCESS, path_remove_directory(DIR, P("dir/inner/")));
	MUST(path_create_directory(DIR, P("dir/inner")));
	CHECK(SUCCESS, path_remove_directory(DIR, P("dir/inner///")));
	MUST(path_create_directory(dir, P("inner")));
	CHECK(SUCCESS, path_remove_directory(dir, P("inner")));
	CHECK(ENOENT, path_remove_directory(dir, P("inner")));
	/* A removed folder that is still open takes nothing new. */
	CHECK(SUCCESS, path_remove_directory(DIR, P("dir")));
	CHECK(ENOENT, path_create_directory(dir, P("inner")));

	CHECK(ENOTDIR, path_remove_directory(DIR, P("way/file")));
	CHECK(ENOTDIR, path_remove_directory(DIR, P("way/file/")));
	/* A link is not a folder, wherever it leads; for Linux also with a slash. */
	CHECK(ENOTDIR, path_remove_directory(DIR, P("to-way")));
	CHECK(ENOTDIR, path_remove_directory(DIR, P("to-way/")));
	CHECK(ENOTDIR, path_remove_directory(DIR, P("dangling")));
	CHECK(ENOTDIR, path_remove_directory(DIR, P("loop-a")));
	CHECK(ENOTDIR, path_remove_directory(DIR, P("out")));
	TRUE(exists(DIR, "way/file"));
	/* rmdir(2) on ".", and on a folder by way of what is in it. */
	CHECK(EINVAL, path_remove_directory(DIR, P(".")));
	CHECK(EINVAL, path_remove_directory(DIR, P("way/.")));
	CHECK(ENOTEMPTY, path_remove_directory(DIR, P("way/..")));
	/* It names the folder above, and is never removed: Linux needs no look at it. */
	CHECK_EITHER(OUTSIDE, ENOTEMPTY, path_remove_directory(DIR, P("..")));
	MUST(path_create_directory(DIR, P("stays")));
	CHECK(ENOTCAPABLE, path_remove_directory(dir_without(R_PATH_REMOVE_DIRECTORY), P("stays")));
	TRUE(exists(DIR, "stays"));
}
