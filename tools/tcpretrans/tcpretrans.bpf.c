// SPDX-License-Identifier: MIT
/* tcpretrans: packets that TCP sends again. */
#include "socket.bpf.h"

TOOL("tcpretrans", "show packets that TCP sends again");
OPTION(const volatile bool, probes, false, 'l', "probes for the loss of the last packet as well");
OPTION(const volatile port_list, lport, {}, 'L', "only these local ports");
OPTION(const volatile port_list, dport, {}, 'D', "only these remote ports");
FAMILY_OPTIONS;

enum kind { RETRANSMIT, SYNACK, LOSS_PROBE };

enum state {
	ESTABLISHED = 1,
	SYN_SENT,
	SYN_RECV,
	FIN_WAIT1,
	FIN_WAIT2,
	TIME_WAIT,
	CLOSE,
	CLOSE_WAIT,
	LAST_ACK,
	LISTEN,
	CLOSING,
	NEW_SYN_RECV,
};

struct event {
	enum kind kind;
	__u16 family;
	__u8 laddr[16];
	__u16 lport;
	__u8 daddr[16];
	__u16 dport;
	enum state state;
};

EVENTS(struct event);

static __always_inline int show(struct sock *sk, enum kind kind)
{
	struct ends ends = {};
	struct event *event;

	read_ends(sk, &ends);
	if (is_other_port(lport, ends.lport) || is_other_port(dport, ends.dport) ||
	    is_other_family(ends.family))
		return 0;
	event = reserve_event();
	if (!event)
		return 0;
	__builtin_memset(event, 0, sizeof(*event));
	event->kind = kind;
	SET_ENDS(event, &ends, d);
	event->state = BPF_CORE_READ(sk, __sk_common.skc_state);
	bpf_ringbuf_submit(event, 0);
	return 0;
}

/* Arguments: (socket, packet). */
SEC("raw_tp/tcp_retransmit_skb")
int on_retransmit(struct bpf_raw_tracepoint_args *ctx)
{
	return show((void *)ctx->args[0], RETRANSMIT);
}

/* Arguments: (socket that listens, request); a request begins as a socket does. */
SEC("raw_tp/tcp_retransmit_synack")
int on_synack(struct bpf_raw_tracepoint_args *ctx)
{
	return show((void *)ctx->args[1], SYNACK);
}

SEC("fentry/tcp_send_loss_probe")
int BPF_PROG(fentry_probe, struct sock *sk)
{
	return probes ? show(sk, LOSS_PROBE) : 0;
}

SEC("kprobe/tcp_send_loss_probe")
int BPF_KPROBE(kprobe_probe, struct sock *sk)
{
	return probes ? show(sk, LOSS_PROBE) : 0;
}

OPTIONAL(fentry_probe, kprobe_probe);
