// SPDX-License-Identifier: MIT
/* cachestat: accesses to the page cache, and how many of them found their page. */
#include "kernel.bpf.h"

TOOL("cachestat", "count hits and misses of the page cache");

struct key {
	__u32 all HIDDEN;
};

/*
 * A page that is written first is added and accessed as well, though no read missed it: what is
 * made dirty is subtracted.
 */
struct counts {
	__u64 hits COMPUTED(accesses - buffers - misses);
	__u64 misses COMPUTED(added - dirtied);
	__u64 dirties COMPUTED(buffers);
	__u64 hit_percent COMPUTED(100 * hits / (hits + misses)) UNIT_OF(percent);
	__u64 accesses HIDDEN;
	__u64 buffers HIDDEN;
	__u64 added HIDDEN;
	__u64 dirtied HIDDEN;
};

COUNTS(PERCPU_HASH, pages, 1, struct key, struct counts);
TABLE(pages, INTERVAL(1s), CLEAR);

#define COUNT(member, number)                                                                      \
	({                                                                                         \
		struct key key = {};                                                               \
		struct counts *counts = pages_of(&key);                                            \
                                                                                                   \
		if (counts)                                                                        \
			counts->member += number;                                                  \
		0;                                                                                 \
	})

/* Defines two ways to a function of the kernel, which counts one. */
#define FUNCTION(name, member)                                                                     \
	SEC("fentry/" #name)                                                                       \
	int fentry_##name(void *ctx)                                                               \
	{                                                                                          \
		return COUNT(member, 1);                                                           \
	}                                                                                          \
	SEC("kprobe/" #name)                                                                       \
	int kprobe_##name(void *ctx)                                                               \
	{                                                                                          \
		return COUNT(member, 1);                                                           \
	}

FUNCTION(folio_mark_accessed, accesses)
FUNCTION(mark_page_accessed, accesses)
FUNCTION(mark_buffer_dirty, buffers)
FUNCTION(filemap_add_folio, added)
FUNCTION(add_to_page_cache_lru, added)

struct inode___sized {
	__s64 i_size;
} __attribute__((preserve_access_index));

struct address_space {
	struct inode___sized *host;
} __attribute__((preserve_access_index));

/* Its second member is on a page of its own. */
struct bpf_ringbuf {
	unsigned long consumer_pos;
} __attribute__((preserve_access_index));

/* Since Linux 6.14, for kernels without kprobes: pages that a read looks for, which may be many
 * more than the file has. */
SEC("tp_btf/mm_filemap_get_pages")
int BPF_PROG(on_get_pages, struct address_space *mapping, unsigned long first, unsigned long last)
{
	__u64 page_bytes = bpf_core_field_offset(struct bpf_ringbuf, consumer_pos);
	__u64 bytes = BPF_CORE_READ(mapping, host, i_size);
	__u64 end = (bytes + page_bytes - 1) / page_bytes;

	if (end > last + 1)
		end = last + 1;
	return first < end ? COUNT(accesses, end - first) : 0;
}

SEC("raw_tp/mm_filemap_add_to_page_cache")
int on_add(void *ctx)
{
	return COUNT(added, 1);
}

SEC("raw_tp/writeback_dirty_folio")
int on_dirty_folio(void *ctx)
{
	return COUNT(dirtied, 1);
}

/* Before Linux 5.18. */
SEC("raw_tp/writeback_dirty_page")
int on_dirty_page(void *ctx)
{
	return COUNT(dirtied, 1);
}

WAYS(access, fentry_folio_mark_accessed, kprobe_folio_mark_accessed, fentry_mark_page_accessed,
     kprobe_mark_page_accessed, on_get_pages);
WAYS(add, fentry_filemap_add_folio, kprobe_filemap_add_folio, fentry_add_to_page_cache_lru,
     kprobe_add_to_page_cache_lru, on_add);
WAYS(dirty, on_dirty_folio, on_dirty_page);
/* Accesses by on_get_pages are reads alone. */
OPTIONAL(fentry_mark_buffer_dirty, kprobe_mark_buffer_dirty);
