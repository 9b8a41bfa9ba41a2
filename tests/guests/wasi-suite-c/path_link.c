// SPDX-License-Identifier: MIT
/* path_link: hard links. */
#include "paths.h"

static int as_source(fd_t dir, const char *path, uint32_t len)
{
	return path_link(dir, 0, path, len, DIR, P("new-name"));
}

static int as_target(fd_t dir, const char *path, uint32_t len)
{
	return path_link(DIR, 0, P("way/file"), dir, path, len);
}

static void check_files(void)
{
	fd_t dir = new_dir("dir");

	CHECK(SUCCESS, path_link(DIR, 0, P("way/file"), DIR, P("link")));
	EQUAL(stat_of("way/file").ino, stat_of("link").ino);
	EQUAL(2, stat_of("link").nlink);
	CHECK(SUCCESS, path_link(DIR, 0, P("link"), dir, P("link")));
	EQUAL(3, stat_of("dir/link").nlink);
	CHECK(SUCCESS, path_link(dir, 0, P("link"), DIR, P("to-way/link")));
	EQUAL(4, stat_of("way/link").nlink);

	/* Whatever bears the new name already. */
	CHECK(EEXIST, path_link(DIR, 0, P("way/file"), DIR, P("link")));
	CHECK(EEXIST, path_link(DIR, 0, P("way/file"), DIR, P("way/file")));
	CHECK(EEXIST, path_link(DIR, 0, P("way/file"), DIR, P("dir")));
	CHECK(EEXIST, path_link(DIR, 0, P("way/file"), DIR, P("dangling")));
	CHECK(EEXIST, path_link(DIR, 0, P("way/file"), DIR, P("loop-a")));
	CHECK(ENOENT, path_link(DIR, 0, P("no"), DIR, P("x")));
	/* A folder has one name only. */
	CHECK(EPERM, path_link(DIR, 0, P("dir"), DIR, P("x")));
	/* Landlock looks first, at the folder above, and returns EXDEV. */
	CHECK_EITHER(EPERM, EXDEV, path_link(DIR, 0, P("."), DIR, P("x")));
	/* Slashes after the name of a file, old or new. */
	CHECK(ENOENT, path_link(DIR, 0, P("way/file"), DIR, P("x/")));
	CHECK(ENOTDIR, path_link(DIR, 0, P("way/file/"), DIR, P("x")));
	TRUE(!exists(DIR, "x"));
}

static void check_links(void)
{
	char text[16];
	uint32_t used;

	/* Without the flag it is the link that gets a second name, wherever it leads. */
	CHECK(SUCCESS, path_link(DIR, 0, P("dangling"), DIR, P("dangling-2")));
	EQUAL(SYMBOLIC_LINK, stat_of("dangling-2").filetype);
	MUST(path_readlink(DIR, P("dangling-2"), text, sizeof(text), &used));
	EQUAL(7, used);
	SAME("nowhere", text);
	CHECK(SUCCESS, path_link(DIR, 0, P("loop-a"), DIR, P("loop-2")));
	CHECK(SUCCESS, path_link(DIR, 0, P("out"), DIR, P("out-2")));
	EQUAL(SYMBOLIC_LINK, stat_of("out-2").filetype);
	/* wasmtime does not follow, with EINVAL; wasi-testsuite takes it or what following gives.
	 */
	CHECK_EITHER(EINVAL, ENOENT, path_link(DIR, FOLLOW, P("dangling"), DIR, P("x")));
	CHECK_EITHER(EINVAL, ELOOP, path_link(DIR, FOLLOW, P("loop-a"), DIR, P("x")));
	CHECK_EITHER(EINVAL, OUTSIDE, path_link(DIR, FOLLOW, P("out"), DIR, P("x")));
	CHECK(EINVAL, path_link(DIR, 2, P("way/file"), DIR, P("x")));
	TRUE(!exists(DIR, "x"));
}

static void suite(void)
{
	fd_t without;

	make_paths();
	check_paths(as_source);
	TRUE(!exists(DIR, "new-name"));
	check_paths(as_target);
	check_files();
	check_links();
	without = dir_without(R_PATH_LINK_SOURCE);
	CHECK(ENOTCAPABLE, path_link(without, 0, P("way/file"), DIR, P("x")));
	CHECK(SUCCESS, path_link(DIR, 0, P("way/file"), without, P("as-target")));
	without = dir_without(R_PATH_LINK_TARGET);
	CHECK(ENOTCAPABLE, path_link(DIR, 0, P("way/file"), without, P("x")));
	CHECK(SUCCESS, path_link(without, 0, P("way/file"), DIR, P("as-source")));
	TRUE(!exists(DIR, "x"));
}
