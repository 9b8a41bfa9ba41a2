// SPDX-License-Identifier: MIT
/* An object like those of tools: one program and one ring buffer. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "measure.h"
#include "stream.bpf.h"

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, FILL_RING_SIZE);
} filled SEC(".maps");

SEC("tp/syscalls/sys_enter_getpriority")
int stream(struct getpriority_args *args)
{
	struct event *event = next_event(&filled, args);

	if (!event)
		return 0;
	for (int i = 0; i < 5; i++)
		event->padding[i] = 0;
	bpf_ringbuf_submit(event, 0);
	return 0;
}
