// SPDX-License-Identifier: MIT
/* Sends an event for each request of 7777 random bytes, which no other process makes. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

/* struct trace_event_raw_sys_enter of this system call's tracepoint. */
struct getrandom_args {
	unsigned long long common;
	long nr;
	unsigned long buf;
	unsigned long size;
};

SEC("tp/syscalls/sys_enter_getrandom")
int send(struct getrandom_args *ctx)
{
	unsigned int event = 0x600d;

	if (ctx->size == 7777)
		bpf_ringbuf_output(&ring, &event, sizeof(event), 0);
	return 0;
}
