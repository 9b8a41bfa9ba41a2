// SPDX-License-Identifier: MIT
/* bindsnoop: calls of bind(2) with an IPv4 or IPv6 address. */
#include "socket.bpf.h"

TOOL("bindsnoop", "show sockets that are bound to an address");
OPTION(const volatile __u32, pid, 0, 'p', "only this process");
OPTION(const volatile port_list, port, {}, 'P', "only these ports");
OPTION(const volatile bool, only_failed, false, 0, "only calls that fail");
/* Users of other tools type it. */
OPTION(const volatile bool, failed, false, 'x', "calls that fail, which are shown anyway");

struct event {
	__u32 pid;
	char comm[COMM_BYTES];
	__u16 family;
	__u16 port;
	__s32 ret FORMAT(errno);
	__u8 addr[16];
	__u64 cgroup_id HIDDEN;
};

struct call_args {
	__s32 descriptor;
	__u16 family;
	__u16 port;
	__u8 addr[16];
};

EVENTS(struct event);
STATE(call_start, __u32, struct call_args);

SEC("tp/syscalls/sys_enter_bind")
int enter_bind(struct trace_event_raw_sys_enter *ctx)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	const void *address = (const void *)ctx->args[1];
	struct call_args args = {};
	/* family, port; in IPv6 the flow label is before the address */
	__u16 head[2] = {};

	if (IS_OTHER(pid) || bpf_probe_read_user(head, sizeof(head), address))
		return 0;
	args.family = head[0];
	args.port = bpf_ntohs(head[1]);
	args.descriptor = ctx->args[0];
	if (args.family == AF_INET)
		bpf_probe_read_user(args.addr, 4, address + 4);
	else if (args.family == AF_INET6)
		bpf_probe_read_user(args.addr, 16, address + 8);
	else
		return 0;
	bpf_map_update_elem(&call_start, &tid, &args, BPF_ANY);
	return 0;
}

/* Returns the port of a socket; for port 0, the kernel has chosen one. */
static __always_inline __u16 bound_port(const struct call_args *args, long result)
{
	struct sock *sk = args->port || result ? NULL : socket_of(args->descriptor);

	return sk ? BPF_CORE_READ(sk, __sk_common.skc_num) : args->port;
}

SEC("tp/syscalls/sys_exit_bind")
int exit_bind(struct trace_event_raw_sys_exit *ctx)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct call_args *args = bpf_map_lookup_elem(&call_start, &tid);
	struct event *event;
	__u16 bound;

	if (!args)
		return 0;
	bound = bound_port(args, ctx->ret);
	event = is_other_port(port, bound) || (only_failed && !ctx->ret) ? NULL : reserve_event();
	if (event) {
		SET_ORIGIN(event);
		event->family = args->family;
		event->port = bound;
		event->ret = ctx->ret;
		__builtin_memcpy(event->addr, args->addr, sizeof(event->addr));
		bpf_ringbuf_submit(event, 0);
	}
	bpf_map_delete_elem(&call_start, &tid);
	return 0;
}
