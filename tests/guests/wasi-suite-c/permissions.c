// SPDX-License-Identifier: MIT
/*
 * EACCES and EPERM, for a user without privileges: "sealed" is a folder of root's without a right
 * for others, "shown" one that holds "file", both to be looked at only; "secret" is a file that
 * only root reads.
 */
#include "suite.h"

static void suite(void)
{
	struct filestat stat;
	char buf[8];
	uint32_t used;
	fd_t fd = NO_FD;

	CHECK(EACCES, path_filestat_get(DIR, 0, P("sealed/file"), &stat));
	CHECK(EACCES, path_readlink(DIR, P("sealed/link"), buf, sizeof(buf), &used));
	CHECK(EACCES, path_open(DIR, 0, P("sealed"), DIR_ONLY, R_FD_READDIR, 0, 0, &fd));
	CHECK(EACCES, path_open(DIR, 0, P("sealed/file"), 0, R_FD_READ, 0, 0, &fd));
	CHECK(EACCES, path_open(DIR, 0, P("secret"), 0, R_FD_READ, 0, 0, &fd));
	CHECK(EACCES, path_open(DIR, 0, P("shown/file"), 0, R_FD_READ | R_FD_WRITE, 0, 0, &fd));
	CHECK(EACCES, path_open(DIR, 0, P("shown/file"), TRUNC, R_FD_READ, 0, 0, &fd));
	CHECK(EACCES, path_open(DIR, 0, P("shown/new"), CREAT, R_FD_READ, 0, 0, &fd));
	CHECK(EACCES, path_create_directory(DIR, P("shown/new")));
	CHECK(EACCES, path_remove_directory(DIR, P("shown/dir")));
	CHECK(EACCES, path_unlink_file(DIR, P("shown/file")));
	CHECK(EACCES, path_symlink(P("x"), DIR, P("shown/new")));
	CHECK(EACCES, path_rename(DIR, P("shown/file"), DIR, P("new")));
	/* With fs.protected_hardlinks, another user's file is EPERM before anything else. */
	CHECK_EITHER(EACCES, EPERM, path_link(DIR, 0, P("shown/file"), DIR, P("shown/new")));
	/* To set times takes the owner; to set them to now, a right to write. */
	CHECK(EPERM, path_filestat_set_times(DIR, 0, P("shown/file"), 1, 1, ATIM | MTIM));
	CHECK(EACCES, path_filestat_set_times(DIR, 0, P("shown/file"), 0, 0, ATIM_NOW | MTIM_NOW));
	MUST(path_open(DIR, 0, P("shown/file"), 0, R_FD_READ | R_FD_FILESTAT_SET_TIMES, 0, 0, &fd));
	CHECK(EPERM, fd_filestat_set_times(fd, 1, 1, ATIM | MTIM));
	CHECK(EACCES, fd_filestat_set_times(fd, 0, 0, ATIM_NOW | MTIM_NOW));
	EQUAL(5, size_of("shown/file"));
}
