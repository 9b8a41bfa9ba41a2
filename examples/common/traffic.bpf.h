/* SPDX-License-Identifier: MIT */
/* Code that xdp and tc share: packet headers, rules, counters. */
#ifndef TRAFFIC_BPF_H
#define TRAFFIC_BPF_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "traffic.h"

/* Headers in wire format, not kernel types, so they need no CO-RE. */
struct ethernet {
	unsigned char to[6], from[6];
	unsigned short protocol;
} __attribute__((packed));

struct vlan {
	unsigned short tag;
	unsigned short protocol;
};

struct ipv4 {
	unsigned char version_and_length, service;
	unsigned short size, id, fragment;
	unsigned char time_to_live, protocol;
	unsigned short checksum;
	unsigned char from[4], to[4];
};

struct ipv6 {
	unsigned char version_and_flow[4];
	unsigned short size;
	unsigned char protocol, hop_limit;
	unsigned char from[16], to[16];
};

struct ports {
	unsigned short from, to;
};

enum {
	ETHERNET_VLAN = 0x8100,
	ETHERNET_VLAN_OUTER = 0x88a8,
	ETHERNET_IPV4 = 0x0800,
	ETHERNET_IPV6 = 0x86dd,
	PROTOCOL_ICMP = 1,
	PROTOCOL_TCP = 6,
	PROTOCOL_UDP = 17,
	PROTOCOL_ICMPV6 = 58,
	FRAGMENT_OFFSET = 0x1fff,
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2 * KINDS);
	__type(key, unsigned int);
	__type(value, struct counter);
} counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_RULES);
	__type(key, struct rule);
	__type(value, unsigned char);
} rules SEC(".maps");

/* Fields that rules match. */
struct packet {
	enum kind kind;
	unsigned short port;
	unsigned char address[16];
	bool has_address;
};

static __always_inline enum kind kind_of(unsigned char protocol)
{
	switch (protocol) {
	case PROTOCOL_ICMP:
	case PROTOCOL_ICMPV6:
		return KIND_ICMP;
	case PROTOCOL_TCP:
		return KIND_TCP;
	case PROTOCOL_UDP:
		return KIND_UDP;
	default:
		return KIND_OTHER;
	}
}

static __always_inline void read_ports(void *at, void *end, struct packet *packet)
{
	const struct ports *ports = at;

	if ((packet->kind == KIND_TCP || packet->kind == KIND_UDP) && (void *)(ports + 1) <= end)
		packet->port = bpf_ntohs(ports->to);
}

static __always_inline void read_ipv4(void *at, void *end, bool egress, struct packet *packet)
{
	const struct ipv4 *ip = at;

	if ((void *)(ip + 1) > end)
		return;
	packet->kind = kind_of(ip->protocol);
	packet->has_address = true;
	__builtin_memcpy(packet->address, egress ? ip->to : ip->from, 4);
	/* Only the first fragment has the ports. */
	if (!(ip->fragment & bpf_htons(FRAGMENT_OFFSET)))
		read_ports(at + (ip->version_and_length & 0xf) * 4, end, packet);
}

static __always_inline void read_ipv6(void *at, void *end, bool egress, struct packet *packet)
{
	const struct ipv6 *ip = at;

	if ((void *)(ip + 1) > end)
		return;
	packet->kind = kind_of(ip->protocol);
	packet->has_address = true;
	__builtin_memcpy(packet->address, egress ? ip->to : ip->from, 16);
	read_ports(at + sizeof(*ip), end, packet);
}

/* Reads the headers that we know; everything else counts as KIND_OTHER. */
static __always_inline void read_packet(void *at, void *end, bool egress, struct packet *packet)
{
	const struct ethernet *ethernet = at;
	unsigned short protocol;

	if ((void *)(ethernet + 1) > end)
		return;
	protocol = bpf_ntohs(ethernet->protocol);
	at += sizeof(*ethernet);
	for (int i = 0; i < 2; i++) {
		const struct vlan *vlan = at;

		if ((protocol != ETHERNET_VLAN && protocol != ETHERNET_VLAN_OUTER) ||
		    (void *)(vlan + 1) > end)
			break;
		protocol = bpf_ntohs(vlan->protocol);
		at += sizeof(*vlan);
	}
	if (protocol == ETHERNET_IPV4)
		read_ipv4(at, end, egress, packet);
	else if (protocol == ETHERNET_IPV6)
		read_ipv6(at, end, egress, packet);
}

static __always_inline bool has_rule(const struct packet *packet)
{
	struct rule rule = {.kind = packet->kind};

	if (bpf_map_lookup_elem(&rules, &rule))
		return true;
	rule.port = packet->port;
	if (packet->port && bpf_map_lookup_elem(&rules, &rule))
		return true;
	if (!packet->has_address)
		return false;
	rule = (struct rule){.is_address = 1};
	__builtin_memcpy(rule.address, packet->address, sizeof(rule.address));
	return bpf_map_lookup_elem(&rules, &rule);
}

/* Counts a packet; returns true if it is to be dropped. */
static __noinline bool judge(void *data, void *end, unsigned long long bytes, bool egress)
{
	struct packet packet = {};
	struct counter *counter;
	unsigned int slot;
	bool drop;

	read_packet(data, end, egress, &packet);
	drop = has_rule(&packet);
	slot = packet.kind + (egress ? KINDS : 0);
	counter = bpf_map_lookup_elem(&counters, &slot);
	if (counter) {
		/* Each CPU has its own counter. */
		counter->packets++;
		counter->bytes += bytes;
		counter->dropped += drop;
	}
	return drop;
}

#endif /* TRAFFIC_BPF_H */
