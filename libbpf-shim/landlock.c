// SPDX-License-Identifier: MIT
/*
 * Paths of the second wall: Landlock (Linux 5.13). docs/sandbox.md says what it keeps and why in
 * this way.
 *
 * It holds for this thread alone. The broker stays as it was: also to look at another process, as
 * probes by PID, its namespaces and its /proc/PID/root take, is denied to a confined thread.
 *
 * Numbers of the kernel's are written out: the C library's headers may be older.
 */
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "internal.h"

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

#define CREATE_RULESET_VERSION 1
#define RULE_PATH_BENEATH 1

/* LANDLOCK_ACCESS_FS_*, with the version of the interface that brought them where it is not 1. */
#define FS_EXECUTE (1ULL << 0)
#define FS_WRITE_FILE (1ULL << 1)
#define FS_READ_FILE (1ULL << 2)
#define FS_READ_DIR (1ULL << 3)
#define FS_REMOVE_DIR (1ULL << 4)
#define FS_REMOVE_FILE (1ULL << 5)
#define FS_MAKE_CHAR (1ULL << 6)
#define FS_MAKE_DIR (1ULL << 7)
#define FS_MAKE_REG (1ULL << 8)
#define FS_MAKE_SOCK (1ULL << 9)
#define FS_MAKE_FIFO (1ULL << 10)
#define FS_MAKE_BLOCK (1ULL << 11)
#define FS_MAKE_SYM (1ULL << 12)
#define FS_REFER (1ULL << 13)	  /* 2 */
#define FS_TRUNCATE (1ULL << 14)  /* 3 */
#define FS_IOCTL_DEV (1ULL << 15) /* 5 */

#define NET_BIND_TCP (1ULL << 0)    /* 4 */
#define NET_CONNECT_TCP (1ULL << 1) /* 4 */

#define SCOPE_ABSTRACT_UNIX_SOCKET (1ULL << 0) /* 6 */
#define SCOPE_SIGNAL (1ULL << 1)	       /* 6 */

#define READING (FS_READ_FILE | FS_READ_DIR)
/* Rights of WASI in a writable directory. */
#define CHANGING                                                                                   \
	(FS_WRITE_FILE | FS_REMOVE_DIR | FS_REMOVE_FILE | FS_MAKE_DIR | FS_MAKE_REG |              \
	 FS_MAKE_SYM | FS_REFER | FS_TRUNCATE)
#define NEVER                                                                                      \
	(FS_EXECUTE | FS_MAKE_CHAR | FS_MAKE_SOCK | FS_MAKE_FIFO | FS_MAKE_BLOCK | FS_IOCTL_DEV)

/* struct landlock_ruleset_attr; a kernel that knows less of it takes zeros for the rest. */
struct ruleset {
	uint64_t fs, net, scoped;
};

struct path_beneath {
	uint64_t access;
	int32_t parent_fd;
} __attribute__((packed));

struct grant {
	int32_t fd;
	int32_t is_writable;
};

static int abi_version(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);

	return abi < 0 ? -errno : (int)abi;
}

static uint64_t known_fs(int abi)
{
	uint64_t newest = abi >= 5   ? FS_IOCTL_DEV
			  : abi >= 3 ? FS_TRUNCATE
			  : abi >= 2 ? FS_REFER
				     : FS_MAKE_SYM;

	return newest * 2 - 1;
}

static int add_rules(int ruleset, uint64_t known, const struct grant *grants, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		struct path_beneath rule = {
		    .access = (READING | (grants[i].is_writable ? CHANGING : 0)) & known,
		    .parent_fd = grants[i].fd,
		};

		if (syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0))
			return -errno;
	}
	return 0;
}

static int restrict_to(int abi, const struct grant *grants, uint32_t count)
{
	const uint64_t known = known_fs(abi);
	const struct ruleset handled = {
	    .fs = (READING | CHANGING | NEVER) & known,
	    .net = abi >= 4 ? NET_BIND_TCP | NET_CONNECT_TCP : 0,
	    .scoped = abi >= 6 ? SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL : 0,
	};
	int ruleset = (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof(handled), 0);
	int err;

	if (ruleset < 0)
		return -errno;
	err = add_rules(ruleset, known, grants, count);
	if (!err && syscall(SYS_landlock_restrict_self, ruleset, 0))
		err = -errno;
	close(ruleset);
	return err;
}

int32_t shim_landlock__abi(void)
{
	return abi_version();
}

int32_t shim_landlock__confine(void *grants, uint32_t count)
{
	int abi = abi_version();
	int err;

	if (abi < 0)
		return abi;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	err = restrict_to(abi, grants, count);
	return err ? err : abi;
}
