// SPDX-License-Identifier: MIT
/* path_rename */
#include "paths.h"

static int as_source(fd_t dir, const char *path, uint32_t len)
{
	return path_rename(dir, path, len, DIR, P("new-name"));
}

static int as_target(fd_t dir, const char *path, uint32_t len)
{
	return path_rename(DIR, P("way/file"), dir, path, len);
}

static void check_files(void)
{
	fd_t dir = new_dir("files");

	new_file("a", "1");
	CHECK(SUCCESS, path_rename(DIR, P("a"), DIR, P("b")));
	TRUE(!exists(DIR, "a"));
	EQUAL(1, size_of("b"));
	/* Over another file, which is gone. */
	new_file("a", "22");
	CHECK(SUCCESS, path_rename(DIR, P("a"), DIR, P("b")));
	TRUE(!exists(DIR, "a"));
	EQUAL(2, size_of("b"));
	/* Onto itself, by one name and by two: both stay. */
	CHECK(SUCCESS, path_rename(DIR, P("b"), DIR, P("b")));
	CHECK(SUCCESS, path_rename(DIR, P("b"), DIR, P("files/.././b")));
	MUST(path_link(DIR, 0, P("b"), DIR, P("b2")));
	CHECK(SUCCESS, path_rename(DIR, P("b"), DIR, P("b2")));
	TRUE(exists(DIR, "b") && exists(DIR, "b2"));
	/* To another folder, and through a link. */
	CHECK(SUCCESS, path_rename(DIR, P("b"), dir, P("b")));
	TRUE(exists(DIR, "files/b"));
	CHECK(SUCCESS, path_rename(dir, P("b"), DIR, P("to-way/b")));
	TRUE(exists(DIR, "way/b"));

	CHECK(ENOENT, path_rename(DIR, P("no"), DIR, P("x")));
	CHECK(EISDIR, path_rename(DIR, P("b2"), DIR, P("files")));
	/* Slashes after the name of a file, old or new. */
	CHECK(ENOTDIR, path_rename(DIR, P("b2/"), DIR, P("x")));
	CHECK(ENOTDIR, path_rename(DIR, P("b2"), DIR, P("x/")));
	CHECK(ENOTDIR, path_rename(DIR, P("b2/"), DIR, P("x/")));
	CHECK(ENOTDIR, path_rename(DIR, P("b2"), DIR, P("way/file/")));
	TRUE(exists(DIR, "b2") && !exists(DIR, "x"));
}

static void check_folders(void)
{
	MUST(path_create_directory(DIR, P("d")));
	CHECK(SUCCESS, path_rename(DIR, P("d"), DIR, P("e")));
	TRUE(!exists(DIR, "d") && exists(DIR, "e"));
	CHECK(SUCCESS, path_rename(DIR, P("e/"), DIR, P("d")));
	CHECK(SUCCESS, path_rename(DIR, P("d"), DIR, P("e/")));
	CHECK(SUCCESS, path_rename(DIR, P("e/"), DIR, P("d///")));
	CHECK(SUCCESS, path_rename(DIR, P("d"), DIR, P("d")));
	/* Over an empty folder, which is gone. */
	MUST(path_create_directory(DIR, P("e")));
	CHECK(SUCCESS, path_rename(DIR, P("d"), DIR, P("e")));
	TRUE(!exists(DIR, "d"));
	new_file("e/file", "");
	MUST(path_create_directory(DIR, P("d")));
	CHECK(ENOTEMPTY, path_rename(DIR, P("d"), DIR, P("e")));
	CHECK(ENOTDIR, path_rename(DIR, P("d"), DIR, P("e/file")));
	/* Into itself. */
	CHECK(EINVAL, path_rename(DIR, P("d"), DIR, P("d/d")));
	CHECK(SUCCESS, path_rename(DIR, P("e"), DIR, P("d/e")));
	TRUE(exists(DIR, "d/e/file"));
	/* A folder that the new name is in. */
	CHECK(ENOTEMPTY, path_rename(DIR, P("d/e"), DIR, P("d")));
	/* Linux does not move what it calls "." or "..". */
	CHECK(EBUSY, path_rename(DIR, P("."), DIR, P("x")));
	CHECK(EBUSY, path_rename(DIR, P("d"), DIR, P(".")));
	CHECK(EBUSY, path_rename(DIR, P("d/e/.."), DIR, P("x")));
	CHECK_EITHER(OUTSIDE, EBUSY, path_rename(DIR, P(".."), DIR, P("x")));
	CHECK_EITHER(OUTSIDE, EBUSY, path_rename(DIR, P("d"), DIR, P("..")));
	CHECK(OUTSIDE, path_rename(DIR, P("d"), DIR, P("../x")));
	TRUE(exists(DIR, "d") && !exists(DIR, "x"));
}

/* A link is renamed, and replaced, as itself. */
static void check_links(void)
{
	MUST(path_symlink(P("nowhere"), DIR, P("link")));
	CHECK(SUCCESS, path_rename(DIR, P("link"), DIR, P("link-2")));
	EQUAL(SYMBOLIC_LINK, stat_of("link-2").filetype);
	CHECK(SUCCESS, path_rename(DIR, P("out"), DIR, P("out-2")));
	CHECK(SUCCESS, path_rename(DIR, P("loop-a"), DIR, P("link-2")));
	new_file("plain", "123");
	CHECK(SUCCESS, path_rename(DIR, P("plain"), DIR, P("to-way")));
	EQUAL(REGULAR_FILE, stat_of("to-way").filetype);
	TRUE(exists(DIR, "way/file"));
	MUST(path_symlink(P("way"), DIR, P("to-way-2")));
	CHECK(ENOTDIR, path_rename(DIR, P("to-way-2/"), DIR, P("x")));
	CHECK(ENOTDIR, path_rename(DIR, P("d"), DIR, P("to-way-2")));
}

static void suite(void)
{
	fd_t without;

	make_paths();
	check_paths(as_source);
	TRUE(!exists(DIR, "new-name"));
	check_paths(as_target);
	TRUE(exists(DIR, "way/file"));
	check_files();
	check_folders();
	check_links();
	without = dir_without(R_PATH_RENAME_SOURCE);
	CHECK(ENOTCAPABLE, path_rename(without, P("way"), DIR, P("x")));
	CHECK(SUCCESS, path_rename(DIR, P("way"), without, P("way-2")));
	without = dir_without(R_PATH_RENAME_TARGET);
	CHECK(ENOTCAPABLE, path_rename(DIR, P("way-2"), without, P("x")));
	CHECK(SUCCESS, path_rename(without, P("way-2"), DIR, P("way")));
	TRUE(!exists(DIR, "x"));
}
