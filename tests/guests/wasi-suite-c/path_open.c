// SPDX-License-Identifier: MIT
/* path_open: what is opened, created, cut, and refused. */
#include "paths.h"

static fd_t opened;

static int call(fd_t dir, const char *path, uint32_t len)
{
	return path_open(dir, 0, path, len, 0, 0, 0, 0, &opened);
}

static int create(fd_t dir, const char *path, uint32_t len)
{
	return path_open(dir, 0, path, len, CREAT | EXCL, R_FD_WRITE, 0, 0, &opened);
}

/* Opens in DIR with flags, rights to read, and no more. */
static int open(uint32_t lookup, const char *path, uint32_t len, uint32_t oflags)
{
	return path_open(DIR, lookup, path, len, oflags, R_FD_READ, 0, 0, &opened);
}

static void check_create(void)
{
	fd_t first;

	CHECK(ENOENT, open(0, P("new"), 0));
	CHECK(ENOENT, open(0, P("new"), TRUNC));
	CHECK(ENOENT, open(0, P("new"), DIR_ONLY));
	CHECK(ENOENT, open(0, P("new"), EXCL));
	TRUE(!exists(DIR, "new"));
	CHECK(SUCCESS, open(0, P("new"), CREAT | EXCL));
	first = opened;
	/* "Guaranteed to be less than 2**31", and no number that is taken. */
	TRUE(first > DIR && first < 0x80000000);
	CHECK(SUCCESS, open(0, P("new"), CREAT));
	TRUE(opened > DIR && opened != first);
	CHECK(EEXIST, open(0, P("new"), CREAT | EXCL));
	CHECK(EEXIST, open(0, P("new"), CREAT | EXCL | TRUNC));
	CHECK(EEXIST, open(0, P("way"), CREAT | EXCL));
	CHECK(EEXIST, open(0, P("to-way"), CREAT | EXCL));
	CHECK(EEXIST, open(0, P("dangling"), CREAT | EXCL));
	CHECK(EEXIST, open(FOLLOW, P("dangling"), CREAT | EXCL));
	CHECK(EEXIST, open(FOLLOW, P("loop-a"), CREAT | EXCL));
	/* An existing folder is not what CREAT makes. */
	CHECK(EISDIR, open(0, P("way"), CREAT));
	CHECK(ENOENT, open(0, P("no/new"), CREAT));
	/* A name that ends as a folder's. */
	CHECK_EITHER(EISDIR, ENOENT, open(0, P("slash/"), CREAT));
	TRUE(!exists(DIR, "slash"));
	/* Old kernels made a file of this, new ones and wasmtime return EINVAL. */
	CHECK(EINVAL, open(0, P("slash"), CREAT | DIR_ONLY));
	CHECK(EINVAL, open(0, P("way"), CREAT | DIR_ONLY));
	TRUE(!exists(DIR, "slash"));
	/* POSIX: where the link leads, something is made; inside, and only when following. */
	CHECK(ELOOP, open(0, P("dangling"), CREAT));
	TRUE(!exists(DIR, "nowhere"));
	CHECK(SUCCESS, open(FOLLOW, P("dangling"), CREAT));
	TRUE(exists(DIR, "nowhere"));
	MUST(path_unlink_file(DIR, P("nowhere")));
	CHECK(OUTSIDE, open(FOLLOW, P("out"), CREAT));
}

static void check_truncate(void)
{
	fd_t fd = open_all("cut", CREAT);

	write_all(fd, "12345");
	CHECK(SUCCESS, open(0, P("cut"), CREAT));
	EQUAL(5, size_of("cut"));
	/* It takes no right to the file itself: the folder's is what counts. */
	CHECK(SUCCESS, path_open(DIR, 0, P("cut"), TRUNC, 0, 0, 0, &opened));
	EQUAL(0, size_of("cut"));
	write_all(fd, "6");
	CHECK(SUCCESS,
	      path_open(DIR, 0, P("cut"), CREAT | TRUNC, R_FD_READ | R_FD_WRITE, 0, 0, &opened));
	EQUAL(0, size_of("cut"));
	CHECK(EISDIR, open(0, P("way"), TRUNC));
	CHECK_EITHER(EISDIR, EINVAL, open(0, P("way"), TRUNC | DIR_ONLY));
	CHECK(ELOOP, open(0, P("to-way"), TRUNC));
}

static void check_folders(void)
{
	struct fdstat dir = fdstat_of(DIR);

	CHECK(SUCCESS, open(0, P("way"), 0));
	EQUAL(DIRECTORY, fdstat_of(opened).filetype);
	CHECK(SUCCESS, open(0, P("way"), DIR_ONLY));
	CHECK(SUCCESS, open(0, P("way/"), DIR_ONLY));
	CHECK(SUCCESS, open(0, P("way///"), 0));
	CHECK(SUCCESS, open(0, P("way/.//..//./way/../way/file"), 0));
	CHECK(SUCCESS, open(0, P("."), 0));
	CHECK(SUCCESS, path_open(DIR, 0, P("."), 0, 0, 0, NONBLOCK, &opened));
	CHECK(SUCCESS, path_open(DIR, 0, P("."), 0, dir.rights, dir.inheriting, 0, &opened));
	EQUAL(dir.rights, fdstat_of(opened).rights);
	EQUAL(dir.inheriting, fdstat_of(opened).inheriting);
	/* wasi-testsuite wants ISDIR: a folder is not written to. */
	CHECK(EISDIR, path_open(DIR, 0, P("way"), 0, R_FD_READ | R_FD_WRITE, 0, 0, &opened));
	CHECK(EISDIR, path_open(DIR, 0, P("way"), DIR_ONLY, R_FD_READ | R_FD_WRITE, 0, 0, &opened));
	CHECK(ENOTDIR, open(0, P("way/file"), DIR_ONLY));
	CHECK(ENOTDIR, open(0, P("way/file/"), 0));
	CHECK(ENOTDIR, open(0, P("way/file///"), 0));
	CHECK(OUTSIDE, open(0, P(".."), DIR_ONLY));
	CHECK(OUTSIDE, open(0, P("way/../.."), DIR_ONLY));
}

static void check_links(void)
{
	MUST(path_symlink(P("way/file"), DIR, P("to-file")));
	CHECK(ELOOP, open(0, P("to-file"), 0));
	CHECK(ELOOP, open(0, P("to-way"), 0));
	CHECK(ELOOP, open(0, P("dangling"), 0));
	CHECK(ELOOP, open(0, P("loop-a"), 0));
	CHECK(ELOOP, open(0, P("out"), 0));
	/* Either error fits, and wasi-testsuite takes both. */
	CHECK_EITHER(ENOTDIR, ELOOP, open(0, P("to-way"), DIR_ONLY));
	CHECK_EITHER(ENOTDIR, ELOOP, open(0, P("to-file"), DIR_ONLY));
	CHECK_EITHER(ENOTDIR, ELOOP, open(0, P("dangling"), DIR_ONLY));
	CHECK(SUCCESS, open(FOLLOW, P("to-file"), 0));
	EQUAL(REGULAR_FILE, fdstat_of(opened).filetype);
	CHECK(SUCCESS, open(FOLLOW, P("to-way"), DIR_ONLY));
	EQUAL(DIRECTORY, fdstat_of(opened).filetype);
	/* The flag is about the last component only. */
	CHECK(SUCCESS, open(0, P("to-way/file"), 0));
	CHECK(SUCCESS, open(0, P("to-way/"), 0));
	CHECK(ENOTDIR, open(FOLLOW, P("to-file"), DIR_ONLY));
	CHECK(ENOTDIR, open(FOLLOW, P("to-file/"), 0));
	CHECK(ENOENT, open(FOLLOW, P("dangling"), 0));
	CHECK(ELOOP, open(FOLLOW, P("loop-a"), 0));
	CHECK(OUTSIDE, open(FOLLOW, P("out"), 0));
	CHECK(OUTSIDE, open(FOLLOW, P("up"), 0));
	CHECK(OUTSIDE, open(FOLLOW, P("up/"), DIR_ONLY));
}

/* Forty links in a row are Linux's limit. */
static void check_chain(void)
{
	char from[] = "chain00", to[] = "chain00";

	new_file("chain00", "");
	for (int i = 1; i <= 41; i++) {
		from[5] = (char)('0' + i / 10);
		from[6] = (char)('0' + i % 10);
		MUST(path_symlink(to, 7, DIR, from, 7));
		memcpy(to, from, 7);
	}
	CHECK(SUCCESS, open(FOLLOW, P("chain40"), 0));
	CHECK(ELOOP, open(FOLLOW, P("chain41"), 0));
}

static void check_arguments(void)
{
	CHECK(EINVAL, open(2, P("way"), 0));
	CHECK(EINVAL, open(0, P("way"), 16));
	CHECK(EINVAL, path_open(DIR, 0, P("way"), 0, 0, 0, 32, &opened));
	CHECK(EFAULT, path_open(DIR, 0, P("way"), 0, 0, 0, 0, BAD));
	CHECK(EFAULT, path_open(DIR, 0, P("way"), 0, 0, 0, 0, PAST_END(4)));
	CHECK(EFAULT, path_open(DIR, 0, P("not-made"), CREAT, 0, 0, 0, BAD));
	TRUE(!exists(DIR, "not-made"));
}

static void suite(void)
{
	make_paths();
	check_paths(call);
	check_paths(create);
	TRUE(!exists(DIR, "file"));
	check_create();
	check_truncate();
	check_folders();
	check_links();
	check_chain();
	check_arguments();
}
