/* SPDX-License-Identifier: MIT */
/* Written by the eBPF half and read by the guest: the same bytes for both compilers. */
#ifndef OPENSNOOP_H
#define OPENSNOOP_H

#define COMM_LEN 16  /* the kernel's TASK_COMM_LEN */
#define PATH_LEN 256 /* a longer path is cut */

/* Event of the ring buffer `events`. */
struct event {
	unsigned int pid;
	unsigned int uid;
	int result; /* of the system call: a descriptor, or -errno */
	int flags;
	char comm[COMM_LEN];
	char path[PATH_LEN]; /* as the process gave it */
};

/* Constants that the guest sets before the load. */
struct config {
	unsigned int pid;	  /* only this process, or 0 */
	unsigned int thread;	  /* only this thread, or 0 */
	unsigned int uid;	  /* only this user's, or ANY_UID */
	unsigned int only_failed; /* 1: only calls that failed */
	unsigned int self;	  /* not this process, or 0 */
	unsigned int
	    name_length; /* only processes whose name begins with that many bytes of `name` */
	char name[COMM_LEN];
};

#define ANY_UID 0xffffffffU

_Static_assert(sizeof(struct event) == 32 + PATH_LEN, "struct event has no padding");
_Static_assert(sizeof(struct config) == 24 + COMM_LEN, "struct config has no padding");

#endif /* OPENSNOOP_H */
