// SPDX-License-Identifier: MIT
/* Programs whose calls are in other functions, or that are nothing a guest may load. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

SEC("freplace/observe")
int extend(void *ctx)
{
	return 0;
}

/* Verified by itself, not with its callers. */
__attribute__((noinline)) int read_globally(int unused)
{
	long value = 0;

	return (int)bpf_probe_read_user(&value, sizeof(value), (void *)8) + unused;
}

static __attribute__((noinline)) int read_statically(void *from)
{
	long value = 0;

	return (int)bpf_probe_read_kernel(&value, sizeof(value), from);
}

static long read_back(__u32 index, void *context)
{
	return read_statically(context) & 1;
}

SEC("raw_tp/sys_enter")
int by_global_function(void *ctx)
{
	return read_globally(1) & 0;
}

SEC("raw_tp/sys_enter")
int by_static_function(void *ctx)
{
	return read_statically(ctx) & 0;
}

SEC("raw_tp/sys_enter")
int by_callback(void *ctx)
{
	long room = 0;

	return (int)bpf_loop(2, read_back, &room, 0) & 0;
}

SEC("fmod_ret/__x64_sys_getpgid")
int change_result(void *ctx)
{
	return -1;
}
