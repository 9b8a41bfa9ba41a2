/* SPDX-License-Identifier: MIT */
/* Written by the eBPF half and read by the guest: the same bytes for both compilers. */
#ifndef SYSCOUNT_H
#define SYSCOUNT_H

#define COMM_LEN 16 /* the kernel's TASK_COMM_LEN */

/* Element of the per-CPU hash map `counters`, by system call or by process. */
struct counter {
	unsigned long long calls;
	unsigned long long failed; /* of `calls` */
	unsigned long long total_ns;
	unsigned long long longest_ns;
	char comm[COMM_LEN]; /* of a thread of the process */
};

/* Constants that the guest sets before the load. */
struct config {
	unsigned int pid;	  /* only this process, or 0 */
	unsigned int by_process;  /* 1: the key is the process; 0: the system call */
	unsigned int only_failed; /* 1: only calls that failed */
	unsigned int errno;	  /* only calls that failed with this number, or 0 */
};

_Static_assert(sizeof(struct counter) == 32 + COMM_LEN, "struct counter has no padding");
_Static_assert(sizeof(struct config) == 16, "struct config has no padding");

#endif /* SYSCOUNT_H */
