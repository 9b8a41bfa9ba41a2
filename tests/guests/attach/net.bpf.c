// SPDX-License-Identifier: MIT
/* Programs that packets of an interface or a network namespace run; none of them drops any. */
#include "count.h"

#define NF_ACCEPT 1
#define TCX_NEXT (-1)

COUNTER("xdp", xdp, XDP_PASS)
COUNTER("xdp.frags", xdp_frags, XDP_PASS)
COUNTER("xdp/devmap", xdp_devmap, XDP_PASS)
COUNTER("tc", tc, TCX_NEXT)
COUNTER("classifier", classifier, TCX_NEXT)
COUNTER("tc/ingress", tc_ingress, TCX_NEXT)
COUNTER("tcx/ingress", tcx_ingress, TCX_NEXT)
COUNTER("tcx/egress", tcx_egress, TCX_NEXT)
COUNTER("netfilter", netfilter, NF_ACCEPT)
COUNTER("socket", socket_filter, 0)
COUNTER("sk_lookup", sk_lookup, SK_PASS)
COUNTER("flow_dissector", flow_dissector, BPF_OK)

/* Makes the kernel dissect every packet; counts nothing. */
SEC("tcx/ingress")
int dissect(struct __sk_buff *skb)
{
	bpf_set_hash_invalid(skb);
	bpf_get_hash_recalc(skb);
	return TCX_NEXT;
}

/* Cannot be attached. */
SEC("sk_msg")
int on_sk_msg(struct sk_msg_md *msg)
{
	(void)msg;
	return SK_PASS;
}
