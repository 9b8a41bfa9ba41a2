// SPDX-License-Identifier: MIT
/* path_symlink */
#include "paths.h"

static int call(fd_t dir, const char *path, uint32_t len)
{
	return path_symlink(P("target"), dir, path, len);
}

static void check_targets(void)
{
	static char text[5000];
	char buf[64];
	uint32_t used;

	/* Any text, for it is looked at only when followed. */
	CHECK(SUCCESS, path_symlink(P("../../a b//\xc3\xa9"), DIR, P("odd")));
	MUST(path_readlink(DIR, P("odd"), buf, sizeof(buf), &used));
	EQUAL(13, used);
	SAME("../../a b//\xc3\xa9", buf);
	/* But none that starts at the root of the host: wasi-testsuite wants an error of it. */
	CHECK(OUTSIDE, path_symlink(P("/"), DIR, P("x")));
	CHECK(OUTSIDE, path_symlink(P("/etc/passwd"), DIR, P("x")));
	CHECK(ENOENT, path_symlink(P(""), DIR, P("x")));
	CHECK_EITHER(EINVAL, EILSEQ, path_symlink(P("a\0b"), DIR, P("x")));
	CHECK(EILSEQ, path_symlink(P("\xff"), DIR, P("x")));
	memset(text, 't', sizeof(text));
	CHECK(ENAMETOOLONG, path_symlink(text, sizeof(text), DIR, P("x")));
	CHECK(EFAULT, path_symlink(BAD, 16, DIR, P("x")));
	CHECK(EFAULT, path_symlink(PAST_END(8), 8, DIR, P("x")));
	CHECK(EFAULT, path_symlink(text, 0xffffffff, DIR, P("x")));
	TRUE(!exists(DIR, "x"));
}

static void suite(void)
{
	fd_t fd = NO_FD, dir;

	make_paths();
	check_paths(call);
	check_targets();
	CHECK(SUCCESS, path_symlink(P("way/file"), DIR, P("link")));
	EQUAL(SYMBOLIC_LINK, stat_of("link").filetype);
	CHECK(SUCCESS, path_open(DIR, FOLLOW, P("link"), 0, R_FD_READ, 0, 0, &fd));
	CHECK(SUCCESS, path_symlink(P("."), DIR, P("way/here")));
	CHECK(SUCCESS, path_open(DIR, FOLLOW, P("way/here/here/file"), 0, R_FD_READ, 0, 0, &fd));
	dir = new_dir("dir");
	CHECK(SUCCESS, path_symlink(P("../way/file"), dir, P("link")));
	/* A link is resolved from where it stands: inside for this folder, outside for that one. */
	CHECK(SUCCESS, path_open(DIR, FOLLOW, P("dir/link"), 0, R_FD_READ, 0, 0, &fd));
	CHECK(OUTSIDE, path_open(dir, FOLLOW, P("link"), 0, R_FD_READ, 0, 0, &fd));

	CHECK(EEXIST, path_symlink(P("x"), DIR, P("way/file")));
	CHECK(EEXIST, path_symlink(P("x"), DIR, P("way")));
	CHECK(EEXIST, path_symlink(P("x"), DIR, P("way/")));
	CHECK(EEXIST, path_symlink(P("x"), DIR, P("dangling")));
	CHECK(EEXIST, path_symlink(P("x"), DIR, P(".")));
	/* A link cannot bear a name that ends as a folder's. */
	CHECK(ENOENT, path_symlink(P("x"), DIR, P("new/")));
	CHECK(ENOTDIR, path_symlink(P("x"), DIR, P("way/file/")));
	CHECK(ENOTCAPABLE, path_symlink(P("x"), dir_without(R_PATH_SYMLINK), P("new")));
	TRUE(!exists(DIR, "new"));
}
