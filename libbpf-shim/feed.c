// SPDX-License-Identifier: MIT
/* Pipe to a child's standard input that never makes the writer wait. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "internal.h"

/* Room for some 100 ms of fast records; the limit of unprivileged users is the same. */
#define PIPE_BYTES (1024 * 1024)

int32_t shim_feed__open(int32_t pid)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/fd/0", pid);
	fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* A smaller pipe only means that more waits on this side. */
	fcntl(fd, F_SETPIPE_SZ, PIPE_BYTES);
	return fd;
}

int32_t shim_feed__write(int32_t fd, const void *bytes, uint32_t length)
{
	ssize_t written;

	do {
		written = write(fd, bytes, length);
	} while (written < 0 && errno == EINTR);
	return written < 0 ? -errno : (int32_t)written;
}
