// SPDX-License-Identifier: MIT
/* Files and folders that have lost their name, or have another one, while they are open. */
#include "suite.h"

static void check_file(void)
{
	char buf[8];
	struct iovec part = {buf, sizeof(buf)};
	fd_t fd, other;
	uint32_t n;

	new_file("file", "old");
	fd = open_all("file", 0);
	MUST(path_unlink_file(DIR, P("file")));
	/* The name is free again, and now names another file. */
	new_file("file", "newer");
	other = open_all("file", 0);
	CHECK(SUCCESS, fd_pread(fd, &part, 1, 0, &n));
	EQUAL(3, n);
	SAME("old", buf);
	write_all(fd, "ancient");
	CHECK(SUCCESS, fd_pread(other, &part, 1, 0, &n));
	EQUAL(5, n);
	SAME("newer", buf);
	/* Renamed, it is the same one. */
	MUST(path_rename(DIR, P("file"), DIR, P("moved")));
	write_all(other, "NEWER!");
	EQUAL(6, size_of("moved"));
}

static void check_folder(void)
{
	fd_t dir = new_dir("dir"), opened;
	struct filestat stat;
	char buf[128];
	uint32_t used = 9;

	MUST(path_rename(DIR, P("dir"), DIR, P("elsewhere")));
	CHECK(SUCCESS, path_open(dir, 0, P("file"), CREAT, 0, 0, 0, &opened));
	TRUE(exists(DIR, "elsewhere/file"));
	MUST(path_unlink_file(dir, P("file")));
	MUST(path_remove_directory(DIR, P("elsewhere")));
	MUST(path_create_directory(DIR, P("elsewhere")));
	/* The one that is open is not the one of that name. */
	CHECK(ENOENT, path_open(dir, 0, P("file"), CREAT, 0, 0, 0, &opened));
	CHECK(ENOENT, path_create_directory(dir, P("x")));
	CHECK(SUCCESS, fd_filestat_get(dir, &stat));
	CHECK(SUCCESS, fd_readdir(dir, buf, sizeof(buf), 0, &used));
	EQUAL(0, used);
	TRUE(!exists(DIR, "elsewhere/file"));
}

/* Another descriptor reads written bytes at once. */
static void check_two(void)
{
	fd_t one = open_all("shared", CREAT), two = open_all("shared", 0);
	char buf[8];
	struct iovec part = {buf, sizeof(buf)};
	uint32_t n;

	write_all(one, "1");
	CHECK(SUCCESS, fd_read(two, &part, 1, &n));
	EQUAL(1, n);
	write_all(one, "2");
	CHECK(SUCCESS, fd_read(two, &part, 1, &n));
	EQUAL(1, n);
	EQUAL('2', buf[0]);
	MUST(fd_filestat_set_size(two, 0));
	CHECK(SUCCESS, fd_pread(one, &part, 1, 0, &n));
	EQUAL(0, n);
}

static void suite(void)
{
	check_file();
	check_folder();
	check_two();
}
