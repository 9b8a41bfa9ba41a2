// SPDX-License-Identifier: MIT
/* dnssnoop: queries of DNS that leave this machine, and the responses that come back. */
#include "socket.bpf.h"

#define NAME_BYTES 256
#define DNS_PORT 53
#define MDNS_PORT 5353

TOOL("dnssnoop", "show queries of DNS, and responses with durations");
OPTION(const volatile __u32, pid, 0, 'p', "only this process");
OPTION(const volatile bool, failed, false, 'x', "only responses with an error");

enum kind { QUERY, RESPONSE };

/* Types of records that are asked for. */
enum type {
	A = 1,
	NS = 2,
	CNAME = 5,
	SOA = 6,
	PTR = 12,
	MX = 15,
	TXT = 16,
	AAAA = 28,
	SRV = 33,
	NAPTR = 35,
	DS = 43,
	DNSKEY = 48,
	SVCB = 64,
	HTTPS = 65,
	ANY = 255,
};

enum rcode { NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED, YXDOMAIN };

struct event {
	__u32 pid;
	char comm[COMM_BYTES];
	enum kind kind;
	__u16 family;
	/* Server that is asked. */
	__u8 server[16] FORMAT(ip);
	__u16 id FORMAT(hex);
	enum type type;
	enum rcode rcode;
	__u64 lat_ns;
	char name[NAME_BYTES];
	__u64 cgroup_id HIDDEN;
};

/* Query that waits for its response. */
struct query_key {
	__u16 family;
	__u16 port;
	__u16 id;
	__u16 none;
	__u8 server[16] FORMAT(ip);
};

struct query {
	__u64 since;
	__u64 cgroup_id;
	__u32 pid;
	char comm[COMM_BYTES];
};

/* Beginning of a packet of DNS. */
struct dns_header {
	__u16 id;
	__u16 flags;
	__u16 questions;
	__u16 rest[3];
};

EVENTS(struct event);

/* Queries without a response make room for others. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct query_key);
	__type(value, struct query);
} queries SEC(".maps");

#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_IPV6 0x86dd
#define IPV4_PROTOCOL 9
#define IPV4_SOURCE 12
#define IPV6_NEXT_HEADER 6
#define IPV6_SOURCE 8
#define IPV6_BYTES 40
#define UDP_BYTES 8
#define RESPONSE_BIT 0x8000
#define RCODE_BITS 0xf

/* Reads the ends of a UDP packet; returns its payload, or NULL for another protocol. */
static __always_inline const void *read_udp(const void *ip, __u16 protocol, struct ends *ends)
{
	const void *udp = NULL;
	__u8 first = 0, next = 0;
	__u16 ports[2] = {};

	if (protocol == ETHERTYPE_IPV4) {
		ends->family = AF_INET;
		bpf_probe_read_kernel(&first, 1, ip);
		bpf_probe_read_kernel(&next, 1, ip + IPV4_PROTOCOL);
		bpf_probe_read_kernel(ends->laddr, 4, ip + IPV4_SOURCE);
		bpf_probe_read_kernel(ends->daddr, 4, ip + IPV4_SOURCE + 4);
		udp = ip + (first & 15) * 4;
	} else if (protocol == ETHERTYPE_IPV6) {
		ends->family = AF_INET6;
		bpf_probe_read_kernel(&next, 1, ip + IPV6_NEXT_HEADER);
		bpf_probe_read_kernel(ends->laddr, 16, ip + IPV6_SOURCE);
		bpf_probe_read_kernel(ends->daddr, 16, ip + IPV6_SOURCE + 16);
		udp = ip + IPV6_BYTES;
	}
	if (next != IPPROTO_UDP)
		return NULL;
	bpf_probe_read_kernel(ports, sizeof(ports), udp);
	ends->lport = bpf_ntohs(ports[0]);
	ends->dport = bpf_ntohs(ports[1]);
	return udp + UDP_BYTES;
}

/* Writes labels as a name with dots; returns the number of bytes that they take in the packet. */
static __always_inline __u32 read_name(const void *labels, char *name)
{
	__u32 next = 0, end = 0;

	bpf_probe_read_kernel(name, NAME_BYTES - 1, labels);
	for (__u32 i = 0; i < NAME_BYTES - 1; i++) {
		__u32 at = i;
		__u8 byte;

		/* The verifier knows no bounds of what the compiler makes of `i`. */
		barrier_var(at);
		at &= NAME_BYTES - 1;
		byte = name[at];
		if (i == next) {
			if (!byte) {
				end = i + 1;
				break;
			}
			next = i + byte + 1;
			byte = '.';
		}
		at -= 1;
		barrier_var(at);
		if (i)
			name[at & (NAME_BYTES - 1)] = byte;
	}
	/* The first byte was a length; the last one, without its NUL, is the end. */
	name[(end >= 2 ? end - 2 : 0) & (NAME_BYTES - 1)] = '\0';
	return end;
}

static __always_inline int show(const void *dns, const struct dns_header *header,
				const struct query *query, const struct query_key *key)
{
	__u16 flags = bpf_ntohs(header->flags), type = 0;
	struct event *event;
	__u32 end;

	if (is_other(pid, query->pid))
		return 0;
	if (failed && (!(flags & RESPONSE_BIT) || !(flags & RCODE_BITS)))
		return 0;
	event = reserve_event();
	if (!event)
		return 0;
	__builtin_memset(event, 0, sizeof(*event));
	event->pid = query->pid;
	event->cgroup_id = query->cgroup_id;
	__builtin_memcpy(event->comm, query->comm, COMM_BYTES);
	event->kind = flags & RESPONSE_BIT ? RESPONSE : QUERY;
	event->family = key->family;
	__builtin_memcpy(event->server, key->server, 16);
	event->id = bpf_ntohs(header->id);
	event->rcode = flags & RCODE_BITS;
	if (event->kind == RESPONSE)
		event->lat_ns = bpf_ktime_get_ns() - query->since;
	end = read_name(dns + sizeof(*header), event->name);
	bpf_probe_read_kernel(&type, sizeof(type), dns + sizeof(*header) + end);
	event->type = bpf_ntohs(type);
	bpf_ringbuf_submit(event, 0);
	return 0;
}

/* Arguments: (packet). Its data begin with the link's header. */
SEC("raw_tp/net_dev_queue")
int on_send(struct bpf_raw_tracepoint_args *ctx)
{
	struct sk_buff *skb = (void *)ctx->args[0];
	const void *ip = BPF_CORE_READ(skb, head) + BPF_CORE_READ(skb, network_header);
	struct ends ends = {};
	const void *dns = read_udp(ip, bpf_ntohs(BPF_CORE_READ(skb, protocol)), &ends);
	struct dns_header header = {};
	struct query_key key = {};
	struct query query = {};

	if (!dns || (ends.dport != DNS_PORT && ends.dport != MDNS_PORT))
		return 0;
	bpf_probe_read_kernel(&header, sizeof(header), dns);
	if (bpf_ntohs(header.flags) & RESPONSE_BIT || !header.questions)
		return 0;
	key.family = ends.family;
	key.port = ends.lport;
	key.id = header.id;
	__builtin_memcpy(key.server, ends.daddr, 16);
	query.since = bpf_ktime_get_ns();
	if (is_elsewhere())
		return 0;
	query.cgroup_id = current_cgroup();
	query.pid = current_tgid();
	bpf_get_current_comm(query.comm, sizeof(query.comm));
	bpf_map_update_elem(&queries, &key, &query, BPF_ANY);
	return show(dns, &header, &query, &key);
}

/* Arguments: (packet). Its data begin with the IP header. */
SEC("raw_tp/netif_receive_skb")
int on_receive(struct bpf_raw_tracepoint_args *ctx)
{
	struct sk_buff *skb = (void *)ctx->args[0];
	struct ends ends = {};
	const void *dns =
	    read_udp(BPF_CORE_READ(skb, data), bpf_ntohs(BPF_CORE_READ(skb, protocol)), &ends);
	struct dns_header header = {};
	struct query_key key = {};
	struct query *query;

	if (!dns || (ends.lport != DNS_PORT && ends.lport != MDNS_PORT))
		return 0;
	bpf_probe_read_kernel(&header, sizeof(header), dns);
	if (!(bpf_ntohs(header.flags) & RESPONSE_BIT))
		return 0;
	key.family = ends.family;
	key.port = ends.dport;
	key.id = header.id;
	__builtin_memcpy(key.server, ends.laddr, 16);
	query = bpf_map_lookup_elem(&queries, &key);
	if (!query)
		return 0;
	show(dns, &header, query, &key);
	bpf_map_delete_elem(&queries, &key);
	return 0;
}
