// SPDX-License-Identifier: MIT
/* path_create_directory */
#include "paths.h"

static int call(fd_t dir, const char *path, uint32_t len)
{
	return path_create_directory(dir, path, len);
}

static void suite(void)
{
	fd_t dir;

	make_paths();
	check_paths(call);
	CHECK(SUCCESS, path_create_directory(DIR, P("new")));
	EQUAL(DIRECTORY, stat_of("new").filetype);
	CHECK(SUCCESS, path_create_directory(DIR, P("new/slash/")));
	CHECK(SUCCESS, path_create_directory(DIR, P("new/slashes///")));
	CHECK(SUCCESS, path_create_directory(DIR, P(".//new/./slash/../inner")));
	EQUAL(DIRECTORY, stat_of("new/inner").filetype);
	CHECK(SUCCESS, path_create_directory(DIR, P("to-way/through-link")));
	EQUAL(DIRECTORY, stat_of("way/through-link").filetype);
	dir = open_all("new", DIR_ONLY);
	CHECK(SUCCESS, path_create_directory(dir, P("beneath")));
	EQUAL(DIRECTORY, stat_of("new/beneath").filetype);
	CHECK(SUCCESS, path_create_directory(DIR, P("na\xc3\xafve \xf0\x9f\x90\x9d")));

	/* Whatever is there, links that lead nowhere included. */
	CHECK(EEXIST, path_create_directory(DIR, P("new")));
	CHECK(EEXIST, path_create_directory(DIR, P("new/")));
	CHECK(EEXIST, path_create_directory(DIR, P("way/file")));
	CHECK(EEXIST, path_create_directory(DIR, P("to-way")));
	CHECK(EEXIST, path_create_directory(DIR, P("dangling")));
	CHECK(EEXIST, path_create_directory(DIR, P("loop-a")));
	CHECK(EEXIST, path_create_directory(DIR, P(".")));
	CHECK(EEXIST, path_create_directory(DIR, P("new/..")));
	CHECK(ENOENT, path_create_directory(DIR, P("no/such")));
	CHECK(ENOTCAPABLE, path_create_directory(dir_without(R_PATH_CREATE_DIRECTORY), P("x")));
	TRUE(!exists(DIR, "x"));
}
