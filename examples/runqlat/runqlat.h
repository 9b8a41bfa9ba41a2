/* SPDX-License-Identifier: MIT */
/* Written by the eBPF half and read by the guest: the same bytes for both compilers. */
#ifndef RUNQLAT_H
#define RUNQLAT_H

#define COMM_LEN 16 /* the kernel's TASK_COMM_LEN */
#define SLOTS 26

/* Element of the hash map `histograms`; slot N counts waits of 2^N to 2^(N+1) - 1 units. */
struct histogram {
	unsigned int slots[SLOTS];
	char comm[COMM_LEN];
};

/* Groups of waits, a histogram each: all have the key 0, others a number of the kernel. */
enum { GROUP_ALL, GROUP_PROCESS, GROUP_THREAD, GROUP_PID_NAMESPACE };

/* Constants that the guest sets before the load. */
struct config {
	unsigned int pid;	   /* only this process, or 0 */
	unsigned int group;	   /* a GROUP_: the key of a histogram */
	unsigned int milliseconds; /* 1: the unit; else microseconds */
};

_Static_assert(sizeof(struct histogram) == 4 * SLOTS + COMM_LEN, "struct histogram has no padding");
_Static_assert(sizeof(struct config) == 12, "struct config has no padding");

#endif /* RUNQLAT_H */
