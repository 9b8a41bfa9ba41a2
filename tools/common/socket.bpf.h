/* SPDX-License-Identifier: MIT */
/* Common part of the tools for sockets: their addresses, and sockets by descriptor. */
#ifndef SOCKET_BPF_H
#define SOCKET_BPF_H

#include "address.bpf.h"
#include <bpf/bpf_endian.h>

/* States of TCP connections that tools look for. */
enum { TCP_ESTABLISHED = 1, TCP_SYN_SENT = 2, TCP_LISTEN = 10 };

/* Type of inodes of sockets. */
#define S_IFMT 0170000
#define S_IFSOCK 0140000

/* Ends of a socket; the ports are in the host's order. */
struct ends {
	__u16 family;
	__u16 lport;
	__u16 dport;
	__u8 laddr[16];
	__u8 daddr[16];
};

static __always_inline void read_ends(struct sock *sk, struct ends *ends)
{
	ends->family = BPF_CORE_READ(sk, __sk_common.skc_family);
	ends->lport = BPF_CORE_READ(sk, __sk_common.skc_num);
	ends->dport = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
	if (ends->family == AF_INET6) {
		BPF_CORE_READ_INTO(&ends->laddr, sk, __sk_common.skc_v6_rcv_saddr.in6_u.u6_addr8);
		BPF_CORE_READ_INTO(&ends->daddr, sk, __sk_common.skc_v6_daddr.in6_u.u6_addr8);
	} else {
		BPF_CORE_READ_INTO((__u32 *)ends->laddr, sk, __sk_common.skc_rcv_saddr);
		BPF_CORE_READ_INTO((__u32 *)ends->daddr, sk, __sk_common.skc_daddr);
	}
}

/*
 * Sets `family`, `laddr` and `lport` of a record, and its members for the other end: `daddr` and
 * `dport` with `far` d, `raddr` and `rport` with r.
 */
#define SET_ENDS(record, ends, far)                                                                \
	do {                                                                                       \
		(record)->family = (ends)->family;                                                 \
		(record)->lport = (ends)->lport;                                                   \
		(record)->far##port = (ends)->dport;                                               \
		__builtin_memcpy((record)->laddr, (ends)->laddr, sizeof((ends)->laddr));           \
		__builtin_memcpy((record)->far##addr, (ends)->daddr, sizeof((ends)->daddr));       \
	} while (0)

/* Returns true for IPv4 and IPv6. */
static __always_inline bool is_internet(struct sock *sk)
{
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);

	return family == AF_INET || family == AF_INET6;
}

/* Returns the socket of a descriptor of the current process; NULL if it is another file. */
static __always_inline struct sock *socket_of(long descriptor)
{
	struct file *file = file_of(descriptor);
	struct socket *socket = BPF_CORE_READ(file, private_data);

	if (!file || (BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFSOCK)
		return NULL;
	return BPF_CORE_READ(socket, sk);
}

#endif
