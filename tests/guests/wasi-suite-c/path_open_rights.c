// SPDX-License-Identifier: MIT
/* path_open: rights, asked for and passed on. */
#include "suite.h"

static fd_t opened;

static int open(fd_t dir, uint32_t oflags, rights_t base, uint32_t fdflags)
{
	return path_open(dir, 0, P("file"), oflags, base, 0, fdflags, &opened);
}

static void check_access(void)
{
	char buf[8];
	struct iovec in = {buf, sizeof(buf)}, out = {"data", 4};
	uint32_t n;

	CHECK(SUCCESS, open(DIR, 0, R_FD_READ, 0));
	EQUAL(R_FD_READ, fdstat_of(opened).rights);
	CHECK(SUCCESS, fd_read(opened, &in, 1, &n));
	CHECK(ENOTCAPABLE, fd_write(opened, &out, 1, &n));
	CHECK(SUCCESS, open(DIR, 0, R_FD_WRITE, 0));
	EQUAL(R_FD_WRITE, fdstat_of(opened).rights);
	CHECK(SUCCESS, fd_write(opened, &out, 1, &n));
	CHECK(ENOTCAPABLE, fd_read(opened, &in, 1, &n));
	CHECK(SUCCESS, open(DIR, 0, R_FD_READ | R_FD_WRITE, 0));
	CHECK(SUCCESS, fd_read(opened, &in, 1, &n));
	EQUAL(4, n);
	CHECK(SUCCESS, fd_write(opened, &out, 1, &n));
	EQUAL(8, size_of("file"));
	/* None at all: a descriptor to hold, and to close. */
	CHECK(SUCCESS, open(DIR, 0, 0, 0));
	EQUAL(0, fdstat_of(opened).rights);
	CHECK(ENOTCAPABLE, fd_read(opened, &in, 1, &n));
	CHECK(ENOTCAPABLE, fd_write(opened, &out, 1, &n));
	CHECK(SUCCESS, fd_close(opened));
}

/* Rights that the folder itself needs for the call. */
static void check_folder(void)
{
	fd_t dir = dir_without(R_PATH_OPEN);

	CHECK(ENOTCAPABLE, open(dir, 0, 0, 0));
	dir = dir_without(R_PATH_CREATE_FILE);
	CHECK(SUCCESS, open(dir, 0, R_FD_READ, 0));
	CHECK(ENOTCAPABLE, open(dir, CREAT, R_FD_READ, 0));
	CHECK(ENOTCAPABLE, path_open(dir, 0, P("new"), CREAT, 0, 0, 0, &opened));
	TRUE(!exists(DIR, "new"));
	/* wasi-testsuite: TRUNC takes path_filestat_set_size of the folder, and nothing else. */
	dir = open_all(".", DIR_ONLY);
	drop_rights(dir, R_FD_FILESTAT_SET_SIZE);
	CHECK(SUCCESS, open(dir, TRUNC, 0, 0));
	EQUAL(0, size_of("file"));
	new_file("filled", "data");
	drop_rights(dir, R_PATH_FILESTAT_SET_SIZE);
	/* It takes PERM and NOTCAPABLE; the specification has the latter for rights. */
	CHECK(ENOTCAPABLE, path_open(dir, 0, P("filled"), TRUNC, 0, 0, 0, &opened));
	CHECK(ENOTCAPABLE, path_open(dir, 0, P("filled"), CREAT | TRUNC, 0, 0, 0, &opened));
	EQUAL(4, size_of("filled"));
	/* fdflags::dsync takes fd_datasync, fdflags::rsync and ::sync take fd_sync. */
	dir = dir_without(R_FD_DATASYNC | R_FD_SYNC);
	CHECK(SUCCESS, open(dir, 0, R_FD_READ, 0));
	CHECK(ENOTCAPABLE, open(dir, 0, R_FD_READ, DSYNC));
	CHECK(ENOTCAPABLE, open(dir, 0, R_FD_READ, SYNC));
	CHECK(ENOTCAPABLE, open(dir, 0, R_FD_READ, RSYNC));
}

/* No descriptor has more than what it came through may pass on. */
static void check_inheritance(void)
{
	struct fdstat stat = fdstat_of(DIR);
	fd_t dir = NO_FD;

	/* Bits without a meaning are dropped. */
	CHECK(SUCCESS, path_open(DIR, 0, P("."), 0, (rights_t)1 << 40, (rights_t)1 << 40, 0, &dir));
	EQUAL(0, fdstat_of(dir).rights);
	EQUAL(0, fdstat_of(dir).inheriting);
	MUST(path_open(DIR, 0, P("."), DIR_ONLY, stat.rights, stat.inheriting & ~R_FD_WRITE, 0,
		       &dir));
	EQUAL(stat.inheriting & ~R_FD_WRITE, fdstat_of(dir).inheriting);
	CHECK(ENOTCAPABLE, open(dir, 0, R_FD_WRITE, 0));
	CHECK(ENOTCAPABLE, path_open(dir, 0, P("."), 0, 0, R_FD_WRITE, 0, &opened));
	CHECK(SUCCESS, open(dir, 0, R_FD_READ, 0));
	/* A folder that passes nothing on opens what holds no right. */
	MUST(path_open(DIR, 0, P("."), DIR_ONLY, stat.rights, 0, 0, &dir));
	CHECK(ENOTCAPABLE, open(dir, 0, R_FD_READ, 0));
	CHECK(SUCCESS, open(dir, 0, 0, 0));
}

static void suite(void)
{
	new_file("file", "");
	check_access();
	check_folder();
	check_inheritance();
}
