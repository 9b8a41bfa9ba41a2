// SPDX-License-Identifier: MIT
/* memleak: memory of processes that is allocated and not freed, by stack. */
#define NO_STACK_OPTIONS
/* All functions that allocate. */
#define STACK_COUNT 16384
#include "stacks.bpf.h"

TOOL("memleak", "sum up memory that is allocated and not freed, by stack");
OPTION(const volatile __u32, pid, 0, 'p', "only this process");
OPTION(const volatile comm_text, name, "", 'n', "only processes whose name begins with this");
OPTION(const volatile bool, processes, false, 'A', "all processes, not the kernel");
OPTION(const volatile __u64, min_size, 0, 'z', "only blocks of at least this size, in bytes");
OPTION(const volatile __u64, max_size, 0, 'Z', "only blocks of at most this size, in bytes");
OPTION(const volatile __u32, sample_rate, 1, 's', "only one of this many allocations, by chance");
OPTION(const volatile __u32, top, 10, 'T', "at most this many stacks");
OPTION(const volatile __u64, older, 0, 0, "only blocks of at least this age, in milliseconds");
OPTION(const volatile bool, show_allocs, false, 'a', "each block, with its address and age");
OPTION(const volatile path_text, object, "libc.so.6", 'O', "library that allocates: path or name");

/* Stacks that are forgotten when a process ends: the verifier has to follow each. What is left of a
 * process is forgotten when others end. */
#define FORGOTTEN_AT_ONCE 128

struct key {
	__u32 pid;
	char comm[COMM_BYTES];
	__s32 user_stack_id;
};

struct kernel_key {
	__s32 kernel_stack_id;
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
	/* Time of the allocation; 0 where ages are not shown. */
	__u64 since;
	struct key key;
};

COUNTS(HASH, leaks, 10240, struct key, struct sums);
COUNTS(HASH, kernel_leaks, 10240, struct kernel_key, struct sums);

/* Conditions for the memory of processes and of the kernel, with a condition more. */
#define IF_PROCESSES(more)                                                                         \
	IF(pid &&more || name && more || processes && more || command_pid && more ||               \
	   has_cgroup_filter && more)
#define IF_KERNEL(more)                                                                            \
	IF(!pid && !name && !processes && !command_pid && !has_cgroup_filter && more)

STACKS(leaks, IDS(stacks), SORT(-bytes), LIMIT(top), IF_PROCESSES(!older && !show_allocs));
STACKS(kernel_leaks, IDS(stacks), SORT(-bytes), LIMIT(top), IF_KERNEL(!older && !show_allocs));

#define BLOCKS 131072

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, BLOCKS);
	__type(key, struct block_key);
	__type(value, struct block);
} blocks SEC(".maps");

/* Stacks of each process: the newest, and the one before each; a pid of 0 ends the list. */
STATE(newest_leak, __u32, struct key);
STATE(leak_before, struct key, struct key);

/* Newest stacks of processes that have ended. */
struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 1024);
	__type(value, struct key);
} to_forget SEC(".maps");

struct signal_struct {
	struct {
		int counter;
	} live;
} __attribute__((preserve_access_index));

/* Threads of the process that are left. */
struct task_struct___live {
	struct signal_struct *signal;
} __attribute__((preserve_access_index));

/* Returns true if the current process is not to be shown. */
static __always_inline bool is_unwanted(void)
{
	/* Without another filter, only the command. */
	bool is_alone = command_pid && !name[0] && !processes && !has_cgroup_filter;

	return IS_OTHER(pid) || is_other_comm(name) ||
	       (!pid && is_alone && current_tgid() != command_pid);
}

static __always_inline bool is_other_size(__u64 bytes)
{
	return bytes < min_size || (max_size && bytes > max_size);
}

/* Returns the time of an allocation if its age is shown. */
static __always_inline __u64 allocation_time(void)
{
	return older || show_allocs ? bpf_ktime_get_ns() : 0;
}

/* Returns true for those that sampling leaves out. */
static __always_inline bool is_skipped(void)
{
	return sample_rate > 1 && bpf_get_prandom_u32() % sample_rate;
}

/* Returns the sums of a stack; a new one is added to the list of its process. */
static __always_inline struct sums *sums_of(const struct key *key)
{
	struct sums *sums = bpf_map_lookup_elem(&leaks, key);
	struct key end = {}, *newest;

	if (sums)
		return sums;
	newest = bpf_map_lookup_elem(&newest_leak, &key->pid);
	/* A stack whose sums were 0 meanwhile is in the list already. */
	if (!bpf_map_update_elem(&leak_before, key, newest ? newest : &end, BPF_NOEXIST))
		bpf_map_update_elem(&newest_leak, &key->pid, key, BPF_ANY);
	return leaks_of(key);
}

/* Forgets stacks of processes whose memory is gone: those of the current one, or what was left. */
static __always_inline int forget(bool is_gone)
{
	__u32 tgid = current_tgid();
	struct key *found = is_gone ? bpf_map_lookup_elem(&newest_leak, &tgid) : NULL;
	struct key key = {}, before = {};

	if (found) {
		bpf_map_push_elem(&to_forget, found, 0);
		bpf_map_delete_elem(&newest_leak, &tgid);
	}
	if (bpf_map_pop_elem(&to_forget, &key))
		return 0;
	for (int i = 0; i < FORGOTTEN_AT_ONCE && key.pid; i++) {
		found = bpf_map_lookup_elem(&leak_before, &key);
		if (found)
			before = *found;
		else
			before.pid = 0;
		bpf_map_delete_elem(&leak_before, &key);
		bpf_map_delete_elem(&leaks, &key);
		key = before;
	}
	if (key.pid)
		bpf_map_push_elem(&to_forget, &key, 0);
	return 0;
}

/* Bytes that each thread asks for. */
STATE(call_start, __u32, __u64);

/* A process that was selected by itself is shown after its end, as it was. */
SEC("tp/sched/sched_process_exit")
int on_exit(void *ctx)
{
	struct task_struct___live *task = (void *)bpf_get_current_task();
	__u32 tid = (__u32)bpf_get_current_pid_tgid();

	/* It may end inside a function that allocates. */
	bpf_map_delete_elem(&call_start, &tid);
	return forget(!pid && current_tgid() != command_pid &&
		      BPF_CORE_READ(task, signal, live.counter) == 0);
}

SEC("tp/sched/sched_process_exec")
int on_exec(void *ctx)
{
	return forget(true);
}

static __always_inline int begin(__u64 bytes)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();

	if (!is_other_size(bytes) && !is_unwanted() && !is_skipped())
		bpf_map_update_elem(&call_start, &tid, &bytes, BPF_ANY);
	return 0;
}

/* Takes a block off the sums of its stack. */
static __always_inline void subtract(void *sums_by_stack, const void *stack, __u64 bytes)
{
	struct sums *sums = bpf_map_lookup_elem(sums_by_stack, stack);

	if (!sums)
		return;
	ADD(sums->bytes, -bytes);
	ADD(sums->count, -1);
	/* Last block of a stack. Additions return what they find since Linux 5.12 only. */
	if (!sums->count)
		bpf_map_delete_elem(sums_by_stack, stack);
}

static __always_inline int release(__u64 address)
{
	struct block_key block_key = {.pid = current_tgid(), .address = address};
	struct block *block = bpf_map_lookup_elem(&blocks, &block_key);

	if (!block)
		return 0;
	subtract(&leaks, &block->key, block->bytes);
	bpf_map_delete_elem(&blocks, &block_key);
	return 0;
}

static __always_inline int end(void *ctx, __u64 address)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	__u64 *bytes = bpf_map_lookup_elem(&call_start, &tid);
	struct block_key block_key = {.pid = current_tgid(), .address = address};
	struct block block = {.since = allocation_time()};
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
	/* A block that was freed unseen has the same address. */
	if (bpf_map_update_elem(&blocks, &block_key, &block, BPF_NOEXIST)) {
		release(address);
		bpf_map_update_elem(&blocks, &block_key, &block, BPF_ANY);
	}
	sums = sums_of(&block.key);
	if (sums) {
		ADD(sums->bytes, block.bytes);
		ADD(sums->count, 1);
	}
	return 0;
}

/* Defines programs of a function that allocates; `bytes` is a formula of its arguments. */
#define ALLOCATES(name, bytes)                                                                     \
	OF_PROCESSES(enter_##name, exit_##name);                                                   \
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

/* Programs for the memory of processes. */
#define OF_PROCESSES(...)                                                                          \
	ONLY_IF(pid || name || processes || command_pid || has_cgroup_filter, __VA_ARGS__)

OF_PROCESSES(on_exit, on_exec, enter_free, enter_realloc, exit_realloc);

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

#include "kernel_memory.bpf.h"
#include "aged_blocks.bpf.h"
