// SPDX-License-Identifier: MIT
/* fd_fdstat_get; standard input is /dev/null, standard output a pipe. */
#include "suite.h"

#define PATH_RIGHTS                                                                                \
	(R_PATH_CREATE_DIRECTORY | R_PATH_CREATE_FILE | R_PATH_LINK_SOURCE | R_PATH_LINK_TARGET |  \
	 R_PATH_OPEN | R_FD_READDIR | R_PATH_READLINK | R_PATH_RENAME_SOURCE |                     \
	 R_PATH_RENAME_TARGET | R_PATH_FILESTAT_GET | R_PATH_FILESTAT_SET_TIMES | R_PATH_SYMLINK | \
	 R_PATH_REMOVE_DIRECTORY | R_PATH_UNLINK_FILE)
/* Rights and inheriting rights that wasi-testsuite requires of a preopened folder. */
#define DIR_RIGHTS (PATH_RIGHTS | R_FD_FILESTAT_GET | R_FD_FILESTAT_SET_TIMES)
#define FILE_RIGHTS                                                                                \
	(R_FD_DATASYNC | R_FD_READ | R_FD_SEEK | R_FD_FDSTAT_SET_FLAGS | R_FD_SYNC | R_FD_TELL |   \
	 R_FD_WRITE | R_FD_ADVISE | R_FD_ALLOCATE | R_FD_FILESTAT_GET | R_FD_FILESTAT_SET_SIZE |   \
	 R_FD_FILESTAT_SET_TIMES | R_POLL_FD_READWRITE)

static void check_folder(void)
{
	struct fdstat stat = fdstat_of(DIR);

	EQUAL(DIRECTORY, stat.filetype);
	EQUAL(0, stat.flags);
	EQUAL(DIR_RIGHTS, stat.rights & DIR_RIGHTS);
	EQUAL(DIR_RIGHTS | FILE_RIGHTS, stat.inheriting & (DIR_RIGHTS | FILE_RIGHTS));
	/* A folder is not to be read from, written to, or cut. */
	EQUAL(0, stat.rights & (R_FD_SEEK | R_FD_WRITE | R_FD_FILESTAT_SET_SIZE));
	EQUAL(0, (stat.rights | stat.inheriting) & ~ALL_RIGHTS);
}

static void check_file(void)
{
	fd_t fd = open_all("file", CREAT);
	struct fdstat stat = fdstat_of(fd);

	EQUAL(REGULAR_FILE, stat.filetype);
	EQUAL(0, stat.flags);
	EQUAL(FILE_RIGHTS, stat.rights & FILE_RIGHTS);
	/* "Fewer rights, if and only if those rights do not apply to the type of file". */
	EQUAL(0, stat.rights & PATH_RIGHTS);
	fd = open_without("file", 0, 0, R_FD_WRITE);
	EQUAL(R_FD_READ, fdstat_of(fd).rights & (R_FD_READ | R_FD_WRITE));
	fd = open_without("file", 0, 0, R_FD_READ);
	EQUAL(R_FD_WRITE, fdstat_of(fd).rights & (R_FD_READ | R_FD_WRITE));
}

static void check_flags(void)
{
	EQUAL(APPEND, fdstat_of(open_without("file", 0, APPEND, 0)).flags);
	EQUAL(NONBLOCK, fdstat_of(open_without("file", 0, NONBLOCK, 0)).flags);
	EQUAL(DSYNC, fdstat_of(open_without("file", 0, DSYNC, 0)).flags & (DSYNC | SYNC));
	EQUAL(SYNC, fdstat_of(open_without("file", 0, SYNC, 0)).flags & SYNC);
	EQUAL(APPEND | SYNC,
	      fdstat_of(open_without("file", 0, APPEND | SYNC, 0)).flags & (APPEND | SYNC));
}

static void suite(void)
{
	struct fdstat stat;

	check_folder();
	check_file();
	check_flags();
	EQUAL(CHARACTER_DEVICE, fdstat_of(0).filetype);
	EQUAL(R_FD_READ, fdstat_of(0).rights & (R_FD_READ | R_FD_WRITE));
	/* WASI has no number for a pipe. */
	EQUAL(UNKNOWN, fdstat_of(1).filetype);
	EQUAL(R_FD_WRITE, fdstat_of(1).rights & (R_FD_READ | R_FD_WRITE));
	CHECK(EBADF, fd_fdstat_get(NO_FD, &stat));
	CHECK(EBADF, fd_fdstat_get(closed_fd(), &stat));
	CHECK(EFAULT, fd_fdstat_get(DIR, BAD));
	CHECK(EFAULT, fd_fdstat_get(DIR, PAST_END(sizeof(stat))));
	CHECK(SUCCESS, fd_fdstat_get(DIR, (void *)(memory_end() - sizeof(stat))));
}
