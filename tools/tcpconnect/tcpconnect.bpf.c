// SPDX-License-Identifier: MIT
/* tcpconnect: connections that this machine starts. */
#include "socket.bpf.h"

TOOL("tcpconnect", "show TCP connections that processes start");
OPTION(const volatile __u32, pid, 0, 'p', "only this process");
OPTION(const volatile __u32, uid, 0xffffffff, 'u', "only this user");
OPTION(const volatile port_list, port, {}, 'P', "only these remote ports");
OPTION(const volatile bool, totals, false, 'c', "number of connections, by addresses and port");
/* Users of other tools type it. */
OPTION(const volatile bool, print_uid, false, 'U', "the user, who is shown anyway");
OPTION(const volatile bool, source_port, false, 's', "with -c, by local port as well");
FAMILY_OPTIONS;

struct event {
	__u32 uid;
	__u32 pid;
	char comm[COMM_BYTES];
	__u16 family;
	__u8 laddr[16];
	__u16 lport;
	__u8 daddr[16];
	__u16 dport;
	__u64 cgroup_id HIDDEN;
};

struct key {
	__u16 family;
	__u8 laddr[16];
	__u8 daddr[16];
	__u16 dport;
};

struct port_key {
	__u16 family;
	__u8 laddr[16];
	__u16 lport;
	__u8 daddr[16];
	__u16 dport;
};

struct counts {
	__u64 connects;
};

EVENTS(struct event);
COUNTS(HASH, connections, 10240, struct key, struct counts);
COUNTS(HASH, connections_by_port, 10240, struct port_key, struct counts);
TABLE(connections, SORT(-connects), IF(totals && !source_port));
TABLE(connections_by_port, SORT(-connects), IF(totals &&source_port));

static __always_inline struct counts *counts_of(const struct ends *ends)
{
	struct port_key port_key;
	struct key key;

	if (source_port) {
		__builtin_memset(&port_key, 0, sizeof(port_key));
		SET_ENDS(&port_key, ends, d);
		return connections_by_port_of(&port_key);
	}
	__builtin_memset(&key, 0, sizeof(key));
	key.family = ends->family;
	key.dport = ends->dport;
	__builtin_memcpy(key.laddr, ends->laddr, sizeof(key.laddr));
	__builtin_memcpy(key.daddr, ends->daddr, sizeof(key.daddr));
	return connections_of(&key);
}

static __always_inline int count(const struct ends *ends)
{
	struct counts *counts = counts_of(ends);

	if (counts)
		ADD(counts->connects, 1);
	return 0;
}

static __always_inline int show(struct sock *sk)
{
	__u32 user = bpf_get_current_uid_gid();
	struct ends ends = {};
	struct event *event;

	read_ends(sk, &ends);
	if (IS_OTHER(pid) || is_other_port(port, ends.dport) || is_other_family(ends.family) ||
	    (uid != 0xffffffff && uid != user))
		return 0;
	if (totals)
		return count(&ends);
	event = reserve_event();
	if (!event)
		return 0;
	__builtin_memset(event, 0, sizeof(*event));
	event->uid = user;
	SET_ORIGIN(event);
	SET_ENDS(event, &ends, d);
	bpf_ringbuf_submit(event, 0);
	return 0;
}

SEC("fentry/tcp_connect")
int BPF_PROG(fentry_connect, struct sock *sk)
{
	return show(sk);
}

SEC("kprobe/tcp_connect")
int BPF_KPROBE(kprobe_connect, struct sock *sk)
{
	return show(sk);
}

/* Arguments: (socket, old state, new state). At that time the socket has no local port. */
SEC("raw_tp/inet_sock_set_state")
int on_state(struct bpf_raw_tracepoint_args *ctx)
{
	struct sock *sk = (void *)ctx->args[0];

	if ((__u32)ctx->args[2] != TCP_SYN_SENT)
		return 0;
	return BPF_CORE_READ(sk, sk_protocol) == IPPROTO_TCP ? show(sk) : 0;
}

WAYS(connect, fentry_connect, kprobe_connect, on_state);
