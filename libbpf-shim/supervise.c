// SPDX-License-Identifier: MIT
/* System calls of a process that keeps another one running, and of that other one. */
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "internal.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif

/* A line of /proc/PID/stat is shorter. */
#define STAT_BYTES 2048
/* Field of the start time, counted from the one after the name. */
#define START_FIELD 20

int32_t shim_process__die_with(int32_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0))
		return -errno;
	/* The parent may have ended before. */
	return getppid() == parent ? 0 : -ESRCH;
}

int64_t shim_process__start_time(int32_t pid)
{
	char path[32], text[STAT_BYTES];
	const char *at;
	ssize_t length;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	length = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (length <= 0)
		return -ESRCH;
	text[length] = '\0';
	/* The name is in parentheses, and may contain some. */
	at = strrchr(text, ')');
	for (int field = 0; at && field < START_FIELD; field++)
		at = strchr(at + 1, ' ');
	return at ? strtoll(at + 1, NULL, 10) : -EINVAL;
}

int32_t shim_process__signal(int32_t pid, int64_t start, int32_t number)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	int err = 0;

	if (fd < 0)
		return -errno;
	/* From here on the descriptor is that process, whatever its number becomes. */
	if (shim_process__start_time(pid) != start)
		err = -ESRCH;
	else if (syscall(SYS_pidfd_send_signal, fd, number, NULL, 0))
		err = -errno;
	close(fd);
	return err;
}

int32_t shim_process__notify(const char *path, const char *text)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = strlen(path);
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
	/* A manager that hangs must not hang its services. */
	const struct timeval most = {.tv_sec = 1};
	int fd, err = 0;

	if (!length || length >= sizeof(address.sun_path))
		return -EINVAL;
	memcpy(address.sun_path, path, length);
	/* sd_notify(3): an abstract socket. */
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof(most));
	if (sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&address, size) < 0)
		err = -errno;
	close(fd);
	return err;
}
