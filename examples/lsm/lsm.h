/* SPDX-License-Identifier: MIT */
/* What the eBPF half writes and the guest reads: the same bytes for both compilers. */
#ifndef LSM_H
#define LSM_H

#define COMM_LEN 16 /* the kernel's TASK_COMM_LEN */
#define NAME_LEN 64 /* of one part of a path, its NUL included */
#define MAX_PARTS 8

/* One event of the ring buffer `events`: somebody wanted to remove the folder. */
struct event {
	unsigned int pid;
	unsigned int uid;
	char comm[COMM_LEN];
};

/* Constants that the guest sets before the load. */
struct config {
	unsigned int part_count;
	unsigned int only_watch; /* 1: tells, and lets it happen */
	/* Of the folder's path, the last part first. */
	char parts[MAX_PARTS][NAME_LEN];
};

_Static_assert(sizeof(struct event) == 8 + COMM_LEN, "struct event has no padding");
_Static_assert(sizeof(struct config) == 8 + MAX_PARTS * NAME_LEN, "struct config has no padding");

#endif /* LSM_H */
