/* SPDX-License-Identifier: MIT */
/* Counts an interface's incoming packets and drops those that match rules, before the kernel
 * processes them.
 */
#include "traffic.bpf.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

/* The guest chooses the interface. */
SEC("xdp")
int on_packet(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	return judge(data, end, end - data, false) ? XDP_DROP : XDP_PASS;
}
