/* SPDX-License-Identifier: MIT */
/* Memory of the kernel: objects of slabs, pages, and memory of each processor. */
#ifndef KERNEL_MEMORY_BPF_H
#define KERNEL_MEMORY_BPF_H

/* Kinds of memory, whose addresses are apart. */
enum memory { SLAB, PAGES, PERCPU };

/* Pages of the emulated and the usual processors have at least this size. */
#define PAGE_BYTES 4096

struct kernel_block_key {
	__u64 address;
	__u64 memory;
};

struct kernel_block {
	__u64 bytes;
	/* As of other blocks. */
	__u64 since;
	struct kernel_key key;
};

#define KERNEL_BLOCKS 262144

/* Not by LRU: a block that made room for another would count as lost for ever. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, KERNEL_BLOCKS);
	__type(key, struct kernel_block_key);
	__type(value, struct kernel_block);
} kernel_blocks SEC(".maps");

/*
 * Records of the tracepoints, whose first members are the same on all kernels: those of slabs, also
 * for objects of a cache and of a node; of memory that is freed; of pages.
 */
struct slab_record {
	__u64 common;
	__u64 caller;
	__u64 address;
	__u64 wanted;
	__u64 bytes;
};

struct page_record {
	__u64 common;
	__u64 frame;
	__u32 order;
};

/* Its members were moved by Linux 5.19. */
struct trace_event_raw_percpu_alloc_percpu {
	__u64 size;
	void *ptr;
} __attribute__((preserve_access_index));

struct trace_event_raw_percpu_free_percpu {
	void *ptr;
} __attribute__((preserve_access_index));

static __always_inline int kernel_frees(enum memory memory, __u64 address)
{
	struct kernel_block_key key = {.address = address, .memory = memory};
	struct kernel_block *block = bpf_map_lookup_elem(&kernel_blocks, &key);

	if (!block)
		return 0;
	subtract(&kernel_leaks, &block->key, block->bytes);
	bpf_map_delete_elem(&kernel_blocks, &key);
	return 0;
}

static __always_inline int kernel_allocates(void *ctx, enum memory memory, __u64 address,
					    __u64 bytes)
{
	struct kernel_block_key key = {.address = address, .memory = memory};
	struct kernel_block block = {.bytes = bytes, .since = allocation_time()};
	struct sums *sums;

	if (!address || is_other_size(bytes) || is_other(0, current_tgid()) || is_skipped())
		return 0;
	block.key.kernel_stack_id = bpf_get_stackid(ctx, &stacks, 0);
	if (bpf_map_update_elem(&kernel_blocks, &key, &block, BPF_NOEXIST)) {
		/* A block that was freed unseen has the same address. */
		kernel_frees(memory, address);
		/* Without room, nor are its bytes counted. */
		if (bpf_map_update_elem(&kernel_blocks, &key, &block, BPF_NOEXIST))
			return 0;
	}
	sums = kernel_leaks_of(&block.key);
	if (sums) {
		ADD(sums->bytes, bytes);
		ADD(sums->count, 1);
	}
	return 0;
}

/* Defines a program of a tracepoint of slabs. */
#define SLAB_ALLOCATES(name)                                                                       \
	SEC("tp/kmem/" #name)                                                                      \
	int on_##name(struct slab_record *ctx)                                                     \
	{                                                                                          \
		return kernel_allocates(ctx, SLAB, ctx->address, ctx->bytes);                      \
	}
#define SLAB_FREES(name)                                                                           \
	SEC("tp/kmem/" #name)                                                                      \
	int on_##name(struct slab_record *ctx)                                                     \
	{                                                                                          \
		return kernel_frees(SLAB, ctx->address);                                           \
	}

SLAB_FREES(kfree)
SLAB_FREES(kmem_cache_free)
SLAB_ALLOCATES(kmalloc)
SLAB_ALLOCATES(kmem_cache_alloc)
/* Before Linux 6.1. */
SLAB_ALLOCATES(kmalloc_node)
SLAB_ALLOCATES(kmem_cache_alloc_node)

SEC("tp/kmem/mm_page_free")
int on_page_free(struct page_record *ctx)
{
	/* Frame 0 is a page as well. */
	return kernel_frees(PAGES, ctx->frame + 1);
}

SEC("tp/kmem/mm_page_alloc")
int on_page_alloc(struct page_record *ctx)
{
	/* Where there is no memory, the frame is the highest number. */
	return kernel_allocates(ctx, PAGES, ctx->frame + 1, (__u64)PAGE_BYTES << (ctx->order & 31));
}

SEC("tp/percpu/percpu_free_percpu")
int on_percpu_free(struct trace_event_raw_percpu_free_percpu *ctx)
{
	return kernel_frees(PERCPU, (__u64)ctx->ptr);
}

/* Of one processor. */
SEC("tp/percpu/percpu_alloc_percpu")
int on_percpu_alloc(struct trace_event_raw_percpu_alloc_percpu *ctx)
{
	return kernel_allocates(ctx, PERCPU, (__u64)ctx->ptr, ctx->size);
}

ONLY_IF(!pid && !name && !processes && !command_pid && !has_cgroup_filter, on_kfree,
	on_kmem_cache_free, on_kmalloc, on_kmem_cache_alloc, on_kmalloc_node,
	on_kmem_cache_alloc_node, on_page_free, on_page_alloc, on_percpu_free, on_percpu_alloc);
OPTIONAL(on_kmalloc_node, on_kmem_cache_alloc_node, on_percpu_free, on_percpu_alloc);

#endif
