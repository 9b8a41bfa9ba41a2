/* SPDX-License-Identifier: MIT */
/* Sends an event for every TCP connection that a process of this machine makes. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include "tcpconnlat.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

#define AF_INET6 10
#define IPPROTO_TCP 6

enum {
	TCP_ESTABLISHED = 1,
	TCP_SYN_SENT = 2,
};

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
	__uint(max_entries, 64 * 1024);
} events SEC(".maps");

/* Connecting process, and its start time: the response arrives in another context. */
struct attempt {
	unsigned long long begun_ns;
	unsigned int pid;
	char comm[COMM_LEN];
	unsigned int reserved;
};

/* By socket. Attempts without a response make room for others. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, const void *);
	__type(value, struct attempt);
} attempts SEC(".maps");

static void note_attempt(const void *socket)
{
	struct attempt attempt = {
	    .begun_ns = bpf_ktime_get_ns(),
	    .pid = bpf_get_current_pid_tgid() >> 32,
	};

	if (config.pid && attempt.pid != config.pid)
		return;
	bpf_get_current_comm(attempt.comm, sizeof(attempt.comm));
	bpf_map_update_elem(&attempts, &socket, &attempt, BPF_ANY);
}

static void send_event(struct trace_event_raw_inet_sock_set_state *ctx,
		       const struct attempt *attempt)
{
	unsigned long long latency_ns = bpf_ktime_get_ns() - attempt->begun_ns;
	struct event *e;

	if (latency_ns < config.least_ns)
		return;
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		__sync_fetch_and_add(&lost, 1);
		return;
	}
	__builtin_memset(e, 0, sizeof(*e));
	e->latency_ns = latency_ns;
	e->pid = attempt->pid;
	e->is_ipv6 = ctx->family == AF_INET6;
	e->local_port = ctx->sport;
	e->remote_port = ctx->dport;
	__builtin_memcpy(e->comm, attempt->comm, sizeof(e->comm));
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
	const void *socket = ctx->skaddr;
	const struct attempt *attempt;

	if (ctx->protocol != IPPROTO_TCP)
		return 0;
	if (ctx->newstate == TCP_SYN_SENT) {
		note_attempt(socket);
		return 0;
	}
	attempt = bpf_map_lookup_elem(&attempts, &socket);
	if (!attempt)
		return 0;
	if (ctx->oldstate == TCP_SYN_SENT && ctx->newstate == TCP_ESTABLISHED)
		send_event(ctx, attempt);
	bpf_map_delete_elem(&attempts, &socket);
	return 0;
}
