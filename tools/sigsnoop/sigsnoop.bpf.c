// SPDX-License-Identifier: MIT
/* sigsnoop: generated signals, with their senders and receivers. */
#include "tool.bpf.h"

/* Signals that an option takes at most. */
#define SIGNALS 32

typedef __s32 signal_list[SIGNALS];

TOOL("sigsnoop", "show signals, with sender and receiver");
OPTION(const volatile __u32, pid, 0, 'p', "only signals that this process sends");
OPTION(const volatile signal_list, signal, {}, 's', "only these signals, by number");
OPTION(const volatile bool, failed, false, 'x', "only signals that are not delivered");
OPTION(const volatile bool, kill, false, 'k', "only signals by kill, tkill and tgkill");
/* Users of other tools type it. */
OPTION(const volatile bool, names, false, 'n', "names of signals, which are shown anyway");

/* Origins of signals, `si_code`: kill(2); tkill(2) and tgkill(2). */
enum { SI_USER = 0, SI_TKILL = -6 };

enum result { DELIVERED, IGNORED, ALREADY_PENDING, OVERFLOW_FAIL, LOSE_INFO };

struct event {
	__u32 pid;
	char comm[COMM_BYTES];
	__s32 signal FORMAT(signal);
	__u32 tpid;
	char tcomm[COMM_BYTES];
	enum result result;
	__u64 cgroup_id HIDDEN;
};

EVENTS(struct event);

struct trace_event_raw_signal_generate {
	struct trace_entry ent;
	int sig;
	int code;
	char comm[COMM_BYTES];
	int pid;
	int result;
} __attribute__((preserve_access_index));

/* Returns true if a signal is not among those that are selected; all are if none is. */
static __always_inline bool is_other_signal(int number)
{
	for (int i = 0; i < SIGNALS; i++) {
		if (!signal[i])
			return i > 0;
		if (signal[i] == number)
			return false;
	}
	return true;
}

SEC("tp/signal/signal_generate")
int on_signal(struct trace_event_raw_signal_generate *ctx)
{
	struct event *event;

	if (IS_OTHER(pid) || is_other_signal(ctx->sig) || (failed && !ctx->result) ||
	    (kill && ctx->code != SI_USER && ctx->code != SI_TKILL))
		return 0;
	event = reserve_event();
	if (!event)
		return 0;
	SET_ORIGIN(event);
	event->signal = ctx->sig;
	event->tpid = ctx->pid;
	bpf_probe_read_kernel_str(event->tcomm, sizeof(event->tcomm), ctx->comm);
	event->result = ctx->result;
	bpf_ringbuf_submit(event, 0);
	return 0;
}
