// SPDX-License-Identifier: MIT
/* ENOSPC: the folder is a file system of 64 KiB and a few files, which this fills. */
#include "suite.h"

#define TOO_MUCH (1024 * 1024)

static void suite(void)
{
	static char block[65536];
	struct iovec part = {block, sizeof(block)};
	fd_t fd = open_all("file", CREAT);
	uint64_t at;
	uint32_t n = 0;
	int result;

	CHECK(ENOSPC, fd_allocate(fd, 0, TOO_MUCH));
	/* A write that does not fit whole is short, and the next one fails. */
	do
		result = fd_write(fd, &part, 1, &n);
	while (!result && tell(fd) < TOO_MUCH);
	EQUAL(ENOSPC, result);
	CHECK(ENOSPC, fd_write(fd, &part, 1, &n));
	CHECK(ENOSPC, fd_pwrite(fd, &part, 1, tell(fd), &n));
	/* Existing blocks can be written to. */
	CHECK(SUCCESS, fd_pwrite(fd, &part, 1, 0, &n));
	MUST(fd_seek(fd, 0, SET, &at));
	CHECK(SUCCESS, fd_filestat_set_size(fd, 0));

	/* No more files than there may be: whichever kind. */
	for (char name[] = "a"; name[0] <= 'z'; name[0]++) {
		result = path_create_directory(DIR, name, 1);
		if (result)
			break;
	}
	EQUAL(ENOSPC, result);
	CHECK(ENOSPC, path_create_directory(DIR, P("more")));
	CHECK(ENOSPC, path_open(DIR, 0, P("more"), CREAT, 0, 0, 0, &fd));
	CHECK(ENOSPC, path_symlink(P("x"), DIR, P("more")));
	CHECK(ENOSPC, path_link(DIR, 0, P("file"), DIR, P("more")));
	TRUE(!exists(DIR, "more"));
}
