// SPDX-License-Identifier: MIT
/* Names of processes that end, of the mount namespaces that a gadget's filter has. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

char LICENSE[] SEC("license") = "GPL";

struct ns_common {
	unsigned int inum;
} __attribute__((preserve_access_index));

struct mnt_namespace {
	struct ns_common ns;
} __attribute__((preserve_access_index));

struct nsproxy {
	struct mnt_namespace *mnt_ns;
} __attribute__((preserve_access_index));

struct task_struct {
	struct nsproxy *nsproxy;
} __attribute__((preserve_access_index));

const volatile _Bool gadget_filter_by_mntns = 0;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, __u32);
} gadget_mntns_filter_map SEC(".maps");

struct name {
	char comm[16];
};

/* Without a process: nothing could be left out afterwards. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct name);
	__type(value, __u64);
} ends SEC(".maps");

SEC("tp/syscalls/sys_enter_exit_group")
int on_end(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	__u64 space = BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum), one = 1, *count;
	struct name name = {};

	(void)ctx;
	if (gadget_filter_by_mntns && !bpf_map_lookup_elem(&gadget_mntns_filter_map, &space))
		return 0;
	bpf_get_current_comm(name.comm, sizeof(name.comm));
	count = bpf_map_lookup_elem(&ends, &name);
	if (count)
		__sync_fetch_and_add(count, 1);
	else
		bpf_map_update_elem(&ends, &name, &one, BPF_ANY);
	return 0;
}
