/* SPDX-License-Identifier: MIT */
/* Reads the packets of a packet socket and sends an event for each TCP or UDP packet. */
#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "sockfilter.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

#define ETHERNET_IPV4 0x0800
#define ETHERNET_IPV6 0x86dd
#define PACKET_OUTGOING 4
#define FRAGMENT_OFFSET 0x1fff

const volatile struct config config;

/* Events lost because the ring buffer was full. */
unsigned long long lost;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

/* Headers in wire format. */
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

/* Start of a TCP header; UDP's has the ports as well. */
struct transport {
	unsigned short from, to;
	unsigned int sequence, acknowledged;
	unsigned char offset, flags;
};

/* Offsets count from the network header: some interfaces have no Ethernet header. */
static bool load(struct __sk_buff *skb, unsigned int at, void *to, unsigned int size)
{
	return !bpf_skb_load_bytes_relative(skb, at, to, size, BPF_HDR_START_NET);
}

/* Returns the offset of the transport header; 0 for unknown protocols. */
static unsigned int read_ipv4(struct __sk_buff *skb, struct event *e, unsigned char *protocol)
{
	struct ipv4 ip;

	if (!load(skb, 0, &ip, sizeof(ip)) || ip.fragment & bpf_htons(FRAGMENT_OFFSET))
		return 0;
	*protocol = ip.protocol;
	__builtin_memcpy(e->from, ip.from, sizeof(ip.from));
	__builtin_memcpy(e->to, ip.to, sizeof(ip.to));
	return (ip.version_and_length & 0xf) * 4;
}

static unsigned int read_ipv6(struct __sk_buff *skb, struct event *e, unsigned char *protocol)
{
	struct ipv6 ip;

	if (!load(skb, 0, &ip, sizeof(ip)))
		return 0;
	*protocol = ip.protocol;
	e->is_ipv6 = 1;
	__builtin_memcpy(e->from, ip.from, sizeof(ip.from));
	__builtin_memcpy(e->to, ip.to, sizeof(ip.to));
	return sizeof(ip);
}

static bool read_transport(struct __sk_buff *skb, unsigned int at, unsigned char protocol,
			   struct event *e)
{
	struct transport transport = {};

	if (!at || (protocol != PROTOCOL_TCP && protocol != PROTOCOL_UDP))
		return false;
	e->is_udp = protocol == PROTOCOL_UDP;
	if (!load(skb, at, &transport, e->is_udp ? 4 : sizeof(transport)))
		return false;
	e->from_port = bpf_ntohs(transport.from);
	e->to_port = bpf_ntohs(transport.to);
	e->tcp_flags = transport.flags;
	return true;
}

/* The guest chooses the interface. The socket is never read, so it keeps no packet: the result
 * is 0. */
SEC("socket")
int on_packet(struct __sk_buff *skb)
{
	struct event e = {.bytes = skb->len, .is_outgoing = skb->pkt_type == PACKET_OUTGOING};
	unsigned short ethernet = bpf_ntohs(skb->protocol);
	unsigned char protocol = 0;
	unsigned int at = 0;

	if (ethernet == ETHERNET_IPV4)
		at = read_ipv4(skb, &e, &protocol);
	else if (ethernet == ETHERNET_IPV6)
		at = read_ipv6(skb, &e, &protocol);
	if (!read_transport(skb, at, protocol, &e))
		return 0;
	if (config.protocol && config.protocol != protocol)
		return 0;
	if (config.port && config.port != e.from_port && config.port != e.to_port)
		return 0;
	if (bpf_ringbuf_output(&events, &e, sizeof(e), 0))
		__sync_fetch_and_add(&lost, 1);
	return 0;
}
