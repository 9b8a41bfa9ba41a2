// SPDX-License-Identifier: GPL-2.0
/* Writes to a process: refused without --allow-write-user. */
#include "common.h"

SEC("tp/syscalls/sys_enter_getpgid")
int handle(void *ctx)
{
	int zero = 0;

	bpf_probe_write_user((void *)0, &zero, sizeof(zero));
	return 0;
}
