// SPDX-License-Identifier: GPL-2.0
/* Records that end with an array of any length. */
#include "common.h"

struct event {
	__u64 number;
	char data[];
};
struct numbers {
	__u32 number;
	__u32 values[];
};
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 65536);
	__type(value, struct event);
} events SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 65536);
	__type(value, struct numbers);
} numbers SEC(".maps");

SEC("tp/syscalls/sys_enter_getpgid")
int handle(void *ctx)
{
	struct {
		__u64 number;
		char data[8];
	} event = {.number = 1, .data = "abcdef"};
	__u32 values[] = {2, 1, 0xffffffff, 3};

	if (!is_wanted())
		return 0;
	bpf_ringbuf_output(&events, &event, 8, 0);
	bpf_ringbuf_output(&events, &event, 11, 0);
	bpf_ringbuf_output(&events, &event, 16, 0);
	bpf_ringbuf_output(&numbers, values, 12, 0);
	return 0;
}
