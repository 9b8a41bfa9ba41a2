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

/* Since Linux 6.14, for kernels without kprobes: pages that a read looks for. */
SEC("tp_btf/mm_filemap_get_pages")
int BPF_PROG(on_get_pages, void *mapping, unsigned long first, unsigned long last)
{
	return COUNT(accesses, last - first + 1);
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
