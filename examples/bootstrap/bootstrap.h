/* SPDX-License-Identifier: MIT */
/* Written by the eBPF half and read by the guest: the same bytes for both compilers. */
#ifndef BOOTSTRAP_H
#define BOOTSTRAP_H

#define COMM_LEN 16	 /* the kernel's TASK_COMM_LEN */
#define FILENAME_LEN 128 /* a longer path is cut */

enum event_kind {
	EVENT_EXEC = 0,
	EVENT_EXIT = 1,
};

/* Event of the ring buffer `rb`. */
struct event {
	unsigned long long time_ns;	/* since boot, sleep included */
	unsigned long long duration_ns; /* EXIT: since the exec, 0 if that was not seen */
	unsigned int kind;		/* enum event_kind */
	unsigned int pid;
	unsigned int ppid;
	unsigned int wait_status; /* EXIT: as wait(2) reports it */
	char comm[COMM_LEN];
	char filename[FILENAME_LEN]; /* EXEC */
};

/* Only element of the array map `config`. */
struct config {
	unsigned long long min_duration_ns;
};

/* Only element of the array map `stats`. */
struct stats {
	unsigned long long lost; /* events that found the ring buffer full */
};

/* Explicit order without padding: two back ends of clang compile the two halves. */
_Static_assert(sizeof(struct event) == 176, "struct event has no padding");
_Static_assert(__builtin_offsetof(struct event, comm) == 32, "struct event has no holes");
_Static_assert(sizeof(struct config) == 8, "struct config has no padding");
_Static_assert(sizeof(struct stats) == 8, "struct stats has no padding");

#endif /* BOOTSTRAP_H */
