// SPDX-License-Identifier: MIT
/* Iterators without output. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

/* 1 requests the same element again. */
SEC("iter/task")
int again(void *ctx)
{
	return 1;
}

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 4);
	__type(value, char);
} queue SEC(".maps");
