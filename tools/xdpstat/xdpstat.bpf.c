// SPDX-License-Identifier: MIT
/* xdpstat: packets that an interface receives, by protocol, before the kernel's network. */
#include "tool.bpf.h"
#include <linux/if_ether.h>
#include <bpf/bpf_endian.h>

TOOL("xdpstat", "count packets that an interface receives, by protocol");

/* IP's protocols, and what is not IP. */
enum protocol {
	ICMP = 1,
	IGMP = 2,
	TCP = 6,
	UDP = 17,
	GRE = 47,
	ESP = 50,
	ICMPV6 = 58,
	SCTP = 132,
	ARP = 256,
	OTHER,
};

enum network { NONE, IPV4 = 4, IPV6 = 6 };

struct key {
	enum network network;
	enum protocol protocol;
};

struct counts {
	__u64 packets;
	__u64 bytes;
};

COUNTS(PERCPU_HASH, protocols, 1024, struct key, struct counts);
TABLE(protocols, INTERVAL(1s), SORT(-packets), CLEAR);

/* Offsets of the protocol's number in IP's headers. */
#define IPV4_PROTOCOL 9
#define IPV6_NEXT_HEADER 6

SEC("xdp")
int on_packet(struct xdp_md *ctx)
{
	const __u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	const struct ethhdr *link = (const void *)data;
	const __u8 *ip = data + sizeof(*link);
	struct key key = {.protocol = OTHER};
	struct counts *counts;

	if (ip > end)
		return XDP_PASS;
	if (link->h_proto == bpf_htons(ETH_P_ARP))
		key.protocol = ARP;
	if (link->h_proto == bpf_htons(ETH_P_IP) && ip + IPV4_PROTOCOL + 1 <= end) {
		key.network = IPV4;
		key.protocol = ip[IPV4_PROTOCOL];
	} else if (link->h_proto == bpf_htons(ETH_P_IPV6) && ip + IPV6_NEXT_HEADER + 1 <= end) {
		key.network = IPV6;
		key.protocol = ip[IPV6_NEXT_HEADER];
	}
	counts = protocols_of(&key);
	if (counts) {
		counts->packets += 1;
		counts->bytes += end - data;
	}
	return XDP_PASS;
}
