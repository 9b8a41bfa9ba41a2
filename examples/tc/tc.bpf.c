/* SPDX-License-Identifier: MIT */
/* Counts an interface's packets, both ways, and drops those that match rules. */
#include "traffic.bpf.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

/* Larger than all headers that are read. */
#define HEADER_BYTES 128

/* TCX_NEXT passes the packet on to the interface's other programs. */
static __always_inline int on_packet(struct __sk_buff *skb, bool egress)
{
	unsigned int wanted = skb->len < HEADER_BYTES ? skb->len : HEADER_BYTES;
	bool drop;

	/* The headers may be in separate pages. */
	if ((void *)(long)skb->data + wanted > (void *)(long)skb->data_end)
		bpf_skb_pull_data(skb, wanted);
	drop = judge((void *)(long)skb->data, (void *)(long)skb->data_end, skb->len, egress);
	return drop ? TCX_DROP : TCX_NEXT;
}

SEC("tcx/ingress")
int on_ingress(struct __sk_buff *skb)
{
	return on_packet(skb, false);
}

SEC("tcx/egress")
int on_egress(struct __sk_buff *skb)
{
	return on_packet(skb, true);
}
