/* SPDX-License-Identifier: MIT */
/* Written by the eBPF half and read by the guest: the same bytes for both compilers. */
#ifndef UPROBE_H
#define UPROBE_H

#define COMM_LEN 16 /* the kernel's TASK_COMM_LEN */
#define ARGS 3

/* Event of the ring buffer `events`: a call that has returned. */
struct event {
	unsigned long long duration_ns;
	unsigned long long args[ARGS]; /* the registers that arguments are passed in */
	unsigned long long result;
	unsigned int pid;
	unsigned int thread;
	char comm[COMM_LEN];
};

_Static_assert(sizeof(struct event) == 40 + 8 + COMM_LEN, "struct event has no padding");

#endif /* UPROBE_H */
