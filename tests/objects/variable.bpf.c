// SPDX-License-Identifier: GPL-2.0
/* Records of a part of a struct that a map keeps. */
#include "common.h"

struct event {
	int number;
	__u32 size;
	char args[128];
};
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct event);
} execs SEC(".maps");
PERF(events);
static struct event empty;

SEC("tp/syscalls/sys_enter_getpgid")
int handle(void *ctx)
{
	__u32 key = 1;
	struct event *event;

	if (!is_wanted())
		return 0;
	bpf_map_update_elem(&execs, &key, &empty, BPF_ANY);
	event = bpf_map_lookup_elem(&execs, &key);
	if (!event)
		return 0;
	event->number = 9;
	event->size = targ_pid & 15;
	event->args[0] = 'a';
	__u64 size = 8 + event->size;

	if (size <= sizeof(*event))
		bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, event, size);
	return 0;
}
