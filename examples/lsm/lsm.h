/* SPDX-License-Identifier: MIT */
/* Written by the eBPF half and read by the guest: the same bytes for both compilers. */
#ifndef LSM_H
#define LSM_H

#define COMM_LEN 16 /* the kernel's TASK_COMM_LEN */
#define NAME_LEN 64 /* of one part of a path, its NUL included */
#define MAX_PARTS 8

/* Event of the ring buffer `events`: an attempt to remove the directory. */
struct event {
	unsigned int pid;
	unsigned int uid;
	char comm[COMM_LEN];
};

/* Constants that the guest sets before the load. */
struct config {
	unsigned int part_count;
	unsigned int only_watch; /* 1: reports, and allows it */
	/* Parts of the directory's path, the last one first. */
	char parts[MAX_PARTS][NAME_LEN];
};

_Static_assert(sizeof(struct event) == 8 + COMM_LEN, "struct event has no padding");
_Static_assert(sizeof(struct config) == 8 + MAX_PARTS * NAME_LEN, "struct config has no padding");

#endif /* LSM_H */
