/* SPDX-License-Identifier: MIT */
/* Written by the eBPF half and read by the guest: the same bytes for both compilers. */
#ifndef USDT_H
#define USDT_H

#define COMM_LEN 16 /* the kernel's TASK_COMM_LEN */
#define MAX_ARGS 12 /* what a probe can have */

/* Event of the ring buffer `events`: a hit of the probe. */
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
