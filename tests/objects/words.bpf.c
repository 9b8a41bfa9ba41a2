// SPDX-License-Identifier: GPL-2.0
/* Words of a command line, each with its NUL byte, and the number of their bytes. */
#include "common.h"

struct event {
	int number;
	__u32 args_size;
	char args[32];
	char argv[8];
};
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 65536);
	__type(value, struct event);
} events SEC(".maps");

SEC("tp/syscalls/sys_enter_getpgid")
int handle(void *ctx)
{
	struct event event = {
	    .number = 1, .args_size = 9, .args = "ls\0-l\0/x\0rest", .argv = "a\0b"};

	if (is_wanted())
		bpf_ringbuf_output(&events, &event, sizeof(event), 0);
	return 0;
}
