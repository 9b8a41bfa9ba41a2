// SPDX-License-Identifier: MIT
/* fd_fdstat_set_rights: "can only be used to remove rights". */
#include "suite.h"

static void check_file(void)
{
	fd_t fd = open_all("file", CREAT);
	fd_t other = open_all("file", 0);
	struct fdstat before = fdstat_of(fd);
	struct fdstat stat;
	char buf[4] = "data";
	struct iovec part = {buf, 4};
	uint32_t n;

	/* Unchanged rights add none. */
	CHECK(SUCCESS, fd_fdstat_set_rights(fd, before.rights, before.inheriting));
	CHECK(SUCCESS, fd_write(fd, &part, 1, &n));
	CHECK(SUCCESS, fd_fdstat_set_rights(fd, before.rights & ~(R_FD_READ | R_FD_WRITE), 0));
	stat = fdstat_of(fd);
	EQUAL(before.rights & ~(R_FD_READ | R_FD_WRITE), stat.rights);
	EQUAL(0, stat.inheriting);
	CHECK(ENOTCAPABLE, fd_read(fd, &part, 1, &n));
	CHECK(ENOTCAPABLE, fd_write(fd, &part, 1, &n));
	CHECK(ENOTCAPABLE, fd_pread(fd, &part, 1, 0, &n));
	CHECK(ENOTCAPABLE, fd_pwrite(fd, &part, 1, 0, &n));
	/* The way back is closed, also when something else is given up. */
	CHECK(ENOTCAPABLE, fd_fdstat_set_rights(fd, stat.rights | R_FD_READ, 0));
	CHECK(ENOTCAPABLE, fd_fdstat_set_rights(fd, R_FD_WRITE, 0));
	CHECK(ENOTCAPABLE, fd_fdstat_set_rights(fd, stat.rights, R_FD_READ));
	CHECK(ENOTCAPABLE, fd_fdstat_set_rights(fd, ~(rights_t)0, 0));
	EQUAL(stat.rights, fdstat_of(fd).rights);
	/* Rights belong to the descriptor, not to the file. */
	CHECK(SUCCESS, fd_write(other, &part, 1, &n));
	/* None at all are needed to close. */
	CHECK(SUCCESS, fd_fdstat_set_rights(fd, 0, 0));
	CHECK(SUCCESS, fd_close(fd));
}

/* A right that a folder no longer passes on is missing in files opened through it. */
static void check_inheritance(void)
{
	fd_t dir = open_all(".", DIR_ONLY);
	struct fdstat before = fdstat_of(dir);
	fd_t fd = NO_FD;

	CHECK(SUCCESS, fd_fdstat_set_rights(dir, before.rights, before.inheriting & ~R_FD_WRITE));
	CHECK(ENOTCAPABLE, path_open(dir, 0, P("file"), 0, R_FD_READ | R_FD_WRITE, 0, 0, &fd));
	CHECK(ENOTCAPABLE, path_open(dir, 0, P("."), DIR_ONLY, 0, R_FD_WRITE, 0, &fd));
	CHECK(SUCCESS, path_open(dir, 0, P("file"), 0, R_FD_READ, 0, 0, &fd));
	EQUAL(0, fdstat_of(fd).rights & R_FD_WRITE);
	/* The preopened folder itself is as it was. */
	EQUAL(R_FD_WRITE, fdstat_of(DIR).inheriting & R_FD_WRITE);
}

static void suite(void)
{
	check_file();
	check_inheritance();
	CHECK(EBADF, fd_fdstat_set_rights(NO_FD, 0, 0));
	CHECK(EBADF, fd_fdstat_set_rights(closed_fd(), 0, 0));
}
