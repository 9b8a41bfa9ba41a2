// SPDX-License-Identifier: MIT
/* A program that goes on in another one, which is in a map from the start. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

int reads_memory(void *ctx);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(int));
	__array(values, int(void *));
} next SEC(".maps") = {.values = {[0] = (void *)&reads_memory}};

SEC("raw_tp/sys_enter")
int observes(void *ctx)
{
	bpf_tail_call(ctx, &next, 0);
	return 0;
}

SEC("raw_tp/sys_enter")
int reads_memory(void *ctx)
{
	long value = 0;

	return (int)bpf_probe_read_user(&value, sizeof(value), (void *)8) & 0;
}
