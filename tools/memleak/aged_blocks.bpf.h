/* SPDX-License-Identifier: MIT */
/*
 * Blocks by their age and one by one, for --older and --show-allocs: iterators walk over all blocks
 * at each look, and fill the table that is shown.
 */
#ifndef AGED_BLOCKS_BPF_H
#define AGED_BLOCKS_BPF_H

/* As many as there are blocks; memory is taken when a look fills it. */
#define BLOCK_TABLE(name, entries, type_key, type_value)                                           \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_HASH);                                                   \
		__uint(map_flags, BPF_F_NO_PREALLOC);                                              \
		__uint(max_entries, entries);                                                      \
		__type(key, type_key);                                                             \
		__type(value, type_value);                                                         \
	} name SEC(".maps")

struct allocation_key {
	__u32 pid;
	char comm[COMM_BYTES];
	__u32 none HIDDEN;
	__u64 address FORMAT(hex);
};

struct allocation {
	__u64 bytes;
	__u64 age_ns;
	__s32 user_stack_id;
};

struct kernel_allocation_key {
	enum memory memory;
	__u32 none HIDDEN;
	/* Of pages, the number of the first one. */
	__u64 address FORMAT(hex);
};

struct kernel_allocation {
	__u64 bytes;
	__u64 age_ns;
	__s32 kernel_stack_id;
};

COUNTS(HASH, older_leaks, 10240, struct key, struct sums);
COUNTS(HASH, older_kernel_leaks, 10240, struct kernel_key, struct sums);
BLOCK_TABLE(allocations, BLOCKS, struct allocation_key, struct allocation);
BLOCK_TABLE(kernel_allocations, KERNEL_BLOCKS, struct kernel_allocation_key,
	    struct kernel_allocation);
STACKS(older_leaks, IDS(stacks), SORT(-bytes), LIMIT(top), FILL(on_block),
       IF_PROCESSES(older && !show_allocs));
STACKS(older_kernel_leaks, IDS(stacks), SORT(-bytes), LIMIT(top), FILL(on_kernel_block),
       IF_KERNEL(older && !show_allocs));
STACKS(allocations, IDS(stacks), SORT(-bytes, -age_ns), LIMIT(top), FILL(on_block),
       IF_PROCESSES(show_allocs));
STACKS(kernel_allocations, IDS(stacks), SORT(-bytes, -age_ns), LIMIT(top), FILL(on_kernel_block),
       IF_KERNEL(show_allocs));

PLACE(on_block, "blocks");
PLACE(on_kernel_block, "kernel_blocks");

struct bpf_iter__bpf_map_elem {
	void *key;
	void *value;
} __attribute__((preserve_access_index));

/* Returns true for a block that is younger than wanted; sets its age. */
static __always_inline bool is_young(__u64 since, __u64 *age_ns)
{
	__u64 now = bpf_ktime_get_ns();

	*age_ns = now > since ? now - since : 0;
	return *age_ns / 1000000 < older;
}

/* An iterator runs alone. */
static __always_inline int add_aged(struct sums *sums, __u64 bytes)
{
	if (sums) {
		sums->bytes += bytes;
		sums->count += 1;
	}
	return 0;
}

SEC("iter/bpf_map_elem")
int on_block(struct bpf_iter__bpf_map_elem *ctx)
{
	struct allocation_key allocation_key = {};
	struct block_key *block_key = ctx->key;
	struct allocation allocation = {};
	struct block *block = ctx->value;
	struct key key;

	if (!block_key || !block || is_young(block->since, &allocation.age_ns))
		return 0;
	key = block->key;
	/* Its process has ended. */
	if (!bpf_map_lookup_elem(&leaks, &key))
		return 0;
	if (!show_allocs)
		return add_aged(older_leaks_of(&key), block->bytes);
	allocation_key.pid = key.pid;
	__builtin_memcpy(allocation_key.comm, key.comm, COMM_BYTES);
	allocation_key.address = block_key->address;
	allocation.bytes = block->bytes;
	allocation.user_stack_id = key.user_stack_id;
	bpf_map_update_elem(&allocations, &allocation_key, &allocation, BPF_ANY);
	return 0;
}

SEC("iter/bpf_map_elem")
int on_kernel_block(struct bpf_iter__bpf_map_elem *ctx)
{
	struct kernel_allocation_key allocation_key = {};
	struct kernel_allocation allocation = {};
	struct kernel_block_key *block_key = ctx->key;
	struct kernel_block *block = ctx->value;
	struct kernel_key key;

	if (!block_key || !block || is_young(block->since, &allocation.age_ns))
		return 0;
	key = block->key;
	if (!show_allocs)
		return add_aged(older_kernel_leaks_of(&key), block->bytes);
	allocation_key.memory = block_key->memory;
	allocation_key.address = block_key->address - (block_key->memory == PAGES);
	allocation.bytes = block->bytes;
	allocation.kernel_stack_id = key.kernel_stack_id;
	bpf_map_update_elem(&kernel_allocations, &allocation_key, &allocation, BPF_ANY);
	return 0;
}

#endif
