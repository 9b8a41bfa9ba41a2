// SPDX-License-Identifier: MIT
/* EROFS: the folder is mounted read-only; it holds "file", "dir" and "link", which leads nowhere.
 */
#include "suite.h"

static void suite(void)
{
	fd_t fd = NO_FD;

	CHECK(EROFS, path_open(DIR, 0, P("new"), CREAT, R_FD_READ, 0, 0, &fd));
	CHECK(EROFS, path_open(DIR, 0, P("file"), 0, R_FD_READ | R_FD_WRITE, 0, 0, &fd));
	CHECK(EROFS, path_open(DIR, 0, P("file"), TRUNC, R_FD_READ, 0, 0, &fd));
	CHECK(EROFS, path_create_directory(DIR, P("new")));
	CHECK(EROFS, path_remove_directory(DIR, P("dir")));
	CHECK(EROFS, path_unlink_file(DIR, P("file")));
	CHECK(EROFS, path_unlink_file(DIR, P("link")));
	CHECK(EROFS, path_rename(DIR, P("file"), DIR, P("new")));
	CHECK(EROFS, path_link(DIR, 0, P("file"), DIR, P("new")));
	CHECK(EROFS, path_symlink(P("x"), DIR, P("new")));
	CHECK(EROFS, path_filestat_set_times(DIR, 0, P("file"), 0, 0, MTIM_NOW));
	CHECK(EROFS, fd_filestat_set_times(DIR, 0, 0, MTIM_NOW));
	CHECK(SUCCESS,
	      path_open(DIR, 0, P("file"), 0, R_FD_READ | R_FD_FILESTAT_SET_TIMES, 0, 0, &fd));
	CHECK(EROFS, fd_filestat_set_times(fd, 0, 0, MTIM_NOW));
	EQUAL(5, size_of("file"));
}
