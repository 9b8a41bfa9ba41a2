// SPDX-License-Identifier: MIT
/* Features of the running kernel, so that errors can name the missing one. */
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <zlib.h>

#include "broker.h"
#include "internal.h"

static gzFile open_config(void)
{
	int fd = shim_kernel_open_config();
	/* zlib passes what is not compressed through. */
	gzFile file = fd < 0 ? NULL : gzdopen(fd, "re");

	if (fd >= 0 && !file)
		close(fd);
	return file;
}

static int32_t find_option(void *argument)
{
	const char *option = argument;
	size_t length = strlen(option);
	gzFile file = open_config();
	int32_t found = 0;
	char line[512];

	if (!file)
		return -ENOENT;
	while (!found && gzgets(file, line, sizeof(line)))
		found = !strncmp(line, option, length) && line[length] == '=' &&
			(line[length + 1] == 'y' || line[length + 1] == 'm');
	gzclose(file);
	return found;
}

int32_t shim_kernel__config(const char *option)
{
	return shim_broker_run(find_option, (void *)option);
}

int32_t shim_kernel__version(void)
{
	struct utsname name;
	int major, minor;

	if (uname(&name))
		return -errno;
	if (sscanf(name.release, "%d.%d", &major, &minor) != 2)
		return -EINVAL;
	return major << 16 | minor;
}

static int32_t open_lsm_list(void *unused)
{
	int fd = open("/sys/kernel/security/lsm", O_RDONLY | O_CLOEXEC);
	int root;

	(void)unused;
	if (fd >= 0)
		return fd;
	root = shim_file_system_open("securityfs");
	if (root < 0)
		return root;
	fd = openat(root, "lsm", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fd = -errno;
	close(root);
	return fd;
}

int32_t shim_kernel__has_lsm(const char *name)
{
	char list[1024], *rest = list, *entry;
	int fd = shim_broker_open(open_lsm_list, NULL);
	ssize_t length;

	if (fd < 0)
		return fd;
	length = read(fd, list, sizeof(list) - 1);
	close(fd);
	if (length < 0)
		return -EIO;
	list[length] = '\0';
	while ((entry = strsep(&rest, ",\n")))
		if (!strcmp(entry, name))
			return 1;
	return 0;
}

static int32_t has_event_source(const char *name)
{
	char path[128];

	if ((size_t)snprintf(path, sizeof(path), "/sys/bus/event_source/devices/%s/type", name) >=
	    sizeof(path))
		return 0;
	return !faccessat(AT_FDCWD, path, F_OK, AT_EACCESS);
}

ON_BROKER_1(shim_kernel__has_event_source, has_event_source, const char *);

static int32_t has_tracefs(void *unused)
{
	(void)unused;
	return shim_tracefs_is_mounted();
}

int32_t shim_kernel__has_tracefs(void)
{
	return shim_broker_run(has_tracefs, NULL);
}

static int32_t has_capability(uint32_t capability)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (capability >= 64 || syscall(SYS_capget, &header, data))
		return 0;
	return data[capability / 32].effective >> capability % 32 & 1;
}

ON_BROKER_1(shim_kernel__has_capability, has_capability, uint32_t);

static int32_t read_resident_pages(void *argument)
{
	int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	char text[128];
	ssize_t length;

	if (fd < 0)
		return -errno;
	length = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (length < 0)
		return -EIO;
	text[length] = '\0';
	return sscanf(text, "%*s %lld", (long long *)argument) == 1 ? 0 : -EIO;
}

int64_t shim_process__resident_bytes(void)
{
	long long pages = 0;
	int err = shim_broker_run(read_resident_pages, &pages);

	return err ? err : pages * sysconf(_SC_PAGESIZE);
}
