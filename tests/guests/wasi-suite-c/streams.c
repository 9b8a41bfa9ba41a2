// SPDX-License-Identifier: MIT
/*
 * Invalid calls on standard streams that are pipes, nothing, or an embedder's functions;
 * standard input is empty. No call may return EBADF: they are open.
 */
#include "suite.h"

static void suite(void)
{
	char buf[4];
	struct iovec part = {buf, 4};
	struct filestat stat;
	uint64_t at;
	uint32_t n;

	for (fd_t fd = 0; fd <= 2; fd++) {
		CHECK_EITHER(EINVAL, ENOTCAPABLE, fd_sync(fd));
		CHECK_EITHER(EINVAL, ENOTCAPABLE, fd_datasync(fd));
		CHECK_EITHER(ESPIPE, ENOTCAPABLE, fd_advise(fd, 0, 0, NORMAL));
		CHECK_EITHER(ESPIPE, ENOTCAPABLE, fd_allocate(fd, 0, 1));
		CHECK_EITHER(EINVAL, ENOTCAPABLE, fd_filestat_set_size(fd, 0));
		CHECK_EITHER(ENOTDIR, ENOTCAPABLE, fd_readdir(fd, buf, 4, 0, &n));
		CHECK(ENOTDIR, path_create_directory(fd, P("x")));
		CHECK(EBADF, fd_prestat_get(fd, &stat));
		CHECK(SUCCESS, fd_filestat_get(fd, &stat));
		CHECK(SUCCESS, fd_fdstat_set_flags(fd, fdstat_of(fd).flags));
	}
	/* Output can neither seek nor be read. */
	for (fd_t fd = 1; fd <= 2; fd++) {
		CHECK_EITHER(ESPIPE, ENOTCAPABLE, fd_seek(fd, 0, CUR, &at));
		CHECK_EITHER(ESPIPE, ENOTCAPABLE, fd_tell(fd, &at));
		CHECK_EITHER(ESPIPE, ENOTCAPABLE, fd_pwrite(fd, &part, 1, 0, &n));
		CHECK(ENOTCAPABLE, fd_read(fd, &part, 1, &n));
		CHECK(ENOTCAPABLE, fd_pread(fd, &part, 1, 0, &n));
	}
	CHECK(ENOTCAPABLE, fd_write(0, &part, 1, &n));
	CHECK(ENOTCAPABLE, fd_pwrite(0, &part, 1, 0, &n));
	CHECK(SUCCESS, fd_read(0, &part, 1, &n));
	EQUAL(0, n);
}
