// SPDX-License-Identifier: MIT
/* Resources that this process uses and may still use. */
#include <dirent.h>
#include <errno.h>
#include <sys/resource.h>

#include "libbpf-shim.h"

int32_t shim_process__descriptors_left(void)
{
	struct rlimit limit;
	DIR *directory = opendir("/proc/self/fd");
	int64_t used = 0, left;

	if (!directory)
		return errno == EMFILE || errno == ENFILE ? 0 : -errno;
	while (readdir(directory))
		used++;
	closedir(directory);
	/* Not counted: the directory itself, and the entries "." and "..". */
	used -= 3;
	if (getrlimit(RLIMIT_NOFILE, &limit))
		return -errno;
	left = limit.rlim_cur > INT32_MAX ? INT32_MAX : (int64_t)limit.rlim_cur - used;
	return left < 0 ? 0 : (int32_t)left;
}
