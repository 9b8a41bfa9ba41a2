// SPDX-License-Identifier: MIT
/*
 * Files of procfs that show or change this process itself. A module that was granted /proc, or the
 * root, would read and write this process's memory by its own mem, whatever the sandbox keeps from
 * it, and read the environment.
 */
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "own_process.h"

/* Facts that every user can read. /proc/net and /proc/mounts lead to the first ones. */
static const char *const READABLE[] = {
    "net",  "mounts", "mountinfo", "task",   "stat", "status",	  "statm", "cmdline",
    "comm", "cgroup", "limits",	   "cpuset", "io",   "schedstat", "sched", "oom_score",
};

/* Reports whether the text is `name`, or something below it. */
static bool is_or_below(const char *text, const char *name)
{
	const size_t length = strlen(name);

	return !strncmp(text, name, length) && (!text[length] || text[length] == '/');
}

/* Passes over "task/TID/". */
static const char *of_thread(const char *rest)
{
	const char *after;

	if (strncmp(rest, "task/", 5))
		return rest;
	after = rest + 5 + strspn(rest + 5, "0123456789");
	return *after == '/' ? after + 1 : rest + 4;
}

static bool is_readable(const char *rest)
{
	rest = of_thread(rest);
	if (!*rest || *rest == '/')
		return true;
	for (size_t i = 0; i < sizeof(READABLE) / sizeof(READABLE[0]); i++) {
		if (is_or_below(rest, READABLE[i]))
			return true;
	}
	return false;
}

/*
 * Reports whether a number in a path of procfs is a thread of this process. Each mount of procfs
 * has the numbers of its own PID namespace; its "self" is this process in all of them.
 */
static bool is_own(const char *path, size_t root, const char *number, size_t length)
{
	char thread[PATH_MAX + 32];
	struct stat info;

	snprintf(thread, sizeof(thread), "%.*s/self/task/%.*s", (int)root, path, (int)length,
		 number);
	return !fstatat(AT_FDCWD, thread, &info, AT_SYMLINK_NOFOLLOW);
}

bool shim_is_hidden_file(int fd, const struct stat *info, bool writes)
{
	char link[sizeof("/proc/thread-self/fd/-2147483648")], path[PATH_MAX];
	struct statfs fs;
	ssize_t size;

	/* Procfs has no disk, and fstatfs(2) adds up what each processor knows of one. */
	if (major(info->st_dev) != 0)
		return false;
	if (fstatfs(fd, &fs) || (uint32_t)fs.f_type != PROC_SUPER_MAGIC)
		return false;
	snprintf(link, sizeof(link), "/proc/thread-self/fd/%d", fd);
	/* Calls that the confined thread has with folders. */
	size = readlinkat(AT_FDCWD, link, path, sizeof(path) - 1);
	/* Without a path it cannot be seen of which process it is. */
	if (size <= 0 || path[0] != '/')
		return true;
	path[size] = '\0';
	for (const char *at = path; *at == '/';) {
		const char *name = at + 1;
		const size_t length = strcspn(name, "/");
		const char *end = name + length;

		if (length && strspn(name, "0123456789") >= length &&
		    is_own(path, (size_t)(at - path), name, length))
			return writes || !is_readable(*end ? end + 1 : end);
		at = end;
	}
	return false;
}
