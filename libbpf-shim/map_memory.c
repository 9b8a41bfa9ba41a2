// SPDX-License-Identifier: MIT
/*
 * Memory of a map in the kernel: keys, values and what each type keeps for an entry, as kernel/bpf
 * allocates them. Entries that are allocated one by one count as well, since programs fill them.
 */
#include <linux/bpf.h>

#include "budget.h"

#define PAGE 4096u

/* struct bpf_map and the type's own, rounded up. */
#define FIXED PAGE
/* struct htab_elem, less its key and value. */
#define HASH_ENTRY 48u
#define BUCKET 16u
/* struct lpm_trie_node; a trie of n entries has up to n - 1 nodes in between. */
#define TRIE_NODE 40u
#define STACK_ENTRY 32u
/* struct bpf_dtab_netdev and struct bpf_shtab_elem. */
#define DEVICE_ENTRY 64u
#define SOCKET_ENTRY 64u
/* The largest queue of a CPU map's entry: 16,384 pointers, and its thread's bookkeeping. */
#define CPU_ENTRY (131072u + PAGE)
/* struct bpf_insn_array_value and what the kernel keeps next to it. */
#define INSN_ENTRY 48u
/*
 * Storage of sockets, tasks, inodes and cgroups has one value for each of them, however many there
 * are; a busy machine has some thousands.
 */
#define STORAGE_OWNERS 4096u
#define STORAGE_ENTRY 64u
/* Pages of a ring buffer that are not data: its state and positions. */
#define RING_PAGES 3u

typedef unsigned __int128 wide;

static wide round_up(wide size, uint32_t to)
{
	return (size + to - 1) / to * to;
}

static wide power_of_two(wide size)
{
	wide power = 1;

	while (power < size)
		power *= 2;
	return power;
}

static wide hash(const struct map_shape *shape, wide value)
{
	return shape->max_entries * (HASH_ENTRY + round_up(shape->key_size, 8) + value) +
	       power_of_two(shape->max_entries) * BUCKET;
}

static wide bloom_filter(const struct map_shape *shape)
{
	const uint32_t given = shape->extra & 15, hashes = given ? given : 5;

	return power_of_two((wide)shape->max_entries * hashes * 7 / 5) / 8;
}

static wide ring(const struct map_shape *shape)
{
	/* Each data page is mapped twice: two pointers of the list of pages. */
	return shape->max_entries + (wide)shape->max_entries / PAGE * 16 + RING_PAGES * PAGE;
}

static wide content(const struct map_shape *shape, uint32_t cpus)
{
	const wide entries = shape->max_entries;
	const wide value = round_up(shape->value_size, 8);

	switch (shape->type) {
	case BPF_MAP_TYPE_ARRAY:
		return entries * value;
	case BPF_MAP_TYPE_PERCPU_ARRAY:
		return entries * (8 + value * cpus);
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_LRU_HASH:
	case BPF_MAP_TYPE_HASH_OF_MAPS:
		return hash(shape, value);
	case BPF_MAP_TYPE_PERCPU_HASH:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH:
		return hash(shape, 8 + value * cpus);
	case BPF_MAP_TYPE_LPM_TRIE:
		return 2 * entries * round_up((wide)TRIE_NODE + shape->key_size + value, 8);
	case BPF_MAP_TYPE_STACK_TRACE:
		return power_of_two(entries) * 8 + entries * (STACK_ENTRY + value);
	case BPF_MAP_TYPE_QUEUE:
	case BPF_MAP_TYPE_STACK:
		return (entries + 1) * shape->value_size;
	case BPF_MAP_TYPE_BLOOM_FILTER:
		return bloom_filter(shape);
	case BPF_MAP_TYPE_RINGBUF:
	case BPF_MAP_TYPE_USER_RINGBUF:
		return ring(shape);
	case BPF_MAP_TYPE_ARENA:
		return entries * PAGE;
	case BPF_MAP_TYPE_DEVMAP_HASH:
		return power_of_two(entries) * 8 + entries * DEVICE_ENTRY;
	case BPF_MAP_TYPE_CPUMAP:
		return entries * 8 + (entries < cpus ? entries : cpus) * (wide)CPU_ENTRY;
	case BPF_MAP_TYPE_SOCKMAP:
		return entries * (8 + SOCKET_ENTRY);
	case BPF_MAP_TYPE_SOCKHASH:
		return entries * (SOCKET_ENTRY + (wide)shape->key_size) +
		       power_of_two(entries) * BUCKET;
	case BPF_MAP_TYPE_SK_STORAGE:
	case BPF_MAP_TYPE_INODE_STORAGE:
	case BPF_MAP_TYPE_TASK_STORAGE:
	case BPF_MAP_TYPE_CGRP_STORAGE:
	case BPF_MAP_TYPE_CGROUP_STORAGE_DEPRECATED:
		return STORAGE_OWNERS * (STORAGE_ENTRY + value);
	case BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE_DEPRECATED:
		return STORAGE_OWNERS * (STORAGE_ENTRY + value * cpus);
	case BPF_MAP_TYPE_STRUCT_OPS:
		return 2 * value + 16 * PAGE;
	case BPF_MAP_TYPE_INSN_ARRAY:
		return entries * INSN_ENTRY;
	default:
		/* Arrays of pointers: to programs, perf events, cgroups, maps, devices, sockets. */
		return entries * (value > 8 ? value : 8);
	}
}

uint64_t map_memory(const struct map_shape *shape, uint32_t cpus)
{
	const wide bytes = FIXED + content(shape, cpus);

	return bytes > UINT64_MAX ? UINT64_MAX : (uint64_t)bytes;
}
