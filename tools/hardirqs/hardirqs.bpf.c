// SPDX-License-Identifier: MIT
/* hardirqs: interrupts of devices, how many, and the time in their handlers. */
#include "interrupts.bpf.h"

#define NAME_BYTES 32

TOOL("hardirqs", "count interrupts of devices, with durations");

struct irqaction {
	const char *name;
} __attribute__((preserve_access_index));

struct key {
	char hardirq[NAME_BYTES];
};

INTERRUPTS(hardirqs, 1024);

SEC("raw_tp/irq_handler_entry")
int on_entry(void *ctx)
{
	return start_handler();
}

SEC("raw_tp/irq_handler_exit")
int on_exit(struct bpf_raw_tracepoint_args *ctx)
{
	struct irqaction *action = (void *)ctx->args[1];
	struct key key = {};

	bpf_probe_read_kernel_str(key.hardirq, NAME_BYTES, BPF_CORE_READ(action, name));
	return add_interrupt(&key);
}
