// SPDX-License-Identifier: MIT
/* Arena whose pages are not allocated when user space writes to them, and initial values for it. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, 33 /* BPF_MAP_TYPE_ARENA */);
	__uint(map_flags, BPF_F_MMAPABLE | (1U << 17) /* BPF_F_SEGV_ON_FAULT */);
	__uint(max_entries, 4);
} arena SEC(".maps");

char globals[4096] SEC(".addr_space.1") = "in the arena";
