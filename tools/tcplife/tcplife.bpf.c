// SPDX-License-Identifier: MIT
/* tcplife: TCP sessions at their end, with duration and bytes. */
#include "address.bpf.h"

enum { TCP_ESTABLISHED = 1, TCP_SYN_SENT, TCP_SYN_RECV, TCP_FIN_WAIT1, TCP_CLOSE = 7 };
enum { TCP_LAST_ACK = 9 };

TOOL("tcplife", "show ended TCP sessions, with bytes and durations");
OPTION(const volatile __u32, pid, 0, 'p', "only this process");
OPTION(const volatile port_list, lport, {}, 'L', "only these local ports");
OPTION(const volatile port_list, dport, {}, 'D', "only these remote ports");
FAMILY_OPTIONS;
/* Users of other tools type it. */
OPTION(const volatile bool, wide, false, 'w', "room for IPv6 addresses, which there is anyway");

struct event {
	__u32 pid;
	char comm[COMM_BYTES];
	__u16 family;
	__u8 laddr[16];
	__u16 lport;
	__u8 daddr[16];
	__u16 dport;
	__u64 tx_bytes;
	__u64 rx_bytes;
	__u64 span_ns;
};

struct owner {
	__u32 pid;
	char comm[COMM_BYTES];
};

EVENTS(struct event);
STATE(session_start, __u64, __u64);
STATE(owner_start, __u64, struct owner);

struct trace_event_raw_inet_sock_set_state {
	struct trace_entry ent;
	const void *skaddr;
	int oldstate;
	int newstate;
	__u16 sport;
	__u16 dport;
	__u16 family;
	__u16 protocol;
	__u8 saddr[4];
	__u8 daddr[4];
	__u8 saddr_v6[16];
	__u8 daddr_v6[16];
} __attribute__((preserve_access_index));

struct tcp_sock {
	__u64 bytes_received;
	__u64 bytes_acked;
} __attribute__((preserve_access_index));

SEC("tp/sock/inet_sock_set_state")
int on_state(struct trace_event_raw_inet_sock_set_state *ctx)
{
	__u64 socket = (__u64)ctx->skaddr, now = bpf_ktime_get_ns();
	__u16 local_port = ctx->sport, remote_port = ctx->dport;
	struct tcp_sock *tcp = (void *)ctx->skaddr;
	int state = BPF_CORE_READ(ctx, newstate);
	struct owner *owner, current = {};
	struct event *event;
	__u64 *start;

	if (BPF_CORE_READ(ctx, protocol) != IPPROTO_TCP || is_other_port(lport, local_port) ||
	    is_other_port(dport, remote_port) || is_other_family(BPF_CORE_READ(ctx, family)))
		return 0;
	/* Before FIN_WAIT1, a session has begun. */
	if (state < TCP_FIN_WAIT1)
		bpf_map_update_elem(&session_start, &socket, &now, BPF_ANY);
	/* Interrupts run the other changes, in whatever process. */
	if (state == TCP_SYN_SENT || state == TCP_LAST_ACK || state == TCP_FIN_WAIT1) {
		current.pid = current_tgid();
		bpf_get_current_comm(current.comm, sizeof(current.comm));
		bpf_map_update_elem(&owner_start, &socket, &current, BPF_ANY);
	}
	if (state != TCP_CLOSE)
		return 0;
	start = bpf_map_lookup_elem(&session_start, &socket);
	owner = bpf_map_lookup_elem(&owner_start, &socket);
	if (start && !(pid && (!owner || owner->pid != pid))) {
		event = reserve_event();
		if (event) {
			__builtin_memset(event, 0, sizeof(*event));
			if (owner) {
				event->pid = owner->pid;
				__builtin_memcpy(event->comm, owner->comm, COMM_BYTES);
			}
			event->family = BPF_CORE_READ(ctx, family);
			event->lport = local_port;
			event->dport = remote_port;
			if (event->family == AF_INET6) {
				bpf_probe_read_kernel(event->laddr, 16, ctx->saddr_v6);
				bpf_probe_read_kernel(event->daddr, 16, ctx->daddr_v6);
			} else {
				bpf_probe_read_kernel(event->laddr, 4, ctx->saddr);
				bpf_probe_read_kernel(event->daddr, 4, ctx->daddr);
			}
			event->tx_bytes = BPF_CORE_READ(tcp, bytes_acked);
			event->rx_bytes = BPF_CORE_READ(tcp, bytes_received);
			event->span_ns = now - *start;
			bpf_ringbuf_submit(event, 0);
		}
	}
	bpf_map_delete_elem(&session_start, &socket);
	bpf_map_delete_elem(&owner_start, &socket);
	return 0;
}
