/* SPDX-License-Identifier: MIT */
/* What the eBPF half writes and the guest reads: the same bytes for both compilers. */
#ifndef USDT_H
#define USDT_H

#define COMM_LEN 16 /* the kernel's TASK_COMM_LEN */
#define MAX_ARGS 12 /* what a probe can have */

/* One event of the ring buffer `events`: the probe was passed. */
struct event {
	long long args[MAX_ARGS];
	unsigned int pid;
	unsigned int thread;
	unsigned int arg_count;
	unsigned int reserved;
	char comm[COMM_LEN];
};

_Static_assert(sizeof(struct event) == 8 * MAX_ARGS + 16 + COMM_LEN, "struct event has no padding");

#endif /* USDT_H */
