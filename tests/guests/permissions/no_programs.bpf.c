// SPDX-License-Identifier: MIT
/* Replaces a part of the kernel without any program. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct tcp_congestion_ops {
	char name[16];
} __attribute__((preserve_access_index));

SEC(".struct_ops.link")
struct tcp_congestion_ops without_programs = {.name = "wasm_bpf_test3"};
