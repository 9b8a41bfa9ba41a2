/* SPDX-License-Identifier: MIT */
/* Programs that processes start, as records that describe themselves. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "records.bpf.h"

struct event {
	__u64 ts FORMAT(time) HELP("start of the program");
	__u32 pid;
	__u32 uid FORMAT(uid);
	char comm[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 18);
} events SEC(".maps");

RECORDS(events, struct event);

SEC("tp/sched/sched_process_exec")
int on_exec(void *ctx)
{
	struct event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	(void)ctx;
	if (!event)
		return 0;
	event->ts = bpf_ktime_get_ns();
	event->pid = bpf_get_current_pid_tgid() >> 32;
	event->uid = (__u32)bpf_get_current_uid_gid();
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	bpf_ringbuf_submit(event, 0);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
