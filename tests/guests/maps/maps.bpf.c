// SPDX-License-Identifier: MIT
/* Map of every type, and programs that access those whose elements come from programs. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "maps.h"

char LICENSE[] SEC("license") = "GPL";

#define SIMPLE_MAP(map, map_type, entries, key_type, value_type)                                   \
	struct {                                                                                   \
		__uint(type, map_type);                                                            \
		__uint(max_entries, entries);                                                      \
		__type(key, key_type);                                                             \
		__type(value, value_type);                                                         \
	} map SEC(".maps")

#define KEYLESS_MAP(map, map_type, entries, value_type)                                            \
	struct {                                                                                   \
		__uint(type, map_type);                                                            \
		__uint(max_entries, entries);                                                      \
		__type(value, value_type);                                                         \
	} map SEC(".maps")

#define STORAGE_MAP(map, map_type)                                                                 \
	struct {                                                                                   \
		__uint(type, map_type);                                                            \
		__uint(map_flags, BPF_F_NO_PREALLOC);                                              \
		__type(key, int);                                                                  \
		__type(value, unsigned long long);                                                 \
	} map SEC(".maps")

struct guarded {
	struct bpf_spin_lock lock;
	unsigned int first;
	unsigned int second;
};

SIMPLE_MAP(hash, BPF_MAP_TYPE_HASH, 4, unsigned int, unsigned int);
SIMPLE_MAP(many, BPF_MAP_TYPE_HASH, 1000, unsigned int, unsigned int);
SIMPLE_MAP(guarded, BPF_MAP_TYPE_ARRAY, 1, unsigned int, struct guarded);
SIMPLE_MAP(array, BPF_MAP_TYPE_ARRAY, 4, unsigned int, unsigned int);
SIMPLE_MAP(per_cpu_hash, BPF_MAP_TYPE_PERCPU_HASH, 4, unsigned int, unsigned int);
SIMPLE_MAP(per_cpu_array, BPF_MAP_TYPE_PERCPU_ARRAY, 1, unsigned int, unsigned int);
SIMPLE_MAP(lru, BPF_MAP_TYPE_LRU_HASH, 64, unsigned int, unsigned int);
SIMPLE_MAP(lru_per_cpu, BPF_MAP_TYPE_LRU_PERCPU_HASH, 64, unsigned int, unsigned int);
SIMPLE_MAP(programs, BPF_MAP_TYPE_PROG_ARRAY, 2, unsigned int, unsigned int);
SIMPLE_MAP(stacks, BPF_MAP_TYPE_STACK_TRACE, 16, unsigned int, unsigned long long[16]);
SIMPLE_MAP(cgroups, BPF_MAP_TYPE_CGROUP_ARRAY, 2, unsigned int, unsigned int);
SIMPLE_MAP(devices, BPF_MAP_TYPE_DEVMAP, 4, unsigned int, struct redirect);
SIMPLE_MAP(plain_devices, BPF_MAP_TYPE_DEVMAP, 4, unsigned int, unsigned int);
SIMPLE_MAP(device_hash, BPF_MAP_TYPE_DEVMAP_HASH, 4, unsigned int, struct redirect);
SIMPLE_MAP(cpus, BPF_MAP_TYPE_CPUMAP, 4, unsigned int, struct redirect);
SIMPLE_MAP(sockets, BPF_MAP_TYPE_SOCKMAP, 4, unsigned int, unsigned long long);
SIMPLE_MAP(socket_hash, BPF_MAP_TYPE_SOCKHASH, 4, unsigned int, unsigned long long);
SIMPLE_MAP(xsks, BPF_MAP_TYPE_XSKMAP, 4, unsigned int, unsigned int);
SIMPLE_MAP(reuseport, BPF_MAP_TYPE_REUSEPORT_SOCKARRAY, 4, unsigned int, unsigned long long);
SIMPLE_MAP(perf, BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, unsigned int, unsigned int);
KEYLESS_MAP(queue, BPF_MAP_TYPE_QUEUE, 2, unsigned int);
KEYLESS_MAP(stack, BPF_MAP_TYPE_STACK, 2, unsigned int);
KEYLESS_MAP(bloom, BPF_MAP_TYPE_BLOOM_FILTER, 100, unsigned int);
STORAGE_MAP(task_storage, BPF_MAP_TYPE_TASK_STORAGE);
STORAGE_MAP(socket_storage, BPF_MAP_TYPE_SK_STORAGE);
STORAGE_MAP(inode_storage, BPF_MAP_TYPE_INODE_STORAGE);
STORAGE_MAP(cgroup_storage, BPF_MAP_TYPE_CGRP_STORAGE);

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 4);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct prefix);
	__type(value, unsigned int);
} trie SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_USER_RINGBUF);
	__uint(max_entries, 4096);
} user_ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARENA);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 4);
} arena SEC(".maps");

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, unsigned int);
	__type(value, unsigned int);
} inner_a SEC(".maps"), inner_b SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, unsigned int);
	__array(values, struct inner);
} outer_array SEC(".maps") = {.values = {[1] = &inner_b}};

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, unsigned long long);
	__array(values, struct inner);
} outer_hash SEC(".maps");

/* Values that the guest cannot find itself: by their offsets in .bss and .data. */
struct {
	unsigned int tail_calls;
	unsigned int process;
} told;
int last_stack = -1;

struct getrandom_args {
	unsigned long long common;
	long nr;
	unsigned long buf;
	unsigned long size;
	unsigned long flags;
};

static int is_ours(struct getrandom_args *ctx)
{
	const char name[] = "wasm-bpf";
	char comm[16] = {};

	if (ctx->size >> 16 != ORDER_TOUCH)
		return 0;
	bpf_get_current_comm(comm, sizeof(comm));
	for (int i = 0; i < (int)sizeof(name) - 1; i++)
		if (comm[i] != name[i])
			return 0;
	return 1;
}

static void increment(unsigned int *value)
{
	if (value)
		__sync_fetch_and_add(value, 1);
}

SEC("tp/syscalls/sys_enter_getrandom")
int touch(struct getrandom_args *ctx)
{
	unsigned long long *kept, wide = 0;
	unsigned int zero = 0;
	void *inner;

	if (!is_ours(ctx))
		return 0;
	told.process = bpf_get_current_pid_tgid() >> 32;
	increment(bpf_map_lookup_elem(&per_cpu_array, &zero));
	last_stack = bpf_get_stackid(ctx, &stacks, BPF_F_REUSE_STACKID);
	inner = bpf_map_lookup_elem(&outer_array, &zero);
	if (inner)
		increment(bpf_map_lookup_elem(inner, &zero));
	inner = bpf_map_lookup_elem(&outer_hash, &wide);
	if (inner)
		increment(bpf_map_lookup_elem(inner, &zero));
	kept = bpf_task_storage_get(&task_storage, bpf_get_current_task_btf(), NULL,
				    BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (kept)
		(*kept)++;
	bpf_tail_call(ctx, &programs, 0);
	return 0;
}

SEC("tp/syscalls/sys_enter_getrandom")
int tail_one(void *ctx)
{
	told.tail_calls += 1;
	return 0;
}

SEC("tp/syscalls/sys_enter_getrandom")
int tail_hundred(void *ctx)
{
	told.tail_calls += 100;
	return 0;
}

SEC("xdp/devmap")
int on_device(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("xdp/cpumap")
int on_cpu(struct xdp_md *ctx)
{
	return XDP_PASS;
}
