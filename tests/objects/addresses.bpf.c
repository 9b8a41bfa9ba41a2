// SPDX-License-Identifier: GPL-2.0
/* Addresses of kernel code and data, and of a process. */
#include "common.h"

struct event {
	void *code;
	__u64 ip;
	void *task;
	void *user;
};
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 65536);
	__type(value, struct event);
} events SEC(".maps");

SEC("tp/syscalls/sys_enter_getpgid")
int handle(void *ctx)
{
	struct event event = {.user = (void *)0x7f0000001000};
	__u64 frame = 0;

	if (!is_wanted() || bpf_get_stack(ctx, &frame, sizeof(frame), 0) < 0)
		return 0;
	event.code = (void *)frame;
	event.ip = frame;
	event.task = (void *)bpf_get_current_task();
	bpf_ringbuf_output(&events, &event, sizeof(event), 0);
	return 0;
}
