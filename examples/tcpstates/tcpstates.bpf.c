/* SPDX-License-Identifier: MIT */
/* Sends an event for every state change of a TCP socket. */
#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include "tcpstates.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

#define AF_INET6 10
#define IPPROTO_TCP 6
#define TCP_CLOSE 7

/* Record of the tracepoint sock:inet_sock_set_state, Linux 4.16. CO-RE finds the fields. */
struct trace_event_raw_inet_sock_set_state {
	const void *skaddr;
	int oldstate;
	int newstate;
	unsigned short sport;
	unsigned short dport;
	unsigned short family;
	unsigned short protocol;
	unsigned char saddr[4];
	unsigned char daddr[4];
	unsigned char saddr_v6[16];
	unsigned char daddr_v6[16];
} __attribute__((preserve_access_index));

const volatile struct config config;

/* Events lost because the ring buffer was full. */
unsigned long long lost;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

/* Time of each socket's last state change: ns. Sockets whose end is not seen make room for
 * others. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, const void *);
	__type(value, unsigned long long);
} since SEC(".maps");

/* All ports are wanted if none is listed. */
static bool has_port(const volatile unsigned short *ports, unsigned short port)
{
	for (int i = 0; i < PORTS; i++) {
		if (!ports[i])
			return !i;
		if (ports[i] == port)
			return true;
	}
	return false;
}

static bool is_wanted(struct trace_event_raw_inet_sock_set_state *ctx)
{
	unsigned short family = ctx->family == AF_INET6 ? 6 : 4;

	return ctx->protocol == IPPROTO_TCP && (!config.family || config.family == family) &&
	       has_port(config.local_ports, ctx->sport) &&
	       has_port(config.remote_ports, ctx->dport);
}

static void send_event(struct trace_event_raw_inet_sock_set_state *ctx,
		       unsigned long long in_state_ns)
{
	struct event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);

	if (!e) {
		__sync_fetch_and_add(&lost, 1);
		return;
	}
	__builtin_memset(e, 0, sizeof(*e));
	e->socket = (unsigned long)ctx->skaddr;
	e->in_state_ns = in_state_ns;
	e->pid = bpf_get_current_pid_tgid() >> 32;
	e->old_state = ctx->oldstate;
	e->new_state = ctx->newstate;
	e->is_ipv6 = ctx->family == AF_INET6;
	e->local_port = ctx->sport;
	e->remote_port = ctx->dport;
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	if (e->is_ipv6) {
		bpf_core_read(e->local, 16, &ctx->saddr_v6);
		bpf_core_read(e->remote, 16, &ctx->daddr_v6);
	} else {
		bpf_core_read(e->local, 4, &ctx->saddr);
		bpf_core_read(e->remote, 4, &ctx->daddr);
	}
	bpf_ringbuf_submit(e, 0);
}

SEC("tp/sock/inet_sock_set_state")
int on_state(struct trace_event_raw_inet_sock_set_state *ctx)
{
	unsigned long long now = bpf_ktime_get_ns(), *begun;
	const void *socket = ctx->skaddr;

	if (!is_wanted(ctx))
		return 0;
	begun = bpf_map_lookup_elem(&since, &socket);
	send_event(ctx, begun ? now - *begun : 0);
	if (ctx->newstate == TCP_CLOSE)
		bpf_map_delete_elem(&since, &socket);
	else
		bpf_map_update_elem(&since, &socket, &now, BPF_ANY);
	return 0;
}
