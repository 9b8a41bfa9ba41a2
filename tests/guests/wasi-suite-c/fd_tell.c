// SPDX-License-Identifier: MIT
/* fd_tell; standard output is a pipe. */
#include "suite.h"

static void suite(void)
{
	fd_t fd = open_all("file", CREAT);
	fd_t other;
	uint64_t at = 99;

	CHECK(SUCCESS, fd_tell(fd, &at));
	EQUAL(0, at);
	write_all(fd, "0123456789");
	CHECK(SUCCESS, fd_tell(fd, &at));
	EQUAL(10, at);
	/* Each descriptor has a position of its own. */
	other = open_all("file", 0);
	CHECK(SUCCESS, fd_tell(other, &at));
	EQUAL(0, at);
	MUST(fd_seek(fd, -3, END, &at));
	CHECK(SUCCESS, fd_tell(fd, &at));
	EQUAL(7, at);

	CHECK(EBADF, fd_tell(NO_FD, &at));
	CHECK(EBADF, fd_tell(closed_fd(), &at));
	CHECK(EFAULT, fd_tell(fd, BAD));
	CHECK(EFAULT, fd_tell(fd, PAST_END(8)));
	CHECK_EITHER(ESPIPE, ENOTCAPABLE, fd_tell(1, &at));
	/* wasi-testsuite takes ISDIR, BADF and NOTCAPABLE. */
	CHECK_EITHER(EBADF, ENOTCAPABLE, fd_tell(DIR, &at));
	/* "The right to invoke fd_seek. This flag implies rights::fd_tell". */
	CHECK(SUCCESS, fd_tell(open_without("file", 0, 0, R_FD_TELL), &at));
	CHECK(ENOTCAPABLE, fd_tell(open_without("file", 0, 0, R_FD_SEEK | R_FD_TELL), &at));
}
