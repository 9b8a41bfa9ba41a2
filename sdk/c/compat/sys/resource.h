/* SPDX-License-Identifier: MIT */
#ifndef WASM_BPF_COMPAT_SYS_RESOURCE_H
#define WASM_BPF_COMPAT_SYS_RESOURCE_H

#ifndef _WASI_EMULATED_PROCESS_CLOCKS
#define _WASI_EMULATED_PROCESS_CLOCKS
#endif
#include_next <sys/resource.h>

#include <errno.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef unsigned long long rlim_t;

struct rlimit {
	rlim_t rlim_cur;
	rlim_t rlim_max;
};

#ifndef RLIM_INFINITY
#define RLIM_INFINITY (~0ULL)
#endif
#ifndef RLIMIT_MEMLOCK
#define RLIMIT_MEMLOCK 8
#endif
#ifndef RLIMIT_NOFILE
#define RLIMIT_NOFILE 7
#endif

/** @brief 0 for RLIMIT_MEMLOCK, which the host has raised where the kernel counts it; else ENOSYS
 */
static inline int setrlimit(int resource, const struct rlimit *limit)
{
	(void)limit;
	if (resource == RLIMIT_MEMLOCK)
		return 0;
	errno = ENOSYS;
	return -1;
}

#ifdef __cplusplus
}
#endif

#endif /* WASM_BPF_COMPAT_SYS_RESOURCE_H */
