// SPDX-License-Identifier: MIT
/* softirqs: soft interrupts, how many, and the time in them. */
#include "interrupts.bpf.h"

TOOL("softirqs", "count soft interrupts, with durations");

enum softirq { HI, TIMER, NET_TX, NET_RX, BLOCK, IRQ_POLL, TASKLET, SCHED, HRTIMER, RCU, SOFTIRQS };

struct key {
	enum softirq softirq;
};

INTERRUPTS(softirqs, SOFTIRQS);

SEC("raw_tp/softirq_entry")
int on_entry(void *ctx)
{
	return start_handler();
}

SEC("raw_tp/softirq_exit")
int on_exit(struct bpf_raw_tracepoint_args *ctx)
{
	struct key key = {.softirq = (__u32)ctx->args[0]};

	return add_interrupt(&key);
}
