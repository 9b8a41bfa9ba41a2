// SPDX-License-Identifier: MIT
/*
 * Paths that a guest names, opened so that it can neither touch nor learn anything else by them.
 *
 * O_PATH opens no device, waits for no FIFO and wakes no driver. Whether the thing is of the kind
 * that was asked for is then asked of the descriptor, so it cannot be swapped in between. What is
 * of another kind, or not there at all, is one and the same -ENOENT: the result reveals cgroups,
 * network namespaces and ELF files, and no other file.
 */
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <linux/openat2.h>
#include <regex.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "broker.h"
#include "internal.h"
#include "probe.h"

/* Debian's directory name for libraries of this architecture. */
#if defined(__aarch64__)
#define MACHINE "aarch64"
#else
#define MACHINE "x86_64"
#endif

/* The smallest ELF file is longer than its header. */
#define ELF_HEADER_SIZE 64

/* Keeps SHIM_ errors and those of rights; all that would reveal components of the path become one.
 */
static int path_error(int number)
{
	switch (number) {
	case EMFILE:
	case ENFILE:
	case ENOMEM:
	case EINTR:
	case EACCES:
	case EPERM:
		return -number;
	default:
		return -ENOENT;
	}
}

static int open_path(const char *path, int flags)
{
	int fd = open(path, O_PATH | O_CLOEXEC | flags);

	return fd < 0 ? path_error(errno) : fd;
}

/* The descriptor, closed and -ENOENT when it is not on a file system of that kind. */
static int expect_file_system(int fd, uint32_t magic)
{
	struct statfs fs;

	if (fd < 0)
		return fd;
	if (!fstatfs(fd, &fs) && (uint32_t)fs.f_type == magic)
		return fd;
	close(fd);
	return -ENOENT;
}

/* Opens again for reading what an O_PATH descriptor represents; closes that. */
static int open_again(int fd)
{
	char again[SHIM_PATH_SIZE];
	int result;

	snprintf(again, sizeof(again), "/proc/thread-self/fd/%d", fd);
	result = open(again, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (result < 0)
		result = path_error(errno);
	close(fd);
	return result;
}

static int32_t open_cgroup(void *path)
{
	return expect_file_system(open_path(path, O_DIRECTORY), CGROUP2_SUPER_MAGIC);
}

int shim_path_open_cgroup(const char *path)
{
	return shim_broker_open(open_cgroup, (void *)path);
}

static int32_t open_netns(void *path)
{
	int fd = expect_file_system(open_path(path, 0), NSFS_MAGIC);

	if (fd < 0)
		return fd;
	fd = open_again(fd);
	if (fd >= 0 && ioctl(fd, NS_GET_NSTYPE) != CLONE_NEWNET) {
		close(fd);
		return -ENOENT;
	}
	return fd;
}

int shim_path_open_netns(const char *path)
{
	return shim_broker_open(open_netns, (void *)path);
}

/* Reading these has effects, and no program runs from them. */
static bool is_made_up(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) || (uint32_t)fs.f_type == PROC_SUPER_MAGIC ||
	       (uint32_t)fs.f_type == SYSFS_MAGIC || (uint32_t)fs.f_type == DEBUGFS_MAGIC ||
	       (uint32_t)fs.f_type == TRACEFS_MAGIC;
}

/* Returns the text after "/proc/PID" or "/proc/PID/task/TID", also with self for the numbers; or
 * NULL. */
static const char *after_process(const char *path)
{
	regex_t pattern;
	regmatch_t match;
	bool is_match;

	if (regcomp(&pattern, "^/+proc/+([0-9]+|self|thread-self)(/+task/+[0-9]+)?/+",
		    REG_EXTENDED))
		return NULL;
	is_match = !regexec(&pattern, path, 1, &match, 0);
	regfree(&pattern);
	return is_match ? path + match.rm_eo : NULL;
}

/* Reports whether the text goes on with this component; `rest` is what follows it, without slashes.
 */
static bool has_component(const char *text, const char *name, const char **rest)
{
	const size_t length = strlen(name);

	if (strncmp(text, name, length) || (text[length] && text[length] != '/'))
		return false;
	*rest = text + length + strspn(text + length, "/");
	return true;
}

/* Opens with O_PATH. Links of /proc that represent what a process has open are not followed. */
static int open_without_magic_links(int directory, const char *path, uint64_t resolve)
{
	struct open_how how = {.flags = O_PATH | O_CLOEXEC,
			       .resolve = RESOLVE_NO_MAGICLINKS | resolve};
	int fd = (int)syscall(SYS_openat2, directory, path, &how, sizeof(how));

	return fd < 0 ? path_error(errno) : fd;
}

/*
 * Opens the path of a binary. /proc/PID/root, cwd and exe are followed where the path begins with
 * them: they lead to files that have names, in other mount namespaces, too. A symbolic link with an
 * absolute path is resolved below /proc/PID/root, as that process does.
 */
static int open_binary_path(const char *path)
{
	const char *link = after_process(path), *rest;
	char start[PATH_MAX];
	int directory, fd;

	if (link && (has_component(link, "fd", &rest) || has_component(link, "map_files", &rest)))
		return shim_probe_refuse(SHIM_REFUSED_MAGIC_LINK, -EPERM);
	if (link && has_component(link, "exe", &rest) && !*rest)
		return open_path(path, 0);
	if (!link || !(has_component(link, "root", &rest) || has_component(link, "cwd", &rest)) ||
	    !*rest)
		return open_without_magic_links(AT_FDCWD, path, 0);
	if ((size_t)(rest - path) >= sizeof(start))
		return -ENOENT;
	snprintf(start, sizeof(start), "%.*s", (int)(rest - path), path);
	directory = open_path(start, O_DIRECTORY);
	if (directory < 0)
		return directory;
	fd = open_without_magic_links(directory, rest, *link == 'r' ? RESOLVE_IN_ROOT : 0);
	close(directory);
	return fd;
}

static int32_t open_binary(void *path)
{
	struct stat status;
	char magic[4];
	int err, fd = open_binary_path(path);

	if (fd < 0)
		return fd;
	if (fstat(fd, &status) || !S_ISREG(status.st_mode) || status.st_size < ELF_HEADER_SIZE ||
	    is_made_up(fd)) {
		close(fd);
		return -ENOENT;
	}
	fd = open_again(fd);
	if (fd < 0)
		return fd;
	if (pread(fd, magic, sizeof(magic), 0) != sizeof(magic) ||
	    memcmp(magic, "\177ELF", sizeof(magic))) {
		close(fd);
		return -ENOENT;
	}
	err = shim_probe_check_binary(fd);
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

static int32_t open_binary_in(const char *folders, const char *name)
{
	while (folders && *folders) {
		size_t length = strcspn(folders, ":");
		char path[PATH_MAX];
		int fd = -ENOENT;

		if (length && (size_t)snprintf(path, sizeof(path), "%.*s/%s", (int)length, folders,
					       name) < sizeof(path))
			fd = open_binary(path);
		if (fd >= 0 || fd == -EPERM)
			return fd;
		folders += length + (folders[length] == ':');
	}
	return -ENOENT;
}

/*
 * A bare name, in the folders where libbpf would look (its resolve_full_path()), which takes what
 * it finds for what it is called.
 */
static int32_t find_binary(void *argument)
{
	const char *name = argument;
	const char *dot = strstr(name, ".so");
	bool is_library = dot && (!dot[3] || strstr(name, ".so."));
	const char *const folders[] = {
	    getenv(is_library ? "LD_LIBRARY_PATH" : "PATH"),
	    is_library ? "/usr/lib64:/usr/lib:/lib/" MACHINE "-linux-gnu" : "/usr/bin:/usr/sbin",
	};
	int fd = open_binary_in(folders[0], name);

	return fd >= 0 || fd == -EPERM ? fd : open_binary_in(folders[1], name);
}

int shim_path_open_binary(const char *path, char resolved[SHIM_PATH_SIZE], int *opened)
{
	shim_probe_refuse(SHIM_REFUSED_NOTHING, 0);
	*opened = shim_broker_open(strchr(path, '/') ? open_binary : find_binary, (void *)path);
	if (*opened < 0)
		return *opened;
	snprintf(resolved, SHIM_PATH_SIZE, "/proc/thread-self/fd/%d", *opened);
	return 0;
}
