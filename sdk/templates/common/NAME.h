/* SPDX-License-Identifier: MIT */
/* Shared by both halves: fixed sizes, no gaps, no pointers. */
#ifndef EVENT_H
#define EVENT_H

#define COMM_LEN 16 /* the kernel's TASK_COMM_LEN */

struct event {
	unsigned int pid;
	unsigned int uid;
	char comm[COMM_LEN];
};

_Static_assert(sizeof(struct event) == 24, "struct event has no gaps");

#endif /* EVENT_H */
