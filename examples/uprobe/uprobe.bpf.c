/* SPDX-License-Identifier: MIT */
/* Sends an event for every call of a function of a program or library, when it returns. */
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "uprobe.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

/* Events lost because the ring buffer was full. */
unsigned long long lost;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

struct call {
	unsigned long long begun_ns;
	unsigned long long args[ARGS];
};

/*
 * Current call of each thread, the innermost one of a recursion. Calls that never return make room
 * for others.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 10240);
	__type(key, unsigned int);
	__type(value, struct call);
} calls SEC(".maps");

/* The guest chooses the target: such sections name no function. */
SEC("uprobe")
int on_call(struct pt_regs *ctx)
{
	unsigned int thread = bpf_get_current_pid_tgid();
	struct call call = {
	    .begun_ns = bpf_ktime_get_ns(),
	    .args = {PT_REGS_PARM1(ctx), PT_REGS_PARM2(ctx), PT_REGS_PARM3(ctx)},
	};

	bpf_map_update_elem(&calls, &thread, &call, BPF_ANY);
	return 0;
}

SEC("uretprobe")
int on_return(struct pt_regs *ctx)
{
	unsigned int thread = bpf_get_current_pid_tgid();
	const struct call *call = bpf_map_lookup_elem(&calls, &thread);
	struct event *e;

	if (!call)
		return 0;
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (e) {
		e->duration_ns = bpf_ktime_get_ns() - call->begun_ns;
		__builtin_memcpy(e->args, call->args, sizeof(e->args));
		e->result = PT_REGS_RC(ctx);
		e->pid = bpf_get_current_pid_tgid() >> 32;
		e->thread = thread;
		bpf_get_current_comm(e->comm, sizeof(e->comm));
		bpf_ringbuf_submit(e, 0);
	} else {
		__sync_fetch_and_add(&lost, 1);
	}
	bpf_map_delete_elem(&calls, &thread);
	return 0;
}
