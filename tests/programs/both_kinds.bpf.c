// SPDX-License-Identifier: MIT
/* Ends of processes as records with a process, and counted in a table without one. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct end {
	__u32 pid;
	char comm[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 65536);
	__type(value, struct end);
} ends SEC(".maps");

struct slot {
	__u32 slot;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, struct slot);
	__type(value, __u64);
} slots SEC(".maps");

SEC("tp/syscalls/sys_enter_exit_group")
int on_end(void *ctx)
{
	struct slot slot = {bpf_get_smp_processor_id() & 63};
	__u64 one = 1, *count = bpf_map_lookup_elem(&slots, &slot);
	struct end *end = bpf_ringbuf_reserve(&ends, sizeof(*end), 0);

	(void)ctx;
	if (count)
		__sync_fetch_and_add(count, 1);
	else
		bpf_map_update_elem(&slots, &slot, &one, BPF_ANY);
	if (!end)
		return 0;
	end->pid = bpf_get_current_pid_tgid() >> 32;
	bpf_get_current_comm(end->comm, sizeof(end->comm));
	bpf_ringbuf_submit(end, 0);
	return 0;
}
