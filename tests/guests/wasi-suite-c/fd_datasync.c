// SPDX-License-Identifier: MIT
/* fd_datasync */
#include "suite.h"

static void suite(void)
{
	fd_t fd = open_all("file", CREAT);

	write_all(fd, "data");
	CHECK(SUCCESS, fd_datasync(fd));
	EQUAL(4, size_of("file"));
	CHECK(EBADF, fd_datasync(NO_FD));
	CHECK(EBADF, fd_datasync(closed_fd()));
	CHECK(ENOTCAPABLE, fd_datasync(open_without("file", 0, 0, R_FD_DATASYNC)));
	/* Standard input is /dev/null: nothing that could be synchronized, or no right to. */
	CHECK_EITHER(EINVAL, ENOTCAPABLE, fd_datasync(0));
}
