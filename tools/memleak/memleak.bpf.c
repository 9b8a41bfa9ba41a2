// SPDX-License-Identifier: MIT
/* memleak: memory of processes that is allocated and not freed, by stack. */
#define ONLY_USER_STACKS
#include "stacks.bpf.h"

TOOL("memleak", "sum up memory that is allocated and not freed, by stack");
OPTION(const volatile __u32, pid, 0, 'p', "only this process");
OPTION(const volatile comm_text, name, "", 'n', "only processes whose name begins with this");
OPTION(const volatile __u64, min_size, 0, 'z', "only blocks of at least this size, in bytes");
OPTION(const volatile __u64, max_size, 0, 'Z', "only blocks of at most this size, in bytes");
OPTION(const volatile path_text, object, "libc.so.6", 'O', "library that allocates: path or name");

struct key {
	__u32 pid;
	char comm[COMM_BYTES];
	__s32 user_stack_id;
};

struct sums {
	__u64 bytes;
	__u64 count;
};

struct block_key {
	__u32 pid;
	__u32 none;
	__u64 address;
};

struct block {
	__u64 bytes;
	struct key key;
};

COUNTS(HASH, leaks, 10240, struct key, struct sums);
STACKS(leaks, IDS(stacks), SORT(-bytes), LIMIT(10));

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 131072);
	__type(key, struct block_key);
	__type(value, struct block);
} blocks SEC(".maps");

/* Bytes that each thread asks for. */
STATE(call_start, __u32, __u64);

static __always_inline int begin(__u64 bytes)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();

	if (!IS_OTHER(pid) && !is_other_comm(name) && bytes >= min_size &&
	    (!max_size || bytes <= max_size))
		bpf_map_update_elem(&call_start, &tid, &bytes, BPF_ANY);
	return 0;
}

static __always_inline int end(void *ctx, __u64 address)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	__u64 *bytes = bpf_map_lookup_elem(&call_start, &tid);
	struct block_key block_key = {.pid = current_tgid(), .address = address};
	struct block block = {};
	struct sums *sums;

	if (!bytes)
		return 0;
	block.bytes = *bytes;
	bpf_map_delete_elem(&call_start, &tid);
	if (!address)
		return 0;
	block.key.pid = block_key.pid;
	bpf_get_current_comm(block.key.comm, sizeof(block.key.comm));
	block.key.user_stack_id = bpf_get_stackid(ctx, &stacks, BPF_F_USER_STACK);
	bpf_map_update_elem(&blocks, &block_key, &block, BPF_ANY);
	sums = leaks_of(&block.key);
	if (sums) {
		ADD(sums->bytes, block.bytes);
		ADD(sums->count, 1);
	}
	return 0;
}

static __always_inline int release(__u64 address)
{
	struct block_key block_key = {.pid = current_tgid(), .address = address};
	struct block *block = bpf_map_lookup_elem(&blocks, &block_key);
	struct sums *sums;

	if (!block)
		return 0;
	sums = bpf_map_lookup_elem(&leaks, &block->key);
	if (sums) {
		ADD(sums->bytes, -block->bytes);
		ADD(sums->count, -1);
		/* Last block of a stack. Additions return what they find since Linux 5.12 only. */
		if (!sums->count)
			bpf_map_delete_elem(&leaks, &block->key);
	}
	bpf_map_delete_elem(&blocks, &block_key);
	return 0;
}

/* Defines programs of a function that allocates; `bytes` is a formula of its arguments. */
#define ALLOCATES(name, bytes)                                                                     \
	PLACE(enter_##name, "{object}:" #name);                                                    \
	PLACE(exit_##name, "{object}:" #name);                                                     \
	SEC("uprobe")                                                                              \
	int BPF_KPROBE(enter_##name, __u64 first, __u64 second, __u64 third)                       \
	{                                                                                          \
		return begin(bytes);                                                               \
	}                                                                                          \
	SEC("uretprobe")                                                                           \
	int BPF_KRETPROBE(exit_##name, __u64 address)                                              \
	{                                                                                          \
		return end(ctx, address);                                                          \
	}

/* First, since programs are attached in this order: blocks that are freed meanwhile would stay. */
PLACE(enter_free, "{object}:free");
SEC("uprobe")
int BPF_KPROBE(enter_free, __u64 address)
{
	return release(address);
}

/* Frees as well: the old block at the call, though it stays where the call fails. */
PLACE(enter_realloc, "{object}:realloc");
PLACE(exit_realloc, "{object}:realloc");
SEC("uprobe")
int BPF_KPROBE(enter_realloc, __u64 address, __u64 bytes)
{
	release(address);
	return begin(bytes);
}

SEC("uretprobe")
int BPF_KRETPROBE(exit_realloc, __u64 address)
{
	return end(ctx, address);
}

ALLOCATES(malloc, first)
ALLOCATES(calloc, first *second)
ALLOCATES(memalign, second)
ALLOCATES(aligned_alloc, second)
ALLOCATES(valloc, first)

/* Libraries have some of them. */
OPTIONAL(enter_memalign, exit_memalign, enter_aligned_alloc, exit_aligned_alloc, enter_valloc,
	 exit_valloc);
