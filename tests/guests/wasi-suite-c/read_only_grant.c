// SPDX-License-Identifier: MIT
/* A folder that was granted with `::ro`: it holds "file", "dir" and "link", which leads to "file".
 */
#include "suite.h"

static fd_t fd = NO_FD;

static void check_reading(void)
{
	char buf[64];
	struct iovec part = {buf, sizeof(buf)};
	uint32_t n;

	/* A library asks for every right that it can think of: it gets those to read. */
	CHECK(SUCCESS,
	      path_open(DIR, FOLLOW, P("link"), 0,
			ALL_RIGHTS & ~(R_FD_WRITE | R_FD_ALLOCATE | R_FD_FILESTAT_SET_SIZE |
				       R_SOCK_ACCEPT | R_SOCK_SHUTDOWN),
			0, 0, &fd));
	CHECK(SUCCESS, fd_read(fd, &part, 1, &n));
	EQUAL(5, n);
	EQUAL(0, fdstat_of(fd).rights & (R_FD_WRITE | R_FD_FILESTAT_SET_TIMES));
	CHECK(SUCCESS, fd_readdir(DIR, buf, sizeof(buf), 0, &n));
	CHECK(SUCCESS, path_readlink(DIR, P("link"), buf, sizeof(buf), &n));
	EQUAL(5, size_of("file"));
}

static void check_writing(void)
{
	struct iovec part = {"x", 1};
	uint32_t n;

	CHECK(ENOTCAPABLE, fd_write(fd, &part, 1, &n));
	CHECK(ENOTCAPABLE, fd_pwrite(fd, &part, 1, 0, &n));
	CHECK(ENOTCAPABLE, fd_allocate(fd, 0, 100));
	CHECK(ENOTCAPABLE, fd_filestat_set_size(fd, 0));
	CHECK(ENOTCAPABLE, fd_filestat_set_times(fd, 0, 0, MTIM_NOW));
	CHECK(ENOTCAPABLE, fd_filestat_set_times(DIR, 0, 0, MTIM_NOW));
	CHECK(ENOTCAPABLE, path_open(DIR, 0, P("new"), CREAT, R_FD_READ, 0, 0, &fd));
	CHECK(ENOTCAPABLE, path_open(DIR, 0, P("file"), TRUNC, R_FD_READ, 0, 0, &fd));
	CHECK(ENOTCAPABLE, path_open(DIR, 0, P("file"), 0, R_FD_WRITE, 0, 0, &fd));
	CHECK(ENOTCAPABLE, path_open(DIR, 0, P("file"), 0, R_FD_READ | R_FD_WRITE, 0, 0, &fd));
	CHECK(ENOTCAPABLE, path_create_directory(DIR, P("new")));
	CHECK(ENOTCAPABLE, path_remove_directory(DIR, P("dir")));
	CHECK(ENOTCAPABLE, path_unlink_file(DIR, P("file")));
	CHECK(ENOTCAPABLE, path_rename(DIR, P("file"), DIR, P("new")));
	CHECK(ENOTCAPABLE, path_link(DIR, 0, P("file"), DIR, P("new")));
	CHECK(ENOTCAPABLE, path_symlink(P("x"), DIR, P("new")));
	CHECK(ENOTCAPABLE, path_filestat_set_times(DIR, 0, P("file"), 0, 0, MTIM_NOW));
	CHECK(ENOTCAPABLE, fd_fdstat_set_rights(DIR, ALL_RIGHTS, ALL_RIGHTS));
}

/* Neither is there a way round through a folder beneath, or what it passes on. */
static void check_beneath(void)
{
	const rights_t reading =
	    ALL_RIGHTS & ~(R_FD_WRITE | R_FD_ALLOCATE | R_FD_FILESTAT_SET_SIZE | R_SOCK_ACCEPT |
			   R_SOCK_SHUTDOWN);
	fd_t dir = NO_FD, deeper = NO_FD;

	CHECK(SUCCESS, path_open(DIR, 0, P("dir"), DIR_ONLY, reading, ALL_RIGHTS, 0, &dir));
	CHECK(SUCCESS, path_open(dir, 0, P("inner"), 0, reading, 0, 0, &fd));
	CHECK(ENOTCAPABLE, path_open(dir, 0, P("inner"), 0, R_FD_WRITE, 0, 0, &fd));
	CHECK(ENOTCAPABLE, path_open(dir, 0, P("inner"), 0, R_FD_ALLOCATE, 0, 0, &fd));
	CHECK(ENOTCAPABLE, path_open(dir, 0, P("inner"), TRUNC, 0, 0, 0, &fd));
	CHECK(ENOTCAPABLE, path_open(dir, 0, P("new"), CREAT, R_FD_WRITE, 0, 0, &fd));
	CHECK(ENOTCAPABLE, path_create_directory(dir, P("new")));
	CHECK(ENOTCAPABLE, path_unlink_file(dir, P("inner")));
	CHECK(ENOTCAPABLE, path_rename(DIR, P("file"), dir, P("new")));
	/* Nor two steps down. */
	EQUAL(0, fdstat_of(dir).inheriting & (R_PATH_CREATE_DIRECTORY | R_PATH_UNLINK_FILE));
	CHECK(SUCCESS, path_open(dir, 0, P("."), DIR_ONLY, reading, ALL_RIGHTS, 0, &deeper));
	CHECK(ENOTCAPABLE, path_create_directory(deeper, P("new")));
	CHECK(ENOTCAPABLE, path_unlink_file(deeper, P("inner")));
	CHECK(ENOTCAPABLE, fd_filestat_set_times(deeper, 0, 0, MTIM_NOW));
	TRUE(!exists(DIR, "new") && !exists(dir, "new"));
}

static void suite(void)
{
	check_reading();
	check_writing();
	check_beneath();
}
