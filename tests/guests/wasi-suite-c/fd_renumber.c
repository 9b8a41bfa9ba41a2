// SPDX-License-Identifier: MIT
/* fd_renumber; the folder holds "fifo". */
#include "suite.h"

/* `from` takes the place of `to`, which is closed. */
static void check_files(void)
{
	fd_t from = open_without("one", CREAT, APPEND, R_FD_ADVISE);
	fd_t to = open_all("two", CREAT);
	struct fdstat before = fdstat_of(from), after;

	write_all(from, "1");
	CHECK(SUCCESS, fd_renumber(from, to));
	CHECK(EBADF, fd_close(from));
	after = fdstat_of(to);
	EQUAL(before.filetype, after.filetype);
	EQUAL(before.flags, after.flags);
	EQUAL(before.rights, after.rights);
	EQUAL(before.inheriting, after.inheriting);
	write_all(to, "23");
	EQUAL(3, size_of("one"));
	EQUAL(0, size_of("two"));
	CHECK(SUCCESS, fd_renumber(to, to));
	EQUAL(3, tell(to));
	CHECK(SUCCESS, fd_close(to));
	CHECK(EBADF, fd_close(to));
}

/* Its last writer is gone: that the descriptor is closed can be seen from the other end. */
static void check_closed(void)
{
	char byte;
	struct iovec part = {&byte, 1};
	fd_t reader = NO_FD, writer = NO_FD;
	uint32_t n = 9;

	MUST(path_open(DIR, 0, P("fifo"), 0, R_FD_READ, 0, NONBLOCK, &reader));
	MUST(path_open(DIR, 0, P("fifo"), 0, R_FD_WRITE, 0, 0, &writer));
	CHECK(EAGAIN, fd_read(reader, &part, 1, &n));
	CHECK(SUCCESS, fd_renumber(open_all("one", 0), writer));
	CHECK(SUCCESS, fd_read(reader, &part, 1, &n));
	EQUAL(0, n);
}

static void check_errors(void)
{
	fd_t fd = open_all("file", CREAT);

	/* Both have to be open, unlike dup2(). */
	CHECK(EBADF, fd_renumber(NO_FD, fd));
	CHECK(EBADF, fd_renumber(fd, NO_FD));
	CHECK(EBADF, fd_renumber(fd, 0xffffffff));
	CHECK(EBADF, fd_renumber(closed_fd(), fd));
	CHECK(EBADF, fd_renumber(NO_FD, NO_FD));
	CHECK(SUCCESS, fd_close(fd));
}

/* The preopened folder's number now names another folder, which was not granted. */
static void check_preopen(void)
{
	fd_t dir = new_dir("dir");
	struct filestat before, after;
	struct prestat stat;

	MUST(fd_filestat_get(dir, &before));
	CHECK(SUCCESS, fd_renumber(dir, DIR));
	CHECK(EBADF, fd_fdstat_get(dir, &stat));
	CHECK(SUCCESS, fd_filestat_get(DIR, &after));
	EQUAL(before.dev, after.dev);
	EQUAL(before.ino, after.ino);
	CHECK(EBADF, fd_prestat_get(DIR, &stat));
	CHECK(ENOENT, path_unlink_file(DIR, P("file")));
}

static void check_streams(void)
{
	for (fd_t stream = 0; stream <= 2; stream += 2) {
		fd_t to = open_all("file", CREAT);
		struct fdstat stat;

		CHECK(SUCCESS, fd_renumber(stream, to));
		CHECK(SUCCESS, fd_fdstat_get(to, &stat));
		CHECK(EBADF, fd_fdstat_get(stream, &stat));
	}
}

static void suite(void)
{
	check_files();
	check_closed();
	check_errors();
	check_streams();
	check_preopen();
}
