// SPDX-License-Identifier: MIT
/* The eBPF half: sends an event for every program that is started. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "@NAME@.h"

/* Helpers that read kernel memory are for GPL-compatible programs only. */
char LICENSE[] SEC("license") = "Dual MIT/GPL";

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

/* Keeps the type in BTF, where `wasm-bpf gen` finds it: the map does not have its type.
 * records.bpf.h has macros for objects that `wasm-bpf NAME.bpf.o` shows by itself. */
const struct event *unused __attribute__((unused));

SEC("tp/sched/sched_process_exec")
int on_exec(void *ctx)
{
	struct event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event)
		return 0;
	event->pid = bpf_get_current_pid_tgid() >> 32;
	event->uid = bpf_get_current_uid_gid();
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	bpf_ringbuf_submit(event, 0);
	return 0;
}
