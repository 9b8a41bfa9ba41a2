// SPDX-License-Identifier: MIT
/*
 * Tracefs: mounts it, and finds tracepoints in it.
 *
 * Mounts tracefs (or securityfs) where it is not mounted, as in most containers: a mount without a
 * path that goes with its descriptor. Raw system calls, since the C library may be older
 * than them.
 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/mount.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "broker.h"
#include "internal.h"
#include "tracefs.h"

bool shim_tracefs_is_mounted(void)
{
	/* The two places that libbpf looks at; unlike access(2), this counts file capabilities. */
	return !faccessat(AT_FDCWD, "/sys/kernel/tracing/events", F_OK, AT_EACCESS) ||
	       !faccessat(AT_FDCWD, "/sys/kernel/debug/tracing/events", F_OK, AT_EACCESS);
}

int shim_file_system_open(const char *type)
{
	int context, mount;

	context = (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);
	if (context < 0)
		return -errno;
	if (syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0) {
		mount = -errno;
		goto out;
	}
	mount = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY);
	if (mount < 0)
		mount = -errno;
out:
	close(context);
	return mount;
}

/* ---- tracepoints ------------------------------------------------------------------------------
 */

int shim_read_number(int directory, const char *name)
{
	char digits[32], *end;
	ssize_t length;
	long number;
	int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	length = read(fd, digits, sizeof(digits) - 1);
	close(fd);
	if (length <= 0)
		return -EIO;
	digits[length] = '\0';
	number = strtol(digits, &end, 10);
	return end == digits || number < 0 || number > INT32_MAX ? -EIO : (int)number;
}

static int number_below(int tracefs, const char *path)
{
	char name[PATH_MAX];

	if ((size_t)snprintf(name, sizeof(name), "events/%s/id", path) >= sizeof(name))
		return -EINVAL;
	return shim_read_number(tracefs, name);
}

static int32_t find_tracepoint(void *path)
{
	int tracefs = shim_file_system_open("tracefs");
	int number;

	if (tracefs < 0)
		return tracefs;
	number = number_below(tracefs, path);
	close(tracefs);
	return number;
}

int attach_tracepoint_id(const char *path)
{
	return shim_broker_run(find_tracepoint, (void *)path);
}

struct visit {
	const char *name;
	int number;
	bool (*visit)(const char *path, void *context);
	void *context;
};

static bool visit_category(int tracefs, const char *category, const struct visit *visit)
{
	char path[2 * NAME_MAX + 16];
	bool is_done = false;
	const struct dirent *entry;
	DIR *directory;
	int fd;

	snprintf(path, sizeof(path), "events/%s", category);
	fd = openat(tracefs, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	directory = fd < 0 ? NULL : fdopendir(fd);
	if (!directory) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	while (!is_done && (entry = readdir(directory))) {
		snprintf(path, sizeof(path), "%s/%s", category, entry->d_name);
		if (entry->d_name[0] == '.' || entry->d_type == DT_REG ||
		    (visit->name && strcmp(visit->name, entry->d_name)) ||
		    (visit->number >= 0 && number_below(tracefs, path) != visit->number))
			continue;
		is_done = visit->visit(path, visit->context);
	}
	closedir(directory);
	return is_done;
}

static int32_t visit_all(void *argument)
{
	const int tracefs = shim_file_system_open("tracefs");
	const struct dirent *entry;
	bool is_done = false;
	DIR *directory;
	int fd;

	if (tracefs < 0)
		return 0;
	fd = openat(tracefs, "events", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	directory = fd < 0 ? NULL : fdopendir(fd);
	while (directory && !is_done && (entry = readdir(directory))) {
		if (entry->d_name[0] != '.')
			is_done = visit_category(tracefs, entry->d_name, argument);
	}
	if (directory)
		closedir(directory);
	else if (fd >= 0)
		close(fd);
	close(tracefs);
	return is_done;
}

bool attach_visit_tracepoints(const char *name, int number,
			      bool (*visit)(const char *path, void *context), void *context)
{
	struct visit all = {name, number, visit, context};

	return shim_broker_run(visit_all, &all) > 0;
}
