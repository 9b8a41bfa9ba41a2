// SPDX-License-Identifier: MIT
/* tcpaccept: connections that processes accept. */
#include "socket.bpf.h"

TOOL("tcpaccept", "show TCP connections that processes accept");
OPTION(const volatile __u32, pid, 0, 'p', "only this process");
OPTION(const volatile port_list, port, {}, 'P', "only these local ports");
FAMILY_OPTIONS;

struct event {
	__u32 pid;
	char comm[COMM_BYTES];
	__u16 family;
	__u8 raddr[16];
	__u16 rport;
	__u8 laddr[16];
	__u16 lport;
	__u64 cgroup_id HIDDEN;
};

EVENTS(struct event);

static __always_inline int show(struct sock *sk)
{
	struct ends ends = {};
	struct event *event;

	if (!sk || IS_OTHER(pid) || !is_internet(sk) ||
	    BPF_CORE_READ(sk, sk_protocol) != IPPROTO_TCP)
		return 0;
	read_ends(sk, &ends);
	if (is_other_port(port, ends.lport) || is_other_family(ends.family))
		return 0;
	event = reserve_event();
	if (!event)
		return 0;
	__builtin_memset(event, 0, sizeof(*event));
	SET_ORIGIN(event);
	SET_ENDS(event, &ends, r);
	bpf_ringbuf_submit(event, 0);
	return 0;
}

SEC("kretprobe/inet_csk_accept")
int BPF_KRETPROBE(kretprobe_accept, struct sock *sk)
{
	return show(sk);
}

/* Without kprobes: the descriptors that the calls return. */
SEC("tp/syscalls/sys_exit_accept")
int exit_accept(struct trace_event_raw_sys_exit *ctx)
{
	return show(socket_of(ctx->ret));
}

SEC("tp/syscalls/sys_exit_accept4")
int exit_accept4(struct trace_event_raw_sys_exit *ctx)
{
	return show(socket_of(ctx->ret));
}

WAYS(accept, kretprobe_accept, exit_accept + exit_accept4);
