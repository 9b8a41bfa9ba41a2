/* SPDX-License-Identifier: MIT */
/* Written by the eBPF half and read by the guest: the same bytes for both compilers. */
#ifndef EXECVE_H
#define EXECVE_H

#define COMM_LEN 16	/* the kernel's TASK_COMM_LEN */
#define MAX_ARGS 60	/* further ones are never read */
#define DEFAULT_ARGS 20 /* of config.max_args */
#define ARG_LEN 128	/* of one argument, its NUL included; the rest is cut */
#define ARGS_LEN (MAX_ARGS * ARG_LEN)

/* Event of the perf event array `events`; cut after its arguments. */
struct event {
	unsigned int pid;
	unsigned int ppid;
	unsigned int uid;
	int result; /* of the system call: 0 or -errno */
	unsigned int arg_count;
	unsigned int more_args; /* 1: there were more than config.max_args */
	unsigned int args_size; /* bytes of `args` that are used: strings, each with its NUL */
	char comm[COMM_LEN];
	char args[ARGS_LEN];
	char reserved[4];
};

/* Constants that the guest sets before the load. */
struct config {
	unsigned int uid; /* only this user's, or ANY_UID */
	unsigned int failed_too;
	unsigned int max_args; /* 1 to MAX_ARGS */
};

#define ANY_UID 0xffffffffU

_Static_assert(sizeof(struct event) == 48 + ARGS_LEN, "struct event has no padding");
_Static_assert(sizeof(struct config) == 12, "struct config has no padding");

#endif /* EXECVE_H */
