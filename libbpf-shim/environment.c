// SPDX-License-Identifier: MIT
/* The environment of this process, for guests that it is granted to, and its arguments. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "files.h"

int32_t shim_grant__environment(void *buf, uint32_t size)
{
	size_t total = 0;

	for (char **entry = environ; entry && *entry; entry++) {
		size_t length = strlen(*entry) + 1;

		if (total + length <= size)
			memcpy((char *)buf + total, *entry, length);
		total += length;
	}
	return total > INT32_MAX ? INT32_MAX : (int32_t)total;
}

int32_t shim_grant__arguments(void *buf, uint32_t size)
{
	int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
	size_t total = 0;
	ssize_t got;

	if (fd < 0)
		return -errno;
	do {
		char block[4096];
		size_t room;

		got = read(fd, block, sizeof(block));
		room = total < size ? size - total : 0;
		if (got > 0)
			memcpy((char *)buf + (total < size ? total : size), block,
			       (size_t)got < room ? (size_t)got : room);
		total += got > 0 ? (size_t)got : 0;
	} while (got > 0);
	close(fd);
	return total > INT32_MAX ? INT32_MAX : (int32_t)total;
}
