// SPDX-License-Identifier: MIT
/*
 * Control groups, and files in which container engines keep names, for the containers of records.
 * The broker reads them: a confined thread reaches neither /proc nor files of the host.
 *
 * Only runs whose command line mentions containers ask for it, before they are confined; in all
 * others it is refused.
 */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "broker.h"
#include "file_identity.h"
#include "internal.h"
#include "tracing.h"

/* linux/magic.h */
#define CGROUP_V1_MAGIC 0x27e0eb
#define CGROUP_V2_MAGIC 0x63677270
/* Folders below each other: the kernel's own limit of paths is reached with some 40 names. */
#define DEPTH_MAX 32
#define PATH_ROOM 4096

static bool is_permitted;

int32_t shim_host__permit(void)
{
	if (shim_broker_is_apart())
		return -EPERM;
	is_permitted = true;
	return 0;
}

struct reading {
	const char *path;
	char *to;
	uint32_t size;
};

static int32_t read_whole(void *argument)
{
	const struct reading *reading = argument;
	int fd = file_open_regular(reading->path, NULL);
	uint32_t used = 0;
	int32_t err = 0;

	if (fd < 0)
		return fd;
	while (used < reading->size) {
		ssize_t count = read(fd, reading->to + used, reading->size - used);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			err = -errno;
		if (count <= 0)
			break;
		used += (uint32_t)count;
	}
	/* Part of a file would be taken for all of it. */
	if (!err && used == reading->size)
		err = -EFBIG;
	close(fd);
	return err ? err : (int32_t)used;
}

int32_t shim_host__read(const char *path, void *to, uint32_t size)
{
	struct reading reading = {path, to, size};

	if (!is_permitted)
		return -EPERM;
	if (size > INT32_MAX)
		return -EINVAL;
	return shim_broker_run(read_whole, &reading);
}

struct numbering {
	const char *path;
	uint64_t *out;
};

static int32_t read_number(void *argument)
{
	const struct numbering *numbering = argument;
	struct stat facts;

	if (stat(numbering->path, &facts))
		return -errno;
	*numbering->out = facts.st_ino;
	return 0;
}

int32_t shim_host__inode(const char *path, uint64_t *out)
{
	struct numbering numbering = {path, out};

	return is_permitted ? shim_broker_run(read_number, &numbering) : -EPERM;
}

struct walk {
	const char *root;
	char *to;
	uint32_t size;
	uint32_t used;
	/* Path below the root. */
	char path[PATH_ROOM];
};

/* Adds `{ u64 inode; u16 bytes; path }`; false without room. */
static bool add(struct walk *walk, uint64_t inode, size_t length)
{
	uint16_t bytes = (uint16_t)length;
	uint32_t need = (uint32_t)(sizeof(inode) + sizeof(bytes) + length);

	if (walk->size - walk->used < need)
		return false;
	memcpy(walk->to + walk->used, &inode, sizeof(inode));
	memcpy(walk->to + walk->used + sizeof(inode), &bytes, sizeof(bytes));
	memcpy(walk->to + walk->used + sizeof(inode) + sizeof(bytes), walk->path, length);
	walk->used += need;
	return true;
}

/* Adds the groups in an open folder, which it closes; `length` is that of their parent's path. */
static void list(struct walk *walk, int folder, size_t length, int depth)
{
	DIR *stream = fdopendir(folder);
	const struct dirent *entry;

	if (!stream) {
		close(folder);
		return;
	}
	while ((entry = readdir(stream))) {
		size_t name = strlen(entry->d_name), whole = length + 1 + name;
		int inner;

		if (entry->d_type != DT_DIR || !strcmp(entry->d_name, ".") ||
		    !strcmp(entry->d_name, "..") || whole >= sizeof(walk->path))
			continue;
		walk->path[length] = '/';
		memcpy(walk->path + length + 1, entry->d_name, name);
		if (!add(walk, entry->d_ino, whole))
			break;
		if (depth == DEPTH_MAX)
			continue;
		inner = openat(dirfd(stream), entry->d_name,
			       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		/* A group that is gone by now. */
		if (inner >= 0)
			list(walk, inner, whole, depth + 1);
	}
	closedir(stream);
}

static int32_t list_groups(void *argument)
{
	struct walk *walk = argument;
	int folder = open(walk->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct statfs facts;

	if (folder < 0)
		return -errno;
	if (fstatfs(folder, &facts) ||
	    (facts.f_type != CGROUP_V2_MAGIC && facts.f_type != CGROUP_V1_MAGIC)) {
		close(folder);
		return -ENOTSUP;
	}
	list(walk, folder, 0, 1);
	return (int32_t)walk->used;
}

int32_t shim_host__groups(const char *root, void *to, uint32_t size)
{
	struct walk walk = {.root = root, .to = to, .size = size};

	if (!is_permitted)
		return -EPERM;
	if (size > INT32_MAX)
		return -EINVAL;
	return shim_broker_run(list_groups, &walk);
}
