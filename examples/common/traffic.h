/* SPDX-License-Identifier: MIT */
/* Counters and rules that the eBPF halves of xdp and tc share with their guests. */
#ifndef TRAFFIC_H
#define TRAFFIC_H

/* Kind of a packet. */
enum kind {
	KIND_OTHER,
	KIND_ICMP, /* of IPv4 or IPv6 */
	KIND_TCP,
	KIND_UDP,
	KINDS,
};

/* Element of the per-CPU array `counters`, by direction and kind. */
struct counter {
	unsigned long long packets;
	unsigned long long bytes;
	unsigned long long dropped; /* of `packets` */
};

/* Key of the hash map `rules`: packets to drop. Fields that are 0 match anything. */
struct rule {
	unsigned char address[16]; /* of who is not here; IPv4: the first four */
	unsigned short port;	   /* the receiver's */
	unsigned char kind;	   /* enum kind, for protocols and ports */
	unsigned char is_address;
};

#define MAX_RULES 256

_Static_assert(sizeof(struct counter) == 24, "struct counter has no padding");
_Static_assert(sizeof(struct rule) == 20, "struct rule has no padding");

#endif /* TRAFFIC_H */
