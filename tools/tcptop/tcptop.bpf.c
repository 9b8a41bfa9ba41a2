// SPDX-License-Identifier: MIT
/* tcptop: bytes that TCP sends and receives, by process and connection. */
#include "traffic.bpf.h"

TOOL("tcptop", "count bytes of TCP connections, by process");
/* Users of other tools type it. */
OPTION(const volatile bool, nosummary, false, 'S', "no line about the machine, as always");

SENDS(tcp_sendmsg, IPPROTO_TCP)
LENGTHS(IPPROTO_TCP)

SEC("fentry/tcp_cleanup_rbuf")
int BPF_PROG(fentry_receive, struct sock *sk, int copied)
{
	return count(sk, IPPROTO_TCP, copied, false);
}

SEC("kprobe/tcp_cleanup_rbuf")
int BPF_KPROBE(kprobe_receive, struct sock *sk, int copied)
{
	return count(sk, IPPROTO_TCP, copied, false);
}

WAYS(send, fexit_tcp_sendmsg, kprobe_tcp_sendmsg, on_send);
WAYS(receive, fentry_receive, kprobe_receive, on_receive);
