// SPDX-License-Identifier: GPL-2.0
/*
 * Loads if each of these types is found in the kernel, or is not, by its name alone: what follows
 * "___" is no part of it.
 */
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define CORE __attribute__((preserve_access_index))

struct task_struct {
	int tgid;
} CORE;

struct task_struct___of_ours {
	int pid;
} CORE;

struct task_struct___of___ours {
	int pid;
} CORE;

struct task_struct____ours {
	int pid;
} CORE;

struct task_struct_of_ours {
	int pid;
} CORE;

struct task {
	int pid;
} CORE;

enum pid_type___ours {
	PIDTYPE_PID___ours,
};

enum no_pid_type___ours {
	NO_PID___ours,
};

typedef int pid_t___ours;
typedef int no_pid_t___ours;

/* The verifier refuses a program that gets here. */
#define REFUSE() (*(volatile int *)0 = 1)

#define FOUND(type)                                                                                \
	do {                                                                                       \
		if (!bpf_core_type_exists(type))                                                   \
			REFUSE();                                                                  \
	} while (0)
#define MISSING(type)                                                                              \
	do {                                                                                       \
		if (bpf_core_type_exists(type))                                                    \
			REFUSE();                                                                  \
	} while (0)

SEC("socket")
int names(void *ctx)
{
	FOUND(struct task_struct);
	FOUND(struct task_struct___of_ours);
	MISSING(struct task_struct___of___ours);
	MISSING(struct task_struct____ours);
	MISSING(struct task_struct_of_ours);
	MISSING(struct task);
	FOUND(enum pid_type___ours);
	MISSING(enum no_pid_type___ours);
	FOUND(pid_t___ours);
	MISSING(no_pid_t___ours);
	if (!bpf_core_field_exists(struct task_struct___of_ours, pid))
		REFUSE();
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
