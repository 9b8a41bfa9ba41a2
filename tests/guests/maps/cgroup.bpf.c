// SPDX-License-Identifier: MIT
/* Cgroup storage before BPF_MAP_TYPE_CGRP_STORAGE: created when a program is attached. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_CGROUP_STORAGE);
	__type(key, struct bpf_cgroup_storage_key);
	__type(value, unsigned long long);
} storage SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE);
	__type(key, struct bpf_cgroup_storage_key);
	__type(value, unsigned long long);
} per_cpu SEC(".maps");

SEC("cgroup_skb/egress")
int count(struct __sk_buff *skb)
{
	unsigned long long *packets = bpf_get_local_storage(&storage, 0);
	unsigned long long *here = bpf_get_local_storage(&per_cpu, 0);

	__sync_fetch_and_add(packets, 1);
	(*here)++;
	return 1;
}
