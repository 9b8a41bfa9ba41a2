// SPDX-License-Identifier: MIT
/* An object like those of tools: one program and one ring buffer. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "measure.h"

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, FILL_RING_SIZE);
} filled SEC(".maps");

static unsigned long long attempts;
static unsigned long long drops;

struct getpriority_args {
	unsigned long long common;
	long nr;
	long which;
	long who;
};

SEC("tp/syscalls/sys_enter_getpriority")
int stream(struct getpriority_args *args)
{
	struct event *event;

	if (args->which != STREAM_WHICH)
		return 0;
	event = bpf_ringbuf_reserve(&filled, sizeof(*event), 0);
	if (!event) {
		attempts++;
		drops++;
		return 0;
	}
	event->number = attempts++;
	event->dropped = drops;
	event->time = bpf_ktime_get_ns();
	for (int i = 0; i < 5; i++)
		event->padding[i] = 0;
	bpf_ringbuf_submit(event, 0);
	return 0;
}
