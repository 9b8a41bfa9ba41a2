/* SPDX-License-Identifier: MIT */
/* Sends an event at each hit of a USDT probe of a program or library. */
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/usdt.bpf.h>
#include "usdt.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

/* Events lost because the ring buffer was full. */
unsigned long long lost;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

/* The guest chooses the probe: the section names none. */
SEC("usdt")
int on_probe(struct pt_regs *ctx)
{
	struct event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	int count = bpf_usdt_arg_cnt(ctx);

	if (!e) {
		__sync_fetch_and_add(&lost, 1);
		return 0;
	}
	e->pid = bpf_get_current_pid_tgid() >> 32;
	e->thread = bpf_get_current_pid_tgid();
	e->arg_count = count < 0 ? 0 : count;
	e->reserved = 0;
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	for (int i = 0; i < MAX_ARGS; i++) {
		long value = 0;

		if (i < count)
			bpf_usdt_arg(ctx, i, &value);
		e->args[i] = value;
	}
	bpf_ringbuf_submit(e, 0);
	return 0;
}
