// SPDX-License-Identifier: MIT
/* fd_sync */
#include "suite.h"

static void suite(void)
{
	fd_t fd = open_all("file", CREAT);

	write_all(fd, "data");
	CHECK(SUCCESS, fd_sync(fd));
	EQUAL(4, size_of("file"));
	CHECK(EBADF, fd_sync(NO_FD));
	CHECK(EBADF, fd_sync(closed_fd()));
	CHECK(ENOTCAPABLE, fd_sync(open_without("file", 0, 0, R_FD_SYNC)));
	/* Standard input is /dev/null: nothing that could be synchronized, or no right to. */
	CHECK_EITHER(EINVAL, ENOTCAPABLE, fd_sync(0));
}
