// SPDX-License-Identifier: MIT
/* udptop: bytes that UDP sends and receives, by process and socket. */
#include "traffic.bpf.h"

TOOL("udptop", "count bytes of UDP sockets, by process");

SENDS(udp_sendmsg, IPPROTO_UDP)
SENDS(udpv6_sendmsg, IPPROTO_UDP)
LENGTHS(IPPROTO_UDP)

/* Arguments: (socket, packet, bytes). */
SEC("fentry/skb_consume_udp")
int BPF_PROG(fentry_receive, struct sock *sk, void *skb, int bytes)
{
	return count(sk, IPPROTO_UDP, bytes, false);
}

SEC("kprobe/skb_consume_udp")
int BPF_KPROBE(kprobe_receive, struct sock *sk, void *skb, int bytes)
{
	return count(sk, IPPROTO_UDP, bytes, false);
}

/* IPv6 may be missing from a kernel. */
WAYS(send, fexit_udp_sendmsg, kprobe_udp_sendmsg, on_send);
OPTIONAL(fexit_udpv6_sendmsg, kprobe_udpv6_sendmsg);
WAYS(receive, fentry_receive, kprobe_receive, on_receive);
