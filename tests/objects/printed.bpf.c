// SPDX-License-Identifier: GPL-2.0
/* Lines of bpf_printk alone. */
#include "common.h"

SEC("tp/syscalls/sys_enter_getpgid")
int handle(void *ctx)
{
	if (is_wanted())
		bpf_printk("printed %d by the corpus\n", 42);
	return 0;
}
