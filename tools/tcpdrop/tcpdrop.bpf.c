// SPDX-License-Identifier: MIT
/* tcpdrop: packets of TCP that the kernel drops, with the place and the reason. */
#include "socket.bpf.h"

TOOL("tcpdrop", "show dropped TCP packets, with reasons");
FAMILY_OPTIONS;

/* Numbers of reasons differ between kernels; these are the names that TCP's packets get. */
#define REASONS(X)                                                                                 \
	X(NO_SOCKET)                                                                               \
	X(PKT_TOO_SMALL)                                                                           \
	X(TCP_CSUM)                                                                                \
	X(SOCKET_FILTER)                                                                           \
	X(NETFILTER_DROP)                                                                          \
	X(OTHERHOST)                                                                               \
	X(IP_CSUM)                                                                                 \
	X(IP_INHDR)                                                                                \
	X(IP_RPFILTER)                                                                             \
	X(XFRM_POLICY)                                                                             \
	X(SOCKET_RCVBUFF)                                                                          \
	X(PROTO_MEM)                                                                               \
	X(SOCKET_BACKLOG)                                                                          \
	X(TCP_FLAGS)                                                                               \
	X(TCP_ABORT_ON_DATA)                                                                       \
	X(TCP_ZEROWINDOW)                                                                          \
	X(TCP_OLD_DATA)                                                                            \
	X(TCP_OVERWINDOW)                                                                          \
	X(TCP_OFOMERGE)                                                                            \
	X(TCP_RFC7323_PAWS)                                                                        \
	X(TCP_INVALID_SEQUENCE)                                                                    \
	X(TCP_OLD_SEQUENCE)                                                                        \
	X(TCP_RESET)                                                                               \
	X(TCP_INVALID_SYN)                                                                         \
	X(TCP_CLOSE)                                                                               \
	X(TCP_FASTOPEN)                                                                            \
	X(TCP_OLD_ACK)                                                                             \
	X(TCP_TOO_OLD_ACK)                                                                         \
	X(TCP_ACK_UNSENT_DATA)                                                                     \
	X(TCP_OFO_QUEUE_PRUNE)                                                                     \
	X(TCP_OFO_DROP)                                                                            \
	X(TCP_LISTEN_OVERFLOW)                                                                     \
	X(TCP_MINTTL)                                                                              \
	X(IP_OUTNOROUTES)                                                                          \
	X(BPF_CGROUP_EGRESS)                                                                       \
	X(NEIGH_FAILED)                                                                            \
	X(NEIGH_QUEUEFULL)                                                                         \
	X(TC_EGRESS)                                                                               \
	X(TC_INGRESS)                                                                              \
	X(QDISC_DROP)                                                                              \
	X(CPU_BACKLOG)                                                                             \
	X(XDP)                                                                                     \
	X(SKB_CSUM)                                                                                \
	X(NOMEM)                                                                                   \
	X(PKT_TOO_BIG)

#define KERNEL_NAME(name) SKB_DROP_REASON_##name,
#define OUR_NAME(name) name,

enum skb_drop_reason { REASONS(KERNEL_NAME) };

/* Linux has reasons from 5.17 on. */
enum reason { NOT_SPECIFIED, REASONS(OUR_NAME) };

enum state {
	NONE,
	ESTABLISHED,
	SYN_SENT,
	SYN_RECV,
	FIN_WAIT1,
	FIN_WAIT2,
	TIME_WAIT,
	CLOSED,
	CLOSE_WAIT,
	LAST_ACK,
	LISTENING,
	CLOSING,
	NEW_SYN_RECV,
};

enum tcp_flags_set { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16, URG = 32, ECE = 64, CWR = 128 };

struct event {
	__u16 family;
	__u8 saddr[16];
	__u16 sport;
	__u8 daddr[16];
	__u16 dport;
	enum state state;
	__u32 flags FORMAT(flags, tcp_flags_set);
	enum reason reason;
	__u64 location FORMAT(ksym);
};

EVENTS(struct event);
/* Keeps the names of flags in the object's types. */
const enum tcp_flags_set *unused_flags;

#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_IPV6 0x86dd
/* Offsets in headers. */
#define IPV4_PROTOCOL 9
#define IPV4_SOURCE 12
#define IPV6_NEXT_HEADER 6
#define IPV6_SOURCE 8
#define IPV6_BYTES 40
#define TCP_FLAGS_BYTE 13

#define RETURN_REASON(name)                                                                        \
	if (bpf_core_enum_value_exists(enum skb_drop_reason, SKB_DROP_REASON_##name) &&            \
	    number == bpf_core_enum_value(enum skb_drop_reason, SKB_DROP_REASON_##name))           \
		return name;

static __always_inline enum reason reason_of(__u32 number)
{
	REASONS(RETURN_REASON)
	return NOT_SPECIFIED;
}

/* Reads the addresses of a packet, and returns its TCP header; NULL for another protocol. */
static __always_inline const void *read_packet(struct sk_buff *skb, struct event *event)
{
	__u16 protocol = bpf_ntohs(BPF_CORE_READ(skb, protocol));
	const void *ip = BPF_CORE_READ(skb, head) + BPF_CORE_READ(skb, network_header);
	__u8 first = 0, next = 0;

	if (protocol == ETHERTYPE_IPV4) {
		bpf_probe_read_kernel(&first, 1, ip);
		bpf_probe_read_kernel(&next, 1, ip + IPV4_PROTOCOL);
		bpf_probe_read_kernel(event->saddr, 4, ip + IPV4_SOURCE);
		bpf_probe_read_kernel(event->daddr, 4, ip + IPV4_SOURCE + 4);
		event->family = AF_INET;
		return next == IPPROTO_TCP && first >> 4 == 4 ? ip + (first & 15) * 4 : NULL;
	}
	if (protocol == ETHERTYPE_IPV6) {
		bpf_probe_read_kernel(&next, 1, ip + IPV6_NEXT_HEADER);
		bpf_probe_read_kernel(event->saddr, 16, ip + IPV6_SOURCE);
		bpf_probe_read_kernel(event->daddr, 16, ip + IPV6_SOURCE + 16);
		event->family = AF_INET6;
		return next == IPPROTO_TCP ? ip + IPV6_BYTES : NULL;
	}
	return NULL;
}

static __always_inline int show(struct sk_buff *skb, struct sock *sk, enum reason reason,
				__u64 location)
{
	struct event found = {}, *event;
	const void *tcp = read_packet(skb, &found);
	__u16 ports[2] = {};
	__u8 flags = 0;

	if (!tcp || is_other_family(found.family))
		return 0;
	bpf_probe_read_kernel(ports, sizeof(ports), tcp);
	bpf_probe_read_kernel(&flags, 1, tcp + TCP_FLAGS_BYTE);
	event = reserve_event();
	if (!event)
		return 0;
	found.sport = bpf_ntohs(ports[0]);
	found.dport = bpf_ntohs(ports[1]);
	found.flags = flags;
	found.reason = reason;
	found.location = location;
	found.state = sk ? BPF_CORE_READ(sk, __sk_common.skc_state) : NONE;
	__builtin_memcpy(event, &found, sizeof(found));
	bpf_ringbuf_submit(event, 0);
	return 0;
}

/* Arguments: (packet, place), since Linux 5.17 the reason. */
SEC("raw_tp/kfree_skb")
int on_free(struct bpf_raw_tracepoint_args *ctx)
{
	struct sk_buff *skb = (void *)ctx->args[0];
	enum reason reason = NOT_SPECIFIED;

	if (bpf_core_type_exists(enum skb_drop_reason))
		reason = reason_of(ctx->args[2]);
	return show(skb, BPF_CORE_READ(skb, sk), reason, ctx->args[1]);
}

/* Before Linux 5.18, TCP frees what it drops by itself. */
SEC("kprobe/tcp_drop")
int BPF_KPROBE(kprobe_drop, struct sock *sk, struct sk_buff *skb)
{
	return show(skb, sk, NOT_SPECIFIED, PT_REGS_IP(ctx));
}

OPTIONAL(kprobe_drop);
