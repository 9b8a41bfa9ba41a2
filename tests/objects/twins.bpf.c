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

static __always_inline int count(__u32 way)
{
	__u64 one = 1, *known = bpf_map_lookup_elem(&counts, &way);

	if (!is_wanted())
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
	return count(1);
}
#endif
SEC("raw_tp/sys_enter") int by_raw(void *ctx)
{
	return count(2);
}
#ifdef WITH_MISSING
SEC("kprobe/no_such_function_of_any_kernel") int missing(void *ctx)
{
	return count(3);
}
#endif
