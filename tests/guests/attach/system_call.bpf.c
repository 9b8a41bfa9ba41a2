// SPDX-License-Identifier: MIT
/* Program that makes system calls. */
#include "count.h"

SEC("syscall")
int on_syscall(void *ctx)
{
	union bpf_attr attr = {};

	(void)ctx;
	return (int)bpf_sys_bpf(BPF_MAP_FREEZE, &attr, sizeof(attr));
}
