// SPDX-License-Identifier: MIT
/*
 * Mounts tracefs (or securityfs) where it is not mounted, as in most containers: a mount without a
 * path that goes with its descriptor. Raw system calls, since the C library may be older
 * than them.
 */
#include <fcntl.h>
#include <linux/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "internal.h"

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
