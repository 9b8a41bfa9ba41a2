/* SPDX-License-Identifier: MIT */
/* Bytes that processes send and receive, by socket: tcptop and udptop. */
#ifndef TRAFFIC_BPF_H
#define TRAFFIC_BPF_H

#include "socket.bpf.h"

OPTION(const volatile __u32, pid, 0, 'p', "only this process");
FAMILY_OPTIONS;

struct key {
	__u32 pid;
	char comm[COMM_BYTES];
	__u16 family;
	__u8 laddr[16];
	__u16 lport;
	__u8 daddr[16];
	__u16 dport;
};

struct counts {
	__u64 rx_bytes;
	__u64 tx_bytes;
};

COUNTS(HASH, sockets, 10240, struct key, struct counts);
TABLE(sockets, INTERVAL(1s), SORT(-rx_bytes, -tx_bytes), LIMIT(20), CLEAR);

static __always_inline int count(struct sock *sk, __u8 protocol, __s64 bytes, bool is_sent)
{
	struct ends ends = {};
	struct counts *counts;
	struct key key;

	if (bytes <= 0 || IS_OTHER(pid) || !is_internet(sk) ||
	    (__u8)BPF_CORE_READ(sk, sk_protocol) != protocol)
		return 0;
	read_ends(sk, &ends);
	if (is_other_family(ends.family))
		return 0;
	__builtin_memset(&key, 0, sizeof(key));
	SET_PROCESS(&key);
	SET_ENDS(&key, &ends, d);
	counts = sockets_of(&key);
	if (counts)
		ADD(*(is_sent ? &counts->tx_bytes : &counts->rx_bytes), bytes);
	return 0;
}

/* Defines two ways to a function (socket, message, bytes) that sends. */
#define SENDS(function, protocol)                                                                  \
	SEC("fexit/" #function)                                                                    \
	int BPF_PROG(fexit_##function, struct sock *sk, void *message, __u64 bytes, int sent)      \
	{                                                                                          \
		return count(sk, protocol, sent, true);                                            \
	}                                                                                          \
	SEC("kprobe/" #function)                                                                   \
	int BPF_KPROBE(kprobe_##function, struct sock *sk, void *message, __u64 bytes)             \
	{                                                                                          \
		return count(sk, protocol, bytes, true);                                           \
	}

/*
 * Defines the ways for kernels without kprobes, since Linux 6.3; they miss what splice(2) receives.
 * Arguments: (socket, result, flags).
 */
#define LENGTHS(protocol)                                                                          \
	SEC("raw_tp/sock_send_length")                                                             \
	int on_send(struct bpf_raw_tracepoint_args *ctx)                                           \
	{                                                                                          \
		return count((void *)ctx->args[0], protocol, (__s32)ctx->args[1], true);           \
	}                                                                                          \
	SEC("raw_tp/sock_recv_length")                                                             \
	int on_receive(struct bpf_raw_tracepoint_args *ctx)                                        \
	{                                                                                          \
		return count((void *)ctx->args[0], protocol, (__s32)ctx->args[1], false);          \
	}

#endif
