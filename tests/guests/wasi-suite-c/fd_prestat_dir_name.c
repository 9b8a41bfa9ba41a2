// SPDX-License-Identifier: MIT
/* fd_prestat_dir_name, with two folders: "/" and "/data/second". */
#include "suite.h"

static void suite(void)
{
	char name[16];

	memset(name, '?', sizeof(name));
	CHECK(SUCCESS, fd_prestat_dir_name(DIR, name, 1));
	SAME("/?", name);
	CHECK(SUCCESS, fd_prestat_dir_name(DIR + 1, name, 12));
	/* No NUL after it. */
	SAME("/data/second????", name);
	/* Room to spare stays as it is. */
	memset(name, '?', sizeof(name));
	CHECK(SUCCESS, fd_prestat_dir_name(DIR + 1, name, 16));
	SAME("/data/second????", name);
	/* wasi-testsuite takes INVAL and NAMETOOLONG; wasmtime gives the latter. */
	memset(name, '?', sizeof(name));
	CHECK(ENAMETOOLONG, fd_prestat_dir_name(DIR + 1, name, 11));
	CHECK(ENAMETOOLONG, fd_prestat_dir_name(DIR + 1, name, 0));
	SAME("????????????????", name);
	CHECK(EBADF, fd_prestat_dir_name(DIR + 2, name, 16));
	CHECK(EBADF, fd_prestat_dir_name(0, name, 16));
	CHECK(EBADF, fd_prestat_dir_name(new_dir("dir"), name, 16));
	CHECK(EBADF, fd_prestat_dir_name(NO_FD, name, 16));
	CHECK(EFAULT, fd_prestat_dir_name(DIR + 1, BAD, 12));
	CHECK(EFAULT, fd_prestat_dir_name(DIR + 1, PAST_END(12), 12));
	CHECK(SUCCESS, fd_prestat_dir_name(DIR + 1, (void *)(memory_end() - 12), 12));
}
