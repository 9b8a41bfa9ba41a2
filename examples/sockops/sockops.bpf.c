/* SPDX-License-Identifier: MIT */
/* Sends an event when a TCP connection of a cgroup begins and when it ends. */
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "sockops.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

#define AF_INET6 10

/* Events lost because the ring buffer was full. */
unsigned long long lost;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

static void copy_addresses(struct event *e, struct bpf_sock_ops *ctx)
{
	unsigned int *local = (unsigned int *)e->local, *remote = (unsigned int *)e->remote;

	e->is_ipv6 = ctx->family == AF_INET6;
	if (!e->is_ipv6) {
		local[0] = ctx->local_ip4;
		remote[0] = ctx->remote_ip4;
		return;
	}
	/* The verifier requires constant field offsets. */
	local[0] = ctx->local_ip6[0];
	local[1] = ctx->local_ip6[1];
	local[2] = ctx->local_ip6[2];
	local[3] = ctx->local_ip6[3];
	remote[0] = ctx->remote_ip6[0];
	remote[1] = ctx->remote_ip6[1];
	remote[2] = ctx->remote_ip6[2];
	remote[3] = ctx->remote_ip6[3];
}

static void send_event(struct bpf_sock_ops *ctx, unsigned int kind)
{
	struct event e = {.kind = kind};

	copy_addresses(&e, ctx);
	e.local_port = ctx->local_port;
	e.remote_port = bpf_ntohl(ctx->remote_port);
	/* The kernel stores eight times the round trip. */
	e.round_trip_us = ctx->srtt_us >> 3;
	e.retransmitted = ctx->total_retrans;
	e.bytes_sent = ctx->bytes_acked;
	e.bytes_received = ctx->bytes_received;
	if (bpf_ringbuf_output(&events, &e, sizeof(e), 0))
		__sync_fetch_and_add(&lost, 1);
}

/* The guest chooses the cgroup. */
SEC("sockops")
int on_socket(struct bpf_sock_ops *ctx)
{
	switch (ctx->op) {
	case BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB:
	case BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB:
		/* Enables callbacks for this connection's state changes as well. */
		bpf_sock_ops_cb_flags_set(ctx,
					  ctx->bpf_sock_ops_cb_flags | BPF_SOCK_OPS_STATE_CB_FLAG);
		send_event(ctx, ctx->op == BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB ? EVENT_CONNECT
									      : EVENT_ACCEPT);
		break;
	case BPF_SOCK_OPS_STATE_CB:
		if (ctx->args[1] == BPF_TCP_CLOSE)
			send_event(ctx, EVENT_CLOSE);
		break;
	}
	return 1;
}
