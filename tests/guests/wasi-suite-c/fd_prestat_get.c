// SPDX-License-Identifier: MIT
/* fd_prestat_get, with two folders: "/" and "/data/second". */
#include "suite.h"

static void suite(void)
{
	struct prestat stat = {.tag = 9};

	CHECK(SUCCESS, fd_prestat_get(DIR, &stat));
	EQUAL(0, stat.tag);
	EQUAL(1, stat.name_len);
	CHECK(SUCCESS, fd_prestat_get(DIR + 1, &stat));
	EQUAL(0, stat.tag);
	EQUAL(12, stat.name_len);
	/* This is how a libc finds the end of the list. */
	CHECK(EBADF, fd_prestat_get(DIR + 2, &stat));
	/* Open, and not given: a stream, a file, a folder. */
	CHECK(EBADF, fd_prestat_get(0, &stat));
	CHECK(EBADF, fd_prestat_get(open_all("file", CREAT), &stat));
	CHECK(EBADF, fd_prestat_get(new_dir("dir"), &stat));
	CHECK(EBADF, fd_prestat_get(NO_FD, &stat));
	CHECK(EBADF, fd_prestat_get(0xffffffff, &stat));
	CHECK(EFAULT, fd_prestat_get(DIR, BAD));
	CHECK(EFAULT, fd_prestat_get(DIR, PAST_END(8)));
}
