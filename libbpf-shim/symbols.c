// SPDX-License-Identifier: MIT
/*
 * Files that a process has mapped, for the names of its functions. The broker opens them: a
 * confined thread reaches neither /proc nor other processes' files.
 *
 * Only runs of plain objects ask for it, before they are confined; in all others it is refused.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "broker.h"
#include "file_identity.h"
#include "internal.h"
#include "tracing.h"

/* PROC_PID_INIT_INO of the kernel: numbers that programs see are those of this namespace. */
#define FIRST_PID_NAMESPACE 0xeffffffcU

static bool is_permitted;

int32_t shim_symbols__permit(void)
{
	struct stat own;

	if (shim_broker_is_apart())
		return -EPERM;
	/* Numbers of another namespace would lead to other processes. */
	if (stat("/proc/self/ns/pid", &own))
		return -errno;
	if (own.st_ino != FIRST_PID_NAMESPACE)
		return -EXDEV;
	is_permitted = true;
	return 0;
}

struct maps {
	int32_t pid;
	char *to;
	uint32_t size;
};

static int32_t read_maps(void *argument)
{
	const struct maps *maps = argument;
	char path[48];
	uint32_t used = 0;
	int32_t err = 0;
	int fd;

	snprintf(path, sizeof(path), "/proc/%" PRId32 "/maps", maps->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while (used < maps->size) {
		ssize_t count = read(fd, maps->to + used, maps->size - used);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			err = -errno;
		if (count <= 0)
			break;
		used += (uint32_t)count;
	}
	close(fd);
	return err ? err : (int32_t)used;
}

int32_t shim_symbols__maps(int32_t pid, void *to, uint32_t size)
{
	struct maps maps = {pid, to, size};

	if (!is_permitted)
		return -EPERM;
	if (pid <= 0 || size > INT32_MAX)
		return -EINVAL;
	return shim_broker_run(read_maps, &maps);
}

struct image {
	int32_t pid;
	uint64_t start;
	uint64_t end;
	const char *path;
	uint32_t major;
	uint32_t minor;
	uint64_t inode;
};

static int32_t open_image(void *argument)
{
	const struct image *image = argument;
	const struct stat same = {
	    .st_dev = makedev(image->major, image->minor),
	    .st_ino = image->inode,
	};
	char path[96];
	int fd;

	/* The file that is mapped, whatever has its name by now, and in every mount namespace. */
	snprintf(path, sizeof(path), "/proc/%" PRId32 "/map_files/%" PRIx64 "-%" PRIx64, image->pid,
		 image->start, image->end);
	fd = file_open_regular(path, NULL);
	if (fd >= 0 || !image->path || *image->path != '/')
		return fd;
	/* Of a process that has ended: only if the name still leads to the same file. */
	return file_open_regular(image->path, &same);
}

int32_t shim_symbols__open(int32_t pid, uint64_t start, uint64_t end, const char *path,
			   uint32_t major, uint32_t minor, uint64_t inode)
{
	struct image image = {pid, start, end, path, major, minor, inode};

	if (!is_permitted)
		return -EPERM;
	if (pid <= 0)
		return -EINVAL;
	return shim_broker_open(open_image, &image);
}

int32_t shim_symbols__read(int32_t fd, uint64_t offset, void *to, uint32_t size)
{
	uint32_t used = 0;

	if (offset > INT64_MAX || size > INT32_MAX)
		return -EINVAL;
	while (used < size) {
		ssize_t count = pread(fd, (char *)to + used, size - used, (off_t)(offset + used));

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -errno;
		if (!count)
			break;
		used += (uint32_t)count;
	}
	return (int32_t)used;
}

void shim_symbols__close(int32_t fd)
{
	if (fd >= 0)
		close(fd);
}
