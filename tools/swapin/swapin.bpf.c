// SPDX-License-Identifier: MIT
/* swapin: pages that are read back from swap, by process. */
#include "tool.bpf.h"

TOOL("swapin", "count pages that are read from swap, by process");
OPTION(const volatile __u32, pid, 0, 'p', "only this process");

struct key {
	__u32 pid;
	char comm[COMM_BYTES];
};

struct counts {
	__u64 count;
};

COUNTS(HASH, processes, 10240, struct key, struct counts);
TABLE(processes, INTERVAL(1s), SORT(-count), LIMIT(20), CLEAR);

static __always_inline int count(void)
{
	struct counts *counts;
	struct key key = {};

	if (IS_OTHER(pid))
		return 0;
	SET_PROCESS(&key);
	counts = processes_of(&key);
	if (counts)
		ADD(counts->count, 1);
	return 0;
}

#define FUNCTION(name)                                                                             \
	SEC("fentry/" #name)                                                                       \
	int fentry_##name(void *ctx)                                                               \
	{                                                                                          \
		return count();                                                                    \
	}                                                                                          \
	SEC("kprobe/" #name)                                                                       \
	int kprobe_##name(void *ctx)                                                               \
	{                                                                                          \
		return count();                                                                    \
	}

/* The former since Linux 6.9. */
FUNCTION(swap_read_folio)
FUNCTION(swap_readpage)

WAYS(read, fentry_swap_read_folio, kprobe_swap_read_folio, fentry_swap_readpage,
     kprobe_swap_readpage);
