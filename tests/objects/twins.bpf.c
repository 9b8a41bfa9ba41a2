// SPDX-License-Identifier: GPL-2.0
/* One hook twice, as tools for old and new kernels have it: counted once. */
#include "common.h"
#include <bpf/bpf_tracing.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

/* Number of the only system call that is counted; 0 for each. */
const volatile __u64 only_call = 0;

static __always_inline int count(__u32 way, const __u64 *ctx)
{
	__u64 one = 1, *known = bpf_map_lookup_elem(&counts, &way);

	/* The second word is the number of the call, whatever the type of the program. */
	if (!is_wanted() || (only_call && ctx[1] != only_call))
		return 0;
	if (known)
		__sync_fetch_and_add(known, 1);
	else
		bpf_map_update_elem(&counts, &way, &one, BPF_ANY);
	return 0;
}

#ifndef WITHOUT_BTF
SEC("tp_btf/sys_enter") int by_btf(void *ctx)
{
	return count(1, ctx);
}
#endif
SEC("raw_tp/sys_enter") int by_raw(void *ctx)
{
	return count(2, ctx);
}
#ifdef WITH_MISSING
SEC("kprobe/no_such_function_of_any_kernel") int missing(void *ctx)
{
	return count(3, ctx);
}
#endif
#ifdef WITH_TRACEPOINT
SEC("tp/raw_syscalls/sys_enter") int by_tracepoint(void *ctx)
{
	return count(4, ctx);
}
#endif
