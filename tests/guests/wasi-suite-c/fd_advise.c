// SPDX-License-Identifier: MIT
/* fd_advise */
#include "suite.h"

static void suite(void)
{
	fd_t fd = open_all("file", CREAT);
	fd_t dir = new_dir("dir");
	fd_t without;

	CHECK(SUCCESS, fd_filestat_set_size(fd, 100));
	for (uint32_t advice = NORMAL; advice <= NOREUSE; advice++)
		CHECK(SUCCESS, fd_advise(fd, 10, 50, advice));
	/* It changes nothing, and may name what is not there. A length of 0 is "to the end". */
	CHECK(SUCCESS, fd_advise(fd, 1000, 1000, WILLNEED));
	CHECK(SUCCESS, fd_advise(fd, 0, 0, DONTNEED));
	EQUAL(100, size_of("file"));
	EQUAL(0, tell(fd));

	CHECK(EINVAL, fd_advise(fd, 0, 0, NOREUSE + 1));
	CHECK(EINVAL, fd_advise(fd, 0, 0, 255));
	/* No file is as long: off_t of POSIX has a sign. */
	CHECK(EINVAL, fd_advise(fd, 0, (uint64_t)1 << 63, NORMAL));
	CHECK(EINVAL, fd_advise(fd, (uint64_t)1 << 63, 0, NORMAL));
	CHECK(EBADF, fd_advise(NO_FD, 0, 0, NORMAL));
	CHECK(EBADF, fd_advise(closed_fd(), 0, 0, NORMAL));
	without = open_without("file", 0, 0, R_FD_ADVISE);
	CHECK(ENOTCAPABLE, fd_advise(without, 0, 0, NORMAL));
	/* A folder has no right to it. */
	CHECK_EITHER(ENOTCAPABLE, EBADF, fd_advise(dir, 0, 0, NORMAL));
}
