// SPDX-License-Identifier: MIT
/* Program for each level, and instructions that no compiler emits. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

SEC("raw_tp/sys_enter")
int observe(void *ctx)
{
	return (int)bpf_ktime_get_ns() & 0;
}

SEC("raw_tp/sys_enter")
int inspect(void *ctx)
{
	long value;

	return (int)bpf_probe_read_user(&value, sizeof(value), (void *)8) & 0;
}

/* Its format reads memory at an address that the program chooses. */
SEC("raw_tp/sys_enter")
int inspect_format(void *ctx)
{
	static const char format[] = "%pks";
	char text[16];
	__u64 address = 8;

	return (int)bpf_snprintf(text, sizeof(text), format, &address, sizeof(address)) & 0;
}

struct rq {
	int nr_running;
} __attribute__((preserve_access_index));

extern const struct rq runqueues __ksym;

SEC("raw_tp/sys_enter")
int inspect_variable(void *ctx)
{
	return &runqueues == ctx;
}

SEC("xdp")
int network(struct xdp_md *ctx)
{
	return bpf_xdp_adjust_head(ctx, 0) ? XDP_PASS : XDP_DROP;
}

/* Drops every packet, in two instructions, like libbpf's own probe. */
SEC("socket")
int network_kind(void *ctx)
{
	return 0;
}

SEC("raw_tp/sys_enter")
int control(void *ctx)
{
	return (int)bpf_send_signal(0) & 0;
}

SEC("cgroup/dev")
int control_kind(void *ctx)
{
	return 1;
}

SEC("raw_tp.w/nbd_send_request")
int replace_kind(void *ctx)
{
	return 0;
}

SEC("raw_tp/sys_enter")
int write(void *ctx)
{
	long value = 42;

	return (int)bpf_probe_write_user((void *)8, &value, sizeof(value)) & 0;
}

SEC("syscall")
int never_kind(void *ctx)
{
	return 0;
}

SEC("raw_tp/sys_enter")
int unknown_helper(void *ctx)
{
	asm volatile("call 10000" ::: "r0", "r1", "r2", "r3", "r4", "r5");
	return 0;
}

SEC("raw_tp/sys_enter")
int negative_helper(void *ctx)
{
	asm volatile(".byte 0x85, 0, 0, 0, 0xff, 0xff, 0xff, 0xff" ::: "r0");
	return 0;
}

/* A call through a register. */
SEC("raw_tp/sys_enter")
int call_register(void *ctx)
{
	asm volatile("r2 = 1; .byte 0x8d, 0x02, 0, 0, 0, 0, 0, 0" ::: "r0", "r2");
	return 0;
}

/* A call whose source register has no meaning. */
SEC("raw_tp/sys_enter")
int call_kind(void *ctx)
{
	asm volatile(".byte 0x85, 0x50, 0, 0, 5, 0, 0, 0" ::: "r0");
	return 0;
}

SEC("raw_tp/sys_enter")
int address_kind(void *ctx)
{
	asm volatile(".byte 0x18, 0x72, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0" ::: "r2");
	return 0;
}
