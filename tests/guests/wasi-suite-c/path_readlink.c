// SPDX-License-Identifier: MIT
/* path_readlink */
#include "paths.h"

static int call(fd_t dir, const char *path, uint32_t len)
{
	static char buf[8];
	uint32_t used;

	return path_readlink(dir, path, len, buf, sizeof(buf), &used);
}

static void suite(void)
{
	char buf[32];
	uint32_t used = 9;
	fd_t without;

	make_paths();
	check_paths(call);
	memset(buf, '?', sizeof(buf));
	CHECK(SUCCESS, path_readlink(DIR, P("dangling"), buf, 10, &used));
	EQUAL(7, used);
	/* No NUL, and the rest is as it was. */
	SAME("nowhere???", buf);
	/* A link out of the folder is text like any other; it is not followed. */
	CHECK(SUCCESS, path_readlink(DIR, P("out"), buf, sizeof(buf), &used));
	EQUAL(10, used);
	SAME("../outside", buf);
	CHECK(SUCCESS, path_readlink(DIR, P("loop-a"), buf, sizeof(buf), &used));
	EQUAL(6, used);
	CHECK(SUCCESS, path_readlink(DIR, P("to-way"), buf, sizeof(buf), &used));
	EQUAL(3, used);
	/* As much as there is room for, as POSIX has it. */
	memset(buf, '?', sizeof(buf));
	CHECK(SUCCESS, path_readlink(DIR, P("dangling"), buf, 4, &used));
	EQUAL(4, used);
	SAME("nowh?", buf);
	CHECK(SUCCESS, path_readlink(DIR, P("dangling"), buf, 7, &used));
	EQUAL(7, used);

	/* POSIX has EINVAL for anything but a link. */
	CHECK(EINVAL, path_readlink(DIR, P("way"), buf, sizeof(buf), &used));
	CHECK(EINVAL, path_readlink(DIR, P("way/file"), buf, sizeof(buf), &used));
	CHECK(EINVAL, path_readlink(DIR, P("."), buf, sizeof(buf), &used));
	/* The slash names the folder that the link leads to, not the link. */
	CHECK(EINVAL, path_readlink(DIR, P("to-way/"), buf, sizeof(buf), &used));
	CHECK(ENOENT, path_readlink(DIR, P("no"), buf, sizeof(buf), &used));
	CHECK(ENOENT, path_readlink(DIR, P("dangling/"), buf, sizeof(buf), &used));
	/* Linux has EINVAL for no room at all, POSIX writes nothing. */
	CHECK_EITHER(EINVAL, SUCCESS, path_readlink(DIR, P("dangling"), buf, 0, &used));
	CHECK(EFAULT, path_readlink(DIR, P("dangling"), BAD, 16, &used));
	CHECK(EFAULT, path_readlink(DIR, P("dangling"), PAST_END(8), 8, &used));
	CHECK(EFAULT, path_readlink(DIR, P("dangling"), buf, 0xffffffff, &used));
	CHECK(EFAULT, path_readlink(DIR, P("dangling"), buf, sizeof(buf), BAD));
	without = dir_without(R_PATH_READLINK);
	CHECK(ENOTCAPABLE, path_readlink(without, P("dangling"), buf, sizeof(buf), &used));
}
