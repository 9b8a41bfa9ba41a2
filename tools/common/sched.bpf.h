/* SPDX-License-Identifier: MIT */
/* Common part of the tools for the scheduler: states of tasks, and arguments of its tracepoints. */
#ifndef SCHED_BPF_H
#define SCHED_BPF_H

#include "kernel.bpf.h"

#define TASK_RUNNING 0
#define TASK_DEAD 0x80
/* Flag of threads of the kernel. */
#define PF_KTHREAD 0x00200000

static __always_inline __u32 state_of(struct task_struct *task)
{
	struct task_struct___old *old = (void *)task;

	if (bpf_core_field_exists(task->__state))
		return BPF_CORE_READ(task, __state);
	return BPF_CORE_READ(old, state);
}

/* Returns true for a thread that stops for the last time; a later one may get its number. */
static __always_inline bool is_dead(struct task_struct *task)
{
	return state_of(task) & TASK_DEAD;
}

static __always_inline bool is_running(struct task_struct *task)
{
	return state_of(task) == TASK_RUNNING;
}

static __always_inline bool is_kernel_thread(struct task_struct *task)
{
	return BPF_CORE_READ(task, flags) & PF_KTHREAD;
}

/* Returns true if a task is in none of the control groups that are shown; see is_elsewhere(). */
static __always_inline bool is_task_elsewhere(struct task_struct *task)
{
	struct cgroup *group;

	if (!has_cgroup_filter)
		return false;
	group = BPF_CORE_READ(task, cgroups, dfl_cgrp);
	for (int level = 0; level < CGROUP_LEVELS && group; level++) {
		__u64 id = BPF_CORE_READ(group, kn, id);

		if (bpf_map_lookup_elem(&cgroup_filter, &id))
			return false;
		group = (void *)BPF_CORE_READ(group, self.parent);
	}
	return true;
}

/* Arguments of the raw tracepoint sched_switch: (preempt, previous, next). */
#define PREVIOUS_TASK(ctx) ((struct task_struct *)(ctx)->args[1])
#define NEXT_TASK(ctx) ((struct task_struct *)(ctx)->args[2])

#endif
