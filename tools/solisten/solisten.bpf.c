// SPDX-License-Identifier: MIT
/* solisten: sockets that begin to listen. */
#include "socket.bpf.h"

TOOL("solisten", "show sockets that begin to listen");
OPTION(const volatile __u32, pid, 0, 'p', "only this process");
OPTION(const volatile bool, failed, false, 'x', "only calls that fail");

enum protocol { TCP = 6, SCTP = 132, MPTCP = 262 };

struct event {
	__u32 pid;
	char comm[COMM_BYTES];
	__s32 ret FORMAT(errno);
	__s32 backlog;
	enum protocol proto;
	__u16 family;
	__u16 port;
	__u8 addr[16];
	__u64 cgroup_id HIDDEN;
};

struct call_args {
	__s32 descriptor;
	__s32 backlog;
};

EVENTS(struct event);
STATE(call_start, __u32, struct call_args);

SEC("tp/syscalls/sys_enter_listen")
int enter_listen(struct trace_event_raw_sys_enter *ctx)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct call_args args = {.descriptor = ctx->args[0], .backlog = ctx->args[1]};

	if (!IS_OTHER(pid))
		bpf_map_update_elem(&call_start, &tid, &args, BPF_ANY);
	return 0;
}

SEC("tp/syscalls/sys_exit_listen")
int exit_listen(struct trace_event_raw_sys_exit *ctx)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct call_args *args = bpf_map_lookup_elem(&call_start, &tid);
	struct sock *sk = args ? socket_of(args->descriptor) : NULL;
	struct ends ends = {};
	struct event *event;

	if (sk && is_internet(sk) && (!failed || ctx->ret)) {
		/* After the call: it chooses a port for a socket without one. */
		read_ends(sk, &ends);
		event = reserve_event();
		if (event) {
			__builtin_memset(event, 0, sizeof(*event));
			SET_ORIGIN(event);
			event->ret = ctx->ret;
			event->backlog = args->backlog;
			event->proto = BPF_CORE_READ(sk, sk_protocol);
			event->family = ends.family;
			event->port = ends.lport;
			__builtin_memcpy(event->addr, ends.laddr, 16);
			bpf_ringbuf_submit(event, 0);
		}
	}
	bpf_map_delete_elem(&call_start, &tid);
	return 0;
}
