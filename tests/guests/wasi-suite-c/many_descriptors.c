// SPDX-License-Identifier: MIT
/* EMFILE: there is an end to descriptors, and closing one gives it back. */
#include "suite.h"

#define TOO_MANY 100000

static void suite(void)
{
	fd_t last = NO_FD, fd = NO_FD;
	int result = SUCCESS;
	uint32_t opened;

	for (opened = 0; opened < TOO_MANY; opened++) {
		result = path_open(DIR, 0, P("."), 0, 0, 0, 0, &fd);
		if (result)
			break;
		last = fd;
	}
	EQUAL(EMFILE, result);
	TRUE(opened > 100);
	CHECK(EMFILE, path_open(DIR, 0, P("."), 0, 0, 0, 0, &fd));
	CHECK(EMFILE, path_open(DIR, 0, P("not-made"), CREAT | EXCL, 0, 0, 0, &fd));
	/* Calls that need no new descriptor go on. */
	CHECK(SUCCESS, fd_filestat_set_times(DIR, 0, 0, MTIM_NOW));
	CHECK(SUCCESS, fd_close(last));
	CHECK(SUCCESS, path_open(DIR, 0, P("."), 0, 0, 0, 0, &fd));
	CHECK(SUCCESS, fd_close(fd));
}
